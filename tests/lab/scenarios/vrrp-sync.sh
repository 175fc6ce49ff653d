# Connection sync: both of the kernel's daemons run on both nodes, the Backup knows the connections of the Active, and a planned hand-over loses none of them.
# Forwarding DR, rr over two real servers: without a connection's entry half of them would come to one that answers with a reset.
net; lb lb1 11; lb lb2 12; client c 100
pod web-1 5; pod web-2 6
direct web-1 web-2
for i in 1 2; do become web-$i python3 -IS "$TOP/tests/lab/echo.py" serve 90 >>"$W/web-$i.log" 2>&1 & done
on lb2 sh -ec 'modprobe ip_vs; sysctl -qw net.ipv4.vs.backup_only=1' # as a keepalived may have left it
sync='sync: {interface: eth1, syncid: 5, threshold: 1, period: 2}'
vipd lb1 "$(router 150)" "$sync"; vipd lb2 "$(router 100)" "$sync"
direct_service '[{name: http, port: 80}, {name: echo, port: 90}]'
until_owner lb1 10.10.0.1
for n in lb1 lb2; do
	contains "the daemons on $n" "$(on $n ipvsadm -L --daemon)" "master sync daemon (mcast=eth1, syncid=5"
	contains "the daemons on $n" "$(on $n ipvsadm -L --daemon)" "backup sync daemon (mcast=eth1, syncid=5"
done
equal "backup_only" 0 "$(on lb2 cat /proc/sys/net/ipv4/vs/backup_only)"
equal "threshold and period" "1 2" "$(on lb1 cat /proc/sys/net/ipv4/vs/sync_threshold | tr '\t' ' ')"
has_addr lb1 eth0 10.10.4.4
coproc taking { become c python3 -IS "$TOP/tests/lab/echo.py" ask 10.10.4.4 90 30; }
asked() { local n; echo >&"${taking[1]}"; read -r -t 60 n <&"${taking[0]}"; echo "$n"; } # how many of the 30 have answered
known() { on lb2 ipvsadm -Lnc | awk '$5 == "10.10.4.4:90" && $3 == "ESTABLISHED"' | wc -l; }
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do # for longer than 5 s, more than 3 packets
	equal "before the hand-over" 30 "$(asked)"
	sleep 0.5
done
until_ok 60 eval '[ "$(known)" = 30 ]'
vipd_stop lb1
equal "no daemon stays" "" "$(on lb1 ipvsadm -L --daemon)"
until_owner lb2 10.10.0.1
kept=$(asked)
say "connections that sync has carried, over a planned hand-over: $kept kept, $((30 - kept)) lost"
equal "connections" 30 "$kept"
equal "who answers now" "web-1 web-2" "$(hosts c http://10.10.4.4/ 6)"
