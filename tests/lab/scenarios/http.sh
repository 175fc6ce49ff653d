# The HTTP server: probes, /health, /metrics against the kernel, what a reload changes, and those who mean no good, beside an Active whose advertisements are not delayed.
# By hand, where the clock counts instructions: INTERVAL=10ms tests/lab/guest -i tests/lab/inside http
net; lb lb1 11; lb lb2 12; client c 100
every=${INTERVAL:-1s}
export LOG_LEVEL=info
pod web-1 5
vipd lb1 "$(router 150 "interval: $every")"; vipd lb2 "$(router 100 "interval: $every")"
until_owner lb1 10.10.0.1
at=http://127.0.0.1:10252
code() { on "$1" curl -s -g -m 10 -o "$W/body" -w '%{http_code}' "${@:3}" "$2"; }
for p in livez readyz healthz health; do
	for n in lb1 lb2; do equal "$n /$p" "200 ok" "$(code $n "$at/$p") $(cat "$W/body")"; done
done
equal "/readyz, a check at a time" "[+]ping ok [+]record ok [+]manifests ok [+]ipvs ok [+]vrrp ok readyz check passed " "$(get lb1 "$at/readyz?verbose" | tr '\n' ' ')"
say "a Backup that has the address is not healthy"
on lb2 ip addr add 10.10.0.1/32 dev eth1
until_ok 10 eval '[ "$(code lb2 '$at'/health)" = 500 ]'
contains "why" "$(cat "$W/body")" "router vips is not Active, but 10.10.0.1 is on this node"
on lb2 ip addr del 10.10.0.1/32 dev eth1
until_ok 10 eval '[ "$(code lb2 '$at'/health)" = 200 ]'
say "a reload moves it, and makes it HTTPS; a port in use is told and does no harm"
sed -i '$a http: {listen: ["127.0.0.1:10252", "172.17.0.12:8080", "127.0.0.1:7"], tls: {certificate: /run/lab/crt, key: /run/lab/key}, tokenFile: /run/lab/token}' "$W/nodes/lb2/vipd.yaml"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=lb2 -addext subjectAltName=IP:172.17.0.12 -keyout "$W/key" -out "$W/crt" 2>/dev/null
echo s3cret >"$W/token"
chown "$CONTROL_USER" "$W/key" "$W/token"
chmod 600 "$W/key" "$W/token"
signal lb2 supervisor HUP
until_ok 10 eval '[ "$(code c https://172.17.0.12:8080/livez --cacert "$W/crt")" = 200 ]'
contains "told" "$(vipctl lb2 status)" "cannot listen on 127.0.0.1:7: Permission denied (the control process may not take a port below 1024)"
equal "the other one" 200 "$(code lb2 https://127.0.0.1:10252/livez -k)"
equal "without the token" 401 "$(code c https://172.17.0.12:8080/metrics -k)"
equal "with it" 200 "$(code c https://172.17.0.12:8080/metrics -k -H 'Authorization: Bearer s3cret')"
equal "with another" 401 "$(code c https://172.17.0.12:8080/metrics -k -H 'Authorization: Bearer else')"
echo else >"$W/token"
chmod 644 "$W/token" "$W/key"
signal lb2 supervisor HUP
until_ok 10 eval 'vipctl lb2 status | grep -q "tokenFile /run/lab/token: refused: its owner is user ${CONTROL_USER%:*}, its group ${CONTROL_USER#*:} and its mode 0644"'
until_ok 10 eval 'vipctl lb2 status | grep -q "no TLS: /run/lab/key: refused: .*; the former certificate stays"'
equal "with the former one" 200 "$(code c https://172.17.0.12:8080/metrics -k -H 'Authorization: Bearer s3cret')"

