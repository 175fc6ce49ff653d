# Unicast peers: no multicast on the wire; election, crash, and a stranger's advertisement is refused.
net; lb lb1 11; lb lb2 12; client c 100
capture c eth0 "$W/multicast.pcap" vrrp and multicast
vipd lb1 "$(router 150 'source: 172.17.0.11' 'peers: [172.17.0.12]')"; vipd lb2 "$(router 100 'source: 172.17.0.12' 'peers: [172.17.0.11]')"
until_owner lb1 10.10.0.1
until_role lb2 Backup
crash lb1
until_owner lb2 10.10.0.1
lb k1 13
keepalived k1 200 'unicast_src_ip 172.17.0.13' 'unicast_peer { 172.17.0.12 }' 'virtual_ipaddress { 10.10.0.1/32 }'
until_ok 60 eval 'vipctl lb2 get vrrp -o yaml | grep -q "not a configured peer"'
addr_on lb2 eth0 10.10.0.1 || fail "obeyed a node that is no peer"
keepalived_stop k1
equal "nothing by multicast" "" "$(captured "$W/multicast.pcap")"
