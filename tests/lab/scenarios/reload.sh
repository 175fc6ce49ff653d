# SIGHUP: a configuration with an error changes nothing and its line is told; a good one takes effect; connections stay.
net; node lb 31; client c 100
pod web-1 5; pod web-2 6
vipd lb 'pools: [{name: default, addresses: [10.10.0.0/26]}]'
service web 'type: LoadBalancer' 'ports: [{port: 80}]' | apply lb - web
has lb "TCP 10.10.0.1:80" 2
has_addr lb eth0 10.10.0.1
until_ok 30 get_ok c http://10.10.0.1/
load c 10.10.0.1 80
echo 'interfase: eth9' >>"$W/nodes/lb/vipd.yaml"
signal lb supervisor HUP
until_ok 30 grep -q 'vipd.yaml:5:1' "$W/nodes/lb/log"
contains "the nearest name is offered" "$(grep 'vipd.yaml:5:1' "$W/nodes/lb/log")" "interface"
table_has lb "TCP 10.10.0.1:80" 2
vipd_config lb 'pools: [{name: default, addresses: [10.10.0.0/26]}, {name: more, addresses: [10.10.1.0/26]}]' 'garp: {count: 2}'
signal lb supervisor HUP
until_ok 30 grep -q 'configuration reloaded' "$W/nodes/lb/log"
sleep 1
no_error
# Another scheduler is changed in place; for that moment (synchronize_rcu) the kernel itself has none and refuses new connections.
vipd_config lb 'pools: [{name: default, addresses: [10.10.0.0/26]}]' 'scheduler: wlc'
signal lb supervisor HUP
until_ok 30 eval 'kernel_table lb | grep -q "10.10.0.1:80 wlc"'