say "metrics: promtool finds nothing, and the kernel says the same"
service web 'externalIPs: [10.10.0.30]' 'ports: [{port: 80}]' | apply lb1 - web
has lb1 "TCP 10.10.0.30:80" 1
until_ok 30 get_ok c http://10.10.0.30/
on c "$BUILD/tests/lab/ask" 10.10.0.30 80 20 >/dev/null
sleep 5 # the kernel adds up what it has counted every 2 s
get lb1 $at/metrics >"$W/metrics"
promtool check metrics <"$W/metrics" >"$W/promtool" 2>&1 || fail "promtool: $(cat "$W/promtool")"
equal "promtool" "" "$(cat "$W/promtool")"
value() { awk -v key="$1" 'index($0, key) == 1 { print $NF }' "$W/metrics"; }
web='{namespace="default",service="web",address="10.10.0.30",port="80",protocol="TCP"'
kernel=$(on lb1 ipvsadm -Ln --stats --exact | awk '$2 == "10.10.0.30:80" { print $3, $4, $5, $6, $7 }')
for f in connections incoming_packets outgoing_packets incoming_bytes outgoing_bytes; do
	equal "virtual server, $f" "${kernel%% *}" "$(value "vipd_virtual_server_${f}_total$web")"
	equal "real server, $f" "${kernel%% *}" "$(value "vipd_real_server_${f}_total$web,real_address=\"10.32.0.5\",real_port=\"80\"")"
	kernel=${kernel#* }
done
[ "$(value "vipd_virtual_server_connections_total$web")" -ge 20 ] || fail "connections are not counted"
equal "Active" 1 "$(value 'vipd_router_state{router="vips",interface="eth0",vrid="50",family="IPv4",state="Active"}')"
equal "addresses of its own" 2 "$(value 'vipd_router_addresses_owned{router="vips"}')"
for p in control ipvs vrrp runner supervisor; do [ "$(value "vipd_process_resident_memory_bytes{process=\"$p\"}")" -gt 100000 ] || fail "no memory of $p"
	[ "$(value "vipd_process_open_fds{process=\"$p\"}")" -gt 2 ] || fail "no open files of $p"
done
code lb1 $at/metrics -H 'Accept: application/openmetrics-text; version=1.0.0' >/dev/null
equal "OpenMetrics ends" "# EOF" "$(tail -n 1 "$W/body")"

say "hostile clients"
changes() { vipctl lb1 get vrrp -o json | python3 -c 'import json, sys; print(json.load(sys.stdin)["items"][0]["status"]["transitions"])'; }
before=$(changes)
control=$(vipd_pid lb1 control)
memory() { awk '/VmRSS/ { print $2 }' "/proc/$control/status"; }
rss=$(memory)
become c tcpdump --immediate-mode -Uni eth0 -w "$W/adverts.pcap" proto 112 2>"$W/tcpdump.log" &
watching=$!
until_ok 10 grep -q 'listening on' "$W/tcpdump.log"
on lb1 python3 - "$control" <<'PY'
import os, socket, sys, time
at, pid = ('127.0.0.1', 10252), sys.argv[1]
def reach():
    s = socket.create_connection(at, 15)
    s.settimeout(15)
    return s
def ask(what):
    s = reach()
    try:
        for i in range(0, len(what), 65536):
            s.sendall(what[i:i + 65536])
    except OSError:
        pass # answered and closed before it had all of it
    said = b''
    try:
        while True:
            more = s.recv(65536)
            if not more: break
            said += more
    except ConnectionResetError:
        pass
    return said
def expect(what, status, name):
    said = ask(what)
    if not said.startswith(b'HTTP/1.1 %d ' % status) or said.count(b'HTTP/1.1') != 1:
        sys.exit('%s: expected %d once, got %r' % (name, status, said[:200]))
head = b' HTTP/1.1\r\nHost: x\r\n\r\n'
for method in b'POST', b'PUT', b'DELETE', b'OPTIONS', b'TRACE', b'CONNECT', b'PATCH', b'get', b'GETS':
    expect(method + b' /livez' + head, 405, method)
expect(b'GET http://elsewhere:1/livez' + head, 200, 'absolute URI')
expect(b'GET https://elsewhere/livez' + head, 400, 'absolute URI of another scheme')
for path in b'/../../../../etc/passwd', b'/livez/../../etc/shadow', b'/%2e%2e/%2e%2e/etc/passwd', b'//etc/passwd', b'/livez%00', b'/readyz/':
    expect(b'GET ' + path + head, 404, path)
expect(b'GET livez' + head, 400, 'no slash')
expect(b'GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\nX-Forwarded-Host: c\r\n\r\n', 200, 'Host tricks')
expect(b'GET /livez HTTP/2.0\r\n\r\n', 505, 'version')
expect(b'GET /livez' + head + b'GET /livez' + head, 200, 'pipelining')
expect(b'GET /' + b'a' * 4000 + head, 414, 'long path')
expect(b'GET /livez HTTP/1.1\r\nX: ' + b'a' * (1 << 20) + b'\r\n\r\n', 431, '1 MB header')
expect(b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' + b'\n\n', 400, 'TLS')
idle = [reach() for i in range(300)]
time.sleep(0.5)
fds = len(os.listdir('/proc/%s/fd' % pid))
print('- 300 connections that say nothing: %d descriptors' % fds)
if fds > 330: sys.exit('too many descriptors')
slow, start = idle[:50], time.monotonic()
for i in range(8): # a byte a time
    for s in slow:
        try: s.send(b'G')
        except OSError: pass
    time.sleep(0.5)
while True: # whoever waits in the backlog is served when the first ones have been silent for 10 s
    try:
        expect(b'GET /livez' + head, 200, 'behind them')
        break
    except socket.timeout: pass
took = time.monotonic() - start
print('- the next one is served after %.1f s' % took)
if took > 25: sys.exit('too late')
PY
kill "$watching"; wait "$watching" || true
now=$(memory)
say "resident memory of the control process: $rss kB before, $now kB after"
[ "$now" -lt $((rss + 8192)) ] || fail "it has grown"
equal "changes of state" "$before" "$(changes)"
tcpdump -nttr "$W/adverts.pcap" src 172.17.0.11 2>/dev/null | awk -v every="$every" '
	NR > 1 && $1 - last > most { most = $1 - last }
	{ last = $1 }
	END { printf "- %d advertisements each %s, longest interval %.1f ms\n", NR, every, most * 1000 }'
owns lb1 10.10.0.1
