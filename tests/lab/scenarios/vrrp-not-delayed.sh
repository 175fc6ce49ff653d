# Cluster IPs by the thousand are added and removed, and a large manifest is read, beside an Active: it stays Active, and no advertisement is late by another's
# work. By hand, where the clock counts instructions: SERVICES=10000 INTERVAL=10ms MEGABYTES=100 LIMIT=9000 tests/lab/guest -i tests/lab/inside vrrp-not-delayed
net; lb lb1 11; lb lb2 12; client c 100
n=${SERVICES:-1000} mb=${MEGABYTES:-2} every=${INTERVAL:-1s}
services() { # a list of n Services with cluster IPs
	python3 - "$n" <<-'PY'
		import json, sys
		service = lambda i: {'apiVersion': 'v1', 'kind': 'Service', 'metadata': {'name': 's%d' % i},
		    'spec': {'clusterIP': '10.96.%d.%d' % (i // 250, i % 250 + 1), 'ports': [{'port': 80}]}}
		print(json.dumps({'apiVersion': 'v1', 'kind': 'List', 'items': [service(i) for i in range(int(sys.argv[1]))]}))
	PY
}
many() { [ "$(on lb1 ip -o addr show dev vipd0 2>/dev/null | wc -l)" -ge "$1" ]; }
changes() { vipctl lb1 get vrrp -o json | python3 -c 'import json, sys; print(json.load(sys.stdin)["items"][0]["status"]["transitions"])'; }
watch() { # watch WHAT: lb1's advertisements from now on
	what=$1
	become c tcpdump --immediate-mode -Uni eth0 -w "$W/$what.pcap" proto 112 2>"$W/tcpdump.log" &
	watching=$!
	until_ok 10 grep -q 'listening on' "$W/tcpdump.log"
}
worst() { # the longest interval since; it may be twice what it should be, for a slow machine
	sleep 1
	kill "$watching"; wait "$watching" || true
	tcpdump -nttr "$W/$what.pcap" src 172.17.0.11 2>/dev/null | awk -v what="$what" -v every="$every" -v due="$1" '
		NR > 1 && $1 - last > most { most = $1 - last }
		{ last = $1 }
		END { printf "- %s: %d advertisements each %s, longest interval %.1f ms\n", what, NR, every, most * 1000; exit most > 2 * due }' ||
		fail "an advertisement was late"
}
due=${every%s} # in seconds
case $every in *ms) due=0.$(printf %03d "${every%ms}") ;; esac
export LOG_LEVEL=info # not a line a cluster IP
vipd lb1 "$(router 150 "interval: $every")"; vipd lb2 "$(router 100 "interval: $every")"
until_owner lb1 10.10.0.1
before=$(changes)
watch idle; sleep 2; worst "$due"
services >"$W/list.json"
watch added
apply lb1 "$W/list.json" list
until_ok 120 many "$n"
worst "$due"
watch manifest
{ printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: large}\ndata:\n  text: |\n'; yes '    a line of a text that nobody needs, but somebody has to read it' | head -c $((mb << 20)); echo; } | apply lb1 - large
sleep 3
worst "$due"
watch removed
unapply lb1 list
until_ok 120 not many 1
worst "$due"
equal "changes of state" "$before" "$(changes)"
owns lb1 10.10.0.1
