# An externalIP that is the node's own gets a virtual server and no address; any other becomes a VIP.
net; node lb 31; client c 100
pod web-1 5; pod web-2 6
vipd lb
service own 'externalIPs: [172.17.0.31]' 'ports: [{port: 80}]' | apply lb - own
service vip 'externalIPs: [10.10.3.3]' 'ports: [{port: 81, targetPort: 80}]' | apply lb - vip
has lb "TCP 172.17.0.31:80" 2
has lb "TCP 10.10.3.3:81" 2
has_addr lb eth0 10.10.3.3
equal "the node's address" "web-1 web-2" "$(hosts c http://172.17.0.31/ 6)"
equal "the VIP" "web-1 web-2" "$(hosts c http://10.10.3.3:81/ 6)"
unapply lb own; unapply lb vip
hasnt_addr lb eth0 10.10.3.3
hasnt lb "TCP 172.17.0.31:80"
addr_on lb eth0 172.17.0.31
