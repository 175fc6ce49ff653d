# A dual-stack ClusterIP Service answers on the node over IPv4 and IPv6, TCP and UDP.
net; node lb 31
pod web-1 5; pod web-2 6
vipd lb
service web 'ipFamilyPolicy: RequireDualStack' 'clusterIPs: [10.96.7.20, "fd00:10:96::20"]' \
	'ports: [{name: http, port: 80}, {name: echo, port: 80, protocol: UDP}]' | apply lb - web
has lb "TCP [fd00:10:96::20]:80" 2
has lb "UDP [fd00:10:96::20]:80" 2
has_addr lb vipd0 fd00:10:96::20
has_addr lb vipd0 10.96.7.20
equal "TCP, IPv4" "web-1 web-2" "$(hosts lb http://10.96.7.20/ 6)"
equal "TCP, IPv6" "web-1 web-2" "$(hosts lb 'http://[fd00:10:96::20]/' 6)"
equal "UDP, IPv6" "web-1 web-2" "$(hosts_udp lb fd00:10:96::20 80 6)"
