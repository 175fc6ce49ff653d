# Five nodes: one owner; as each best one dies the next takes over.
net; client c 100
for n in 1 2 3 4 5; do lb lb$n 1$n; done
for n in 1 2 3 4 5; do vipd_config lb$n "$(router $((100 + 20 * n)))"; vipd_launch lb$n; done
for n in 5 4 3 2; do
	until_owner lb$n 10.10.0.1
	crash lb$n
done
until_owner lb1 10.10.0.1
