# A VIP is announced: gratuitous ARP and unsolicited neighbour advertisements reach a client that had another node in its cache.
net; node lb 31; client c 100
pod web-1 5
vipd lb
capture c eth0 "$W/arp.pcap" 'arp or icmp6'
service web 'externalIPs: [10.10.0.60, "fd10::60"]' 'ipFamilyPolicy: RequireDualStack' 'clusterIPs: [10.96.0.60, "fd00:10:96::60"]' 'ports: [{port: 80}]' | apply lb - web
has_addr lb eth0 10.10.0.60
has_addr lb eth0 fd10::60
garp() { captured "$W/arp.pcap" | grep -c 'who-has 10.10.0.60\|Announcement 10.10.0.60\|10.10.0.60 is-at' | grep -q '^[5-9]\|^[1-9][0-9]'; }
until_ok 30 garp
until_ok 30 eval 'captured "$W/arp.pcap" | grep -q "neighbor advertisement.*fd10::60"'
