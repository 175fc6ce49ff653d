# routers: auto on three nodes: each carries a share; one that dies moves its own share and no other; it comes back and takes it again.
net; client c 100
for n in 1 2 3; do lb lb$n 1$n; done
{
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: vips, namespace: kube-system}\ndata:\n'
	for i in $(seq 30); do echo "  \"10.10.0.$i\": \"\""; done
} >"$W/map"
for n in 1 2 3; do
	apply lb$n - map <"$W/map"
	vipd_config lb$n 'vipConfigMap: kube-system/vips' 'routers: auto' \
		'spread: {count: 3, vrids: 51-60, exclude: [52], nodes: [lb1, lb2, lb3], interval: 1s}'
	vipd_launch lb$n
done
shares() { # "1 lb3", one line a holder of an address
	local n
	for n in lb1 lb2 lb3; do
		[ -n "${cut[$n]:-}" ] || ip -n $n -4 -o addr show dev eth0 | sed -n "s/.* 10\.10\.0\.\([0-9]*\).*/\1 $n/p"
	done | sort -n
}
held_once() { shares >"$W/shares"; [ "$(sed 's/ .*//' "$W/shares" | uniq -u | wc -l)" = 30 ]; }
spread() { held_once && [ "$(sed 's/.* //' "$W/shares" | sort -u | wc -l)" = 3 ] || { cat "$W/shares"; return 1; }; }
until_ok 120 spread
sleep 2
spread
before=$(shares)
say "$(echo "$before" | paste -sd,)"
crash lb2
until_ok 90 held_once
after=$(shares)
say "$(echo "$after" | paste -sd,)"
equal "those of the others have not moved" "$(echo "$before" | grep -v lb2)" "$(echo "$before" | grep -v lb2 | grep -Fx "$after")"
reboot lb2
vipd_launch lb2
until_ok 120 eval '[ "$(shares)" = "$before" ]'
