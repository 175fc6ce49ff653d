# 30 % of all frames to the nodes are lost: the better node keeps the address all along; afterwards it is the only owner.
net; lb lb1 11; lb lb2 12; client c 100
vipd lb1 "$(router 150)"; vipd lb2 "$(router 100)"
until_owner lb1 10.10.0.1
for n in lb1 lb2; do tc qdisc add dev "$(cat "$W/port-$n-eth0")" root netem loss 30%; done
end=$((SECONDS + 15))
while [ $SECONDS -lt $end ]; do
	addr_on lb1 eth0 10.10.0.1 || fail "the better node gave the address up"
	sleep 0.2
done
for n in lb1 lb2; do tc qdisc del dev "$(cat "$W/port-$n-eth0")" root; done
until_owner lb1 10.10.0.1
stays lb1 10.10.0.1 3
until_role lb2 Backup
