# The link between two nodes is cut and heals, twice: both hold the address while apart, one afterwards, the better.
net; lb lb1 11; lb lb2 12; client c 100
vipd lb1 "$(router 150)"; vipd lb2 "$(router 100)"
until_owner lb1 10.10.0.1
for round in 1 2; do
	cut lb2
	until_ok 60 addr_on lb2 eth0 10.10.0.1
	addr_on lb1 eth0 10.10.0.1
	uncut lb2
	until_owner lb1 10.10.0.1
	cut lb1
	until_owner lb2 10.10.0.1
	uncut lb1
	until_owner lb1 10.10.0.1
done
stays lb1 10.10.0.1 3
