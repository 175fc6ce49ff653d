# Somebody removes the address from the Active, or the local route that makes it answer: it is put back at once, the Backup stays one; an address that appears
# on the Backup is not ours to judge.
net; lb lb1 11; lb lb2 12; client c 100
vipd lb1 "$(router 150)"; vipd lb2 "$(router 100)"
until_owner lb1 10.10.0.1
for i in 1 2 3; do
	ip -n lb1 addr del 10.10.0.1/32 dev eth0
	until_ok 10 addr_on lb1 eth0 10.10.0.1
done
ip -n lb1 route del local 10.10.0.1 dev eth0 table local
until_ok 10 eval 'on lb1 ip route show table local | grep -q "local 10.10.0.1 "'
stays lb1 10.10.0.1 2
until_role lb1 Active
until_role lb2 Backup
