# A flood of malformed and refused advertisements, of both versions and families, changes no state, in the Active or in the Backup; nobody stops hearing the
# other, or advertises less or more; vipctl counts them by reason; the log is not flooded.
net; lb lb1 11; lb lb2 12; client c 100; client x 66
three() { # three PRIORITY
	cat <<-YAML
	routers:
	- {name: six, vrid: 70, interface: eth0, family: IPv6, interval: 1s, priority: $1, addresses: ["fd10::1/128"]}
	- {name: two, vrid: 60, interface: eth0, family: IPv4, version: 2, interval: 1s, priority: $1, addresses: [10.10.0.2/32]}
	- {name: vips, vrid: 50, interface: eth0, family: IPv4, interval: 1s, priority: $1, addresses: [10.10.0.1/32]}
	YAML
}
count() { # count NODE FIELD: of each router
	vipctl "$1" get vrrp -o json | python3 -IS -c 'import json, sys
print(*(i["status"][sys.argv[1]] for i in json.load(sys.stdin)["items"]))' "$2"
}
vipd lb1 "$(three 150)"; vipd lb2 "$(three 100)"
until_owner lb1 10.10.0.1
for r in six two vips; do until_role lb1 Active $r; until_role lb2 Backup $r; done
transitions="$(count lb1 transitions) $(count lb2 transitions)"
lines=$(cat "$W"/nodes/lb[12]/log | wc -l)
sent=($(count lb1 sent)) begun=$SECONDS floods=()
for flood in "fe80::66 70 8" "172.17.0.66 60 8 2" "172.17.0.66 50 8"; do
	become x "$BUILD/tests/lab/hostile" eth0 $flood &
	floods+=($!)
done
while kill -0 "${floods[0]}" 2>/dev/null; do
	equal "who holds the addresses under the flood" "lb1 lb1 lb1" "$(holders fd10::1) $(holders 10.10.0.2) $(holders 10.10.0.1)"
	sleep 0.1
done
wait "${floods[@]}"
for n in $(count lb1 sent); do
	more=$((n - sent[0])) due=$((SECONDS - begun)) sent=("${sent[@]:1}")
	[ $more -ge $((due / 2)) ] && [ $more -le $((due + 2)) ] || fail "$more advertisements in $due s"
done
equal "transitions" "$transitions" "$(count lb1 transitions) $(count lb2 transitions)"
for n in lb1 lb2; do
	for why in 'no address' 'too short' 'wrong checksum' 'wrong interval' 'wrong TTL' 'wrong version'; do
		contains "refused by $n" "$(vipctl $n get vrrp vips -o yaml)" "\"$why\": "
	done
done
until_owner lb1 10.10.0.1
lines=$(($(cat "$W"/nodes/lb[12]/log | wc -l) - lines))
[ $lines -lt 2000 ] || fail "$lines lines in the logs"
crash lb1
until_owner lb2 10.10.0.1
