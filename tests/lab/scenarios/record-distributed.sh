# One node gives addresses out, its record is copied to the other's folder: both program the same. While the copy is old the other names what differs, and
# says nothing more of it when it is new (or a hand-made change is undone); it carries on with the same addresses when the first one dies.
net; lb lb1 11; lb lb2 12; client c 100
pool='pools: [{name: default, addresses: [10.10.4.0/26]}]'
vipd lb1 "$(routers 150)" "$pool" 'allocate: true'
vipd lb2 "$(routers 100)" "$pool" 'allocate: false'
pod web-1 5; pod web-2 6
copy() { apply lb2 "$W/nodes/lb1/state/vip-configmap.yaml"; }
address() { vipctl "$1" get svc "$2" -o 'jsonpath={.status.loadBalancer.ingress[0].ip}'; }
both() { local n; for n in lb1 lb2; do service "$1" 'type: LoadBalancer' 'ports: [{port: 80}]' | apply $n - "$1"; done; }
table() { kernel_table "$1" | sed -n 's/^\([A-Z]* *10\.\(10\|96\).*\)/\1/p' | sort; }
same() { [ "$(table lb1)" = "$(table lb2)" ] || { table lb1; table lb2; return 1; }; }

both web
until_ok 30 eval '[ "$(address lb1 web)" = 10.10.4.1 ]'
contains "lb2 gives nothing" "$(vipctl lb2 get svc web)" "<pending>"
until_ok 30 grep -q 10.10.4.1 "$W/nodes/lb1/state/vip-configmap.yaml"
copy
has lb2 "TCP 10.10.4.1:80" 2
until_ok 30 same
until_owner lb1 10.10.0.1

both shop
until_ok 30 eval '[ "$(address lb1 shop)" = 10.10.4.2 ]'
until_ok 30 eval 'vipctl lb2 status | grep "addresses differ from its peer.s:" | grep -q "10.10.4.2 that this node has not"'
contains "the log" "$(cat "$W/nodes/lb2/log")" "warning: router vips: 172.17.0.11 advertises other addresses: it has 10.10.4.2 that this node has not"
until_ok 10 eval 'vipctl lb2 get vrrp vips -o json | tr -d " \n" | grep -q "\"differing\":[1-9]"' # counted
until_ok 30 grep -q 10.10.4.2 "$W/nodes/lb1/state/vip-configmap.yaml"
copy
has lb2 "TCP 10.10.4.2:80" 2
until_ok 30 not eval 'vipctl lb2 status | grep -q "addresses differ"'
until_ok 30 same

# A record that somebody changed by hand: both sides of the difference are named.
sed 's/10\.10\.4\.2/10.10.4.60/g' "$W/nodes/lb1/state/vip-configmap.yaml" | apply lb2 - vip-configmap
until_ok 30 eval 'vipctl lb2 status | grep -q "has 10.10.4.2 that this node has not, lacks 10.10.4.60"'
copy
until_ok 30 not eval 'vipctl lb2 status | grep -q "addresses differ"'
until_ok 30 same

crash lb1
until_owner lb2 10.10.0.1
until_ok 30 get_ok c http://10.10.4.2/
equal "who answers" "web-1 web-2" "$(hosts c http://10.10.4.1/ 6)"
