# Connection sync: both of the kernel's daemons run on both nodes, the Backup knows the connections of the Active, and a planned hand-over loses none of them.
# Forwarding DR, rr over two real servers: without a connection's entry half of them would come to one that answers with a reset.
net; lb lb1 11; lb lb2 12; client c 100
pod web-1 5; pod web-2 6
direct web-1 web-2
cat >"$W/echo.py" <<'PY'
import os, socket, sys, threading, time
N = 30
def give(s):
    try:
        while b := s.recv(64):
            s.sendall(b)
    except OSError:
        pass
def answered(s):
    try:
        s.sendall(b'?')
        return s.recv(64) == b'?'
    except OSError:
        return False
if sys.argv[1] == 'give':
    l = socket.create_server(('', 90), backlog=64)
    while True:
        threading.Thread(target=give, args=(l.accept()[0],), daemon=True).start()
open_ = [socket.create_connection((sys.argv[2], 90), 30) for _ in range(N)]
while not os.path.exists('/run/lab/enough'): # for longer than 5 s, more than 3 packets
    assert all([answered(s) for s in open_])
    open('/run/lab/asking', 'w').close()
    time.sleep(0.5)
while os.path.exists('/run/lab/enough'):
    time.sleep(0.1)
kept = sum([answered(s) for s in open_])
print(kept, 'kept,', N - kept, 'lost')
PY
for i in 1 2; do become web-$i python3 "$W/echo.py" give >>"$W/web-$i.log" 2>&1 & done
sync='sync: {interface: eth1, syncid: 5, threshold: 1, period: 2}'
vipd lb1 "$(router 150)" "$sync"; vipd lb2 "$(router 100)" "$sync"
direct_service '[{name: http, port: 80}, {name: echo, port: 90}]'
until_owner lb1 10.10.0.1
for n in lb1 lb2; do
	contains "the daemons on $n" "$(on $n ipvsadm -L --daemon)" "master sync daemon (mcast=eth1, syncid=5"
	contains "the daemons on $n" "$(on $n ipvsadm -L --daemon)" "backup sync daemon (mcast=eth1, syncid=5"
done
equal "threshold and period" "1 2" "$(on lb1 cat /proc/sys/net/ipv4/vs/sync_threshold | tr '\t' ' ')"
has_addr lb1 eth0 10.10.4.4
become c python3 "$W/echo.py" take 10.10.4.4 >"$W/got" 2>&1 &
taking=$!
known() { on lb2 ipvsadm -Lnc | awk '$5 == "10.10.4.4:90" && $3 == "ESTABLISHED"' | wc -l; }
until_ok 60 test -e "$W/asking"
until_ok 60 eval '[ "$(known)" = 30 ]'
sleep 5
: >"$W/enough"
vipd_stop lb1
equal "no daemon stays" "" "$(on lb1 ipvsadm -L --daemon)"
until_owner lb2 10.10.0.1
rm "$W/enough"
wait $taking
say "connections that sync has carried, over a planned hand-over: $(cat "$W/got")"
equal "connections" "30 kept, 0 lost" "$(cat "$W/got")"
equal "who answers now" "web-1 web-2" "$(hosts c http://10.10.4.4/ 6)"
