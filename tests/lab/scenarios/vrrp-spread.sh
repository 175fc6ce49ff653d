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
count() { on "$1" ip -4 -o addr show dev eth0 | grep -c ' 10\.10\.0\.'; }
shares() { local i out=; for i in $(seq 30); do out+=" $(holders 10.10.0.$i)"; done; echo "${out# }"; }
all_held() { s=$(shares); [ "$(echo "$s" | wc -w)" = 30 ] && [ "$(($(count lb1) + $(count lb2) + $(count lb3)))" = 30 ]; }
spread() { all_held && [ "$(count lb1)" -gt 0 ] && [ "$(count lb2)" -gt 0 ] && [ "$(count lb3)" -gt 0 ] || { shares; return 1; }; }
until_ok 120 spread
sleep 2
spread
before=$(shares)
say "$before"
crash lb2
until_ok 60 eval '[ "$(shares | wc -w)" = 30 ]'
after=$(shares)
say "$after"
equal "those of the others have not moved" "${before//lb2/*}" "$(paste -d' ' <(echo "$before" | tr ' ' '\n') <(echo "$after" | tr ' ' '\n') |
	while read -r b a; do [ "$b" = lb2 ] && echo '*' || echo "$a"; done | paste -sd' ')"
lacks "nobody is left on the dead node" "$after" lb2
reboot lb2
vipd_launch lb2
until_ok 120 eval '[ "$(shares)" = "$before" ]'
