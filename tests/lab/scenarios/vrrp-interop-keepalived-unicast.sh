# keepalived and vipd as unicast peers, both in both roles.
net; lb lb1 11; lb k1 12; client c 100
ka=('unicast_src_ip 172.17.0.12' 'unicast_peer { 172.17.0.11 }' 'virtual_ipaddress { 10.10.0.1/32 }')
keepalived k1 100 "${ka[@]}"
until_owner k1 10.10.0.1
vipd lb1 "$(router 150 'source: 172.17.0.11' 'peers: [172.17.0.12]')"
until_owner lb1 10.10.0.1
stays lb1 10.10.0.1 3
keepalived_stop k1
keepalived k1 200 "${ka[@]}"
until_owner k1 10.10.0.1
until_role lb1 Backup
crash k1
until_owner lb1 10.10.0.1
