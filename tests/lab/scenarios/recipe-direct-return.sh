# packaging/doc/recipes.md, "Direct return", as it stands. The real servers have a way of their own to the client's network.
. "$TOP/tests/lab/recipe.sh"
net; node lb1 11; client c 100
pod_host web-1 5 80; pod_host web-2 6 80
for i in 1 2; do
	plug web-$i eth1 outside
	ip -n web-$i addr add 172.17.0.4$i/24 dev eth1
	on web-$i sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth1.rp_filter=0
done
recipe "Direct return"
