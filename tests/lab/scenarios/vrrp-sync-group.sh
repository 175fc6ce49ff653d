# Two routers of one group move together: the inside link of the Active fails, the outside address moves as well; both come back.
net; lb lb1 11; lb lb2 12; client c 100
vipd lb1 "$(routers 150)"; vipd lb2 "$(routers 100)"
until_owner lb1 10.10.0.1
until_ok 30 eval '[ "$(holders 10.32.0.1)" = lb1 ]'
carrier lb1 eth1 down
until_owner lb2 10.10.0.1
until_ok 30 eval '[ "$(holders 10.32.0.1)" = lb2 ]'
until_role lb1 Fault gateway
carrier lb1 eth1 up
until_owner lb1 10.10.0.1
until_ok 30 eval '[ "$(holders 10.32.0.1)" = lb1 ]'
say "both families in one group: whatever moves one member moves the other"
dual() { # dual PRIORITY
	echo "routers:"
	echo "- {name: vips, vrid: 50, interface: eth0, family: IPv4, interval: 1s, priority: $1, group: dual, addresses: [10.10.0.1/32]}"
	echo "- {name: vips6, vrid: 50, interface: eth0, family: IPv6, interval: 1s, priority: $1, group: dual, addresses: ['fd10::1/128']}"
}
both() { owns "$1" 10.10.0.1 && owns "$1" fd10::1; }
vipd_config lb1 "$(dual 150)"; vipd_config lb2 "$(dual 100)"
signal lb1 supervisor HUP; signal lb2 supervisor HUP
until_ok 60 both lb1
contains "who took over" "$(vipctl lb1 failover vips6)" "172.17.0.12"
until_ok 60 both lb2
sleep 2
both lb2 || fail "the other member has gone back"
vipctl lb2 failover vips
until_ok 60 both lb1
ip -n lb1 -6 addr flush dev eth0 scope link # of one member the ground goes
until_role lb1 Fault vips6
until_ok 60 both lb2
