# VRRP version 2: election, crash, planned stop.
net; lb lb1 11; lb lb2 12; client c 100
capture c eth0 "$W/v2.pcap" vrrp
vipd lb1 "$(router 150 'version: 2')"; vipd lb2 "$(router 100 'version: 2')"
until_owner lb1 10.10.0.1
vipd_stop lb1
until_owner lb2 10.10.0.1
vipd_launch lb1; vipd_serves lb1
until_owner lb1 10.10.0.1
crash lb1
until_owner lb2 10.10.0.1
contains "version 2 on the wire" "$(captured "$W/v2.pcap")" "VRRPv2"
lacks "version 3 on the wire" "$(captured "$W/v2.pcap")" "VRRPv3"
