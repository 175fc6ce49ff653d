# Somebody removes the address from the Active: it is put back at once, the Backup stays one; an address that appears on the Backup is not ours to judge.
net; lb lb1 11; lb lb2 12; client c 100
vipd lb1 "$(router 150)"; vipd lb2 "$(router 100)"
until_owner lb1 10.10.0.1
for i in 1 2 3; do
	ip -n lb1 addr del 10.10.0.1/32 dev eth0
	until_ok 10 addr_on lb1 eth0 10.10.0.1
done
stays lb1 10.10.0.1 2
until_role lb1 Active
until_role lb2 Backup
