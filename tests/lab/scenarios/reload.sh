# SIGHUP: a configuration with an error changes nothing and its line is told; a good one takes effect; connections stay. Meanwhile the log is JSON, and
# after a start anew the journal's fields: from every process, in forms that a parser takes; and SIGUSR1 writes the state.
net; node lb 31; client c 100
pod web-1 5; pod web-2 6
LOG_FORMAT=json
vipd lb 'pools: [{name: default, addresses: [10.10.0.0/26]}]'
service web 'type: LoadBalancer' 'ports: [{port: 80}]' | apply lb - web
has lb "TCP 10.10.0.1:80" 2
has_addr lb eth0 10.10.0.1
until_ok 30 get_ok c http://10.10.0.1/
load c 10.10.0.1 80
echo 'interfase: eth9' >>"$W/nodes/lb/vipd.yaml"
signal lb supervisor HUP
until_ok 30 grep -q 'vipd.yaml:5:1' "$W/nodes/lb/log"
contains "the nearest name is offered" "$(grep 'vipd.yaml:5:1' "$W/nodes/lb/log")" "interface"
table_has lb "TCP 10.10.0.1:80" 2
vipd_config lb 'pools: [{name: default, addresses: [10.10.0.0/26]}, {name: more, addresses: [10.10.1.0/26]}]' 'garp: {count: 2}'
signal lb supervisor HUP
until_ok 30 grep -q 'configuration reloaded' "$W/nodes/lb/log"
sleep 1
no_error
# Another scheduler is changed in place; for that moment (synchronize_rcu) the kernel itself has none and refuses new connections.
vipd_config lb 'pools: [{name: default, addresses: [10.10.0.0/26]}]' 'scheduler: wlc'
signal lb supervisor HUP
until_ok 30 eval 'kernel_table lb | grep -q "10.10.0.1:80 wlc"'
# USR1: the whole state in one document, while requests go on.
load c 10.10.0.1 80
signal lb supervisor USR1
until_ok 30 test -s "$W/nodes/lb/run/state.json"
equal "state.json" "640 0 ${CONTROL_USER#*:}" "$(stat -c '%a %u %g' "$W/nodes/lb/run/state.json")"
python3 -c 'import json,sys
s = json.load(open(sys.argv[1]))
assert (s["kind"], s["schemaVersion"], s["status"]["node"]) == ("State", 1, "lb"), s
assert [v["metadata"]["name"] for v in s["services"]["items"]] == ["web"], s
assert s["virtualServers"]["items"] and s["vips"]["items"] and s["pools"]["items"], s
assert s["routers"]["kind"] == "VirtualRouterList" and s["events"]["kind"] == "EventList", s
' "$W/nodes/lb/run/state.json" || fail "state.json"
no_error
cat >"$W/lines.py" <<'E'
import json, sys
want = {"vipd": "ready", "control": "config-refused", "vrrp": None, "ipvs": None}
for text in open(sys.argv[1]):
    line = json.loads(text)
    assert {"ts", "level", "process", "pid", "msg"} <= line.keys(), text
    if want.get(line["process"]) in (None, line.get("id")):
        want.pop(line["process"], None)
assert not want, want
E
python3 "$W/lines.py" "$W/nodes/lb/log" || fail "the log is not JSON"

# A listener in the journal's place.
mkdir -p /run/systemd/journal
cat >"$W/journal.py" <<'E'
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
s.bind("/run/systemd/journal/socket")
out = open(sys.argv[1], "wb", buffering=0)
while True:
    text, more, _, _ = s.recvmsg(65536, 64)
    out.write(text + b"_PID=%d\n\n" % int.from_bytes(more[0][2][:4], sys.byteorder))
E
python3 "$W/journal.py" "$W/journal" &
until_ok 30 test -S /run/systemd/journal/socket
signal lb supervisor TERM
vipd_stopped lb
before=$(wc -c <"$W/nodes/lb/log")
LOG_FORMAT=journal
vipd_launch lb
vipd_serves lb
signal lb supervisor HUP
until_ok 30 grep -q 'VIPD_EVENT=config-reloaded' "$W/journal"
wrote() { tr '\n' ' ' <"$W/journal" | sed 's/  /\n/g' | grep "VIPD_PROCESS=$1 " | grep -q "_PID=$(vipd_pid lb "$1")"; }
for role in control ipvs vrrp; do until_ok 30 wrote $role; done
grep -qx 'MESSAGE_ID=[0-9a-f]\{32\}' "$W/journal" || fail "no MESSAGE_ID"
equal "bytes on standard error" "$before" "$(wc -c <"$W/nodes/lb/log")"
