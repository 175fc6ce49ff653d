# 250 virtual routers on one interface: all become Active on one node, all move when it dies.
net; lb lb1 11; lb lb2 12; client c 100
many() { echo 'routers:'; for v in $(seq 250); do echo "- {name: r$v, vrid: $v, family: IPv4, interval: 1s, priority: $1, addresses: [10.10.1.$v/32]}"; done; }
count() { on "$1" ip -4 -o addr show dev eth0 | grep -c ' 10\.10\.1\.'; }
vipd lb1 "$(many 150)"; vipd lb2 "$(many 100)"
until_ok 120 eval '[ "$(count lb1)" = 250 ] && [ "$(count lb2)" = 0 ]'
sleep 3
equal "held by lb1" 250 "$(count lb1)"
equal "held by lb2" 0 "$(count lb2)"
crash lb1
until_ok 120 eval '[ "$(count lb2)" = 250 ]'
