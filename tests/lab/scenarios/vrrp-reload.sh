# SIGHUP: one more address and no change of state; another priority and the address moves (not a datagram is lost); a router that goes hands its address over
# as well.
net; lb lb1 11; lb lb2 12; client c 100
vipd lb1 "$(router 150)"; vipd lb2 "$(router 100)"
until_owner lb1 10.10.0.1
reload() { vipd_config "$@"; signal "$1" supervisor HUP; }
load c -u 10.10.0.1 7
reload lb2 "$(router 100 'addresses: [10.10.0.1/32, 10.10.0.2/32]')"
reload lb1 "$(router 150 'addresses: [10.10.0.1/32, 10.10.0.2/32]')"
until_owner lb1 10.10.0.2
owns lb1 10.10.0.1
reload lb1 "$(router 50 'addresses: [10.10.0.1/32, 10.10.0.2/32]')"
until_owner lb2 10.10.0.1
until_owner lb2 10.10.0.2
load_end
errors_under 1
load c -u 10.10.0.1 7
reload lb2 "$(router 100 'name: other' 'vrid: 51' 'addresses: [10.10.0.3/32]')"
until_owner lb2 10.10.0.3
until_owner lb1 10.10.0.1
load_end
errors_under 1
