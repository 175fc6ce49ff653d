# A Service of 1,000 endpoints, one of which changes: one operation in IPVS, one entry of a set; nothing else is written, as the kernel's own netlink tap sees it.
net; node lb 31
ip -n lb link add nlmon0 type nlmon
ip -n lb link set nlmon0 up
slice() { # slice I [CONDITIONS]: a hundred endpoints on another node; CONDITIONS of the last one, none: it is not there
	local k
	printf 'apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: web-%s, labels: {kubernetes.io/service-name: web}}\naddressType: IPv4\nports: [{port: 80}]\nendpoints:\n' "$1"
	for ((k = 1; k < 100; k++)); do echo "- {addresses: [10.33.$1.$k], nodeName: far}"; done
	[ "${2:-}" = none ] || echo "- {addresses: [10.33.$1.100], nodeName: far, conditions: {${2:-}}}"
}
for i in 0 1 2 3 4 5 6 7 8; do slice $i | apply lb - slice-$i; done
slice 9 none | apply lb - slice-9
printf '%s\n' 'apiVersion: v1' 'kind: Service' 'metadata: {name: web}' 'spec: {clusterIP: 10.96.0.5, ports: [{port: 80}]}' | apply lb - web
vipd lb 'allocate: false'
key="TCP 10.96.0.5:80"
has lb "$key" 999
written() { # written WORDS: what was written since capture, sorted and counted; the kernel is given the time that anything else would take
	sleep 2
	kill "$tap"; wait "$tap" 2>/dev/null || true
	equal "$1" "$2" "$(tests/lab/netlink.py "$W/tap" | sort | uniq -c | awk '{$1 = $1; print}' | paste -sd,)"
}
tap() { capture lb nlmon0 "$W/tap"; tap=$!; }
until_ok 20 eval '[ "$(on lb ipset list VIPD-LOOP-BACK | grep -c "^10\.33\.")" = 999 ]'
sleep 1

tap; slice 9 | apply lb - slice-9; has lb "$key" 1000
written "one comes" "1 ipset ADD VIPD-LOOP-BACK 1,1 ipvs NEW_DEST"
tap; slice 9 'ready: false' | apply lb - slice-9; has lb "$key" 999
written "one is not ready: it has no connection, and goes" "1 ipset DEL VIPD-LOOP-BACK 1,1 ipvs DEL_DEST,1 ipvs SET_DEST"
tap; slice 9 | apply lb - slice-9; has lb "$key" 1000
written "it comes again" "1 ipset ADD VIPD-LOOP-BACK 1,1 ipvs NEW_DEST"
