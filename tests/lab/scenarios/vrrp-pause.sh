# SIGSTOP of the Active's vrrp for longer than the other waits, then SIGCONT: it falls back before it sends, at last the better node is the only owner.
net; lb lb1 11; lb lb2 12; client c 100
vipd lb1 "$(router 150 'preempt: false')"; vipd lb2 "$(router 100 'preempt: false')"
until_owner lb1 10.10.0.1
signal lb1 vrrp STOP
until_ok 60 addr_on lb2 eth0 10.10.0.1
capture lb2 eth0 "$W/after.pcap" vrrp
signal lb1 vrrp CONT
until_ok 60 not addr_on lb1 eth0 10.10.0.1
until_owner lb2 10.10.0.1
stays lb2 10.10.0.1 3
lacks "after the pause lb1 sent no advertisement of its own" "$(captured "$W/after.pcap" | grep '172.17.0.11 >' || true)" "prio 150"
