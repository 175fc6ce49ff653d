# 1,000 VIPs in one router fail over: the first and the last answer from the other node. More than one advertisement can name are carried all the same.
# While they are being added local routes stand in for them: none is left.
net; lb lb1 11; lb lb2 12; client c 100
{
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: vips, namespace: kube-system}\ndata:\n'
	for i in $(seq 0 999); do echo "  \"10.10.$((i / 250 + 2)).$((i % 250 + 1))\": \"\""; done
} >"$W/map"
count() { on "$1" ip -4 -o addr show dev eth0 | grep -c ' 10\.10\.[2-5]\.'; }
routes() { on "$1" ip -4 route show table local proto 118 | grep -c .; }
for n in lb1 lb2; do apply $n - map <"$W/map"; done
vipd lb1 'vipConfigMap: kube-system/vips' "$(router 150)"; vipd lb2 'vipConfigMap: kube-system/vips' "$(router 100)"
until_ok 120 eval '[ "$(count lb1)" = 1000 ] && [ "$(count lb2)" = 0 ]'
until_owner lb1 10.10.2.1
crash lb1
until_owner lb2 10.10.2.1
until_ok 60 eval '[ "$(count lb2)" = 1000 ]'
until_owner lb2 10.10.5.250
until_ok 60 eval '[ "$(routes lb2)" = 0 ]'
vipd_stop lb2
equal "all are taken away" 0 "$(count lb2)"
equal "and the routes" 0 "$(routes lb2)"
