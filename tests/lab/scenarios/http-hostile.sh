# clock: instructions
# Two nodes of a router at 10 ms, and a client that sends the Active's HTTP server headers of 1 MB, heads a byte at a time, and 10,000 connections that say
# nothing: no router changes its state, the control process holds at most 256 of them and does not grow, and /healthz answers again.
net; lb lb1 11; lb lb2 12; client c 100
export LOG_LEVEL=info
vipd lb1 "$(router 150 'interval: 10ms')" 'http: {listen: ["172.17.0.11:10252"]}'
vipd lb2 "$(router 100 'interval: 10ms')"
until_owner lb1 10.10.0.1
control=$(vipd_pid lb1 control)
changes() { for n in lb1 lb2; do vipctl $n get vrrp -o json; done | grep -o '"\(transitions\|state\)": *[^,}]*' | tr -d '"' | tr '\n' ' '; }
memory() { local key value; while read -r key value _; do [ "$key" != VmRSS: ] || echo "$value"; done <"/proc/$control/status"; }
descriptors() { local all=("/proc/$control/fd/"*); echo ${#all[@]}; }
answers() { [ "$(on c curl -s -m 5 http://172.17.0.11:10252/healthz)" = ok ]; }
until_ok 10 answers
before=$(changes) rss=$(memory) fds=$(descriptors) most=0
say "before: $before"
become c python3 -IS "$TOP/tests/lab/hostile_http.py" 172.17.0.11 10252 3 large slow idle >"$W/hostile" &
client=$!
while kill -0 $client 2>/dev/null; do
	now=$(descriptors)
	[ "$now" -le $most ] || most=$now
	sleep 0.3
done
wait $client || fail "the client: $(cat "$W/hostile")"
sed 's/^/- /' "$W/hostile"
until_ok 30 answers
now=$(memory)
say "descriptors of the control process: $fds before, at most $most; memory: $rss kB before, $now kB after"
equal "changes of state" "$before" "$(changes)"
contains "the client" "$(cat "$W/hostile")" "idle: 10000 opened"
[ "$most" -ge 256 ] && [ "$most" -le $((fds + 257)) ] || fail "descriptors"
[ "$now" -lt $((rss + 8192)) ] || fail "it has grown"
contains "told" "$(cat "$W/nodes/lb1/log")" "HTTP: 256 connections are open, as many as may be"
owns lb1 10.10.0.1
