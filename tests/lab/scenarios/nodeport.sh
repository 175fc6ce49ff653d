# A NodePort Service answers on every address of the node, to a client outside, over IPv4 and IPv6.
net; node lb 31; client c 100
pod web-1 5; pod web-2 6
vipd lb
service web 'type: NodePort' 'ipFamilyPolicy: PreferDualStack' 'clusterIPs: [10.96.1.1, "fd00:10:96::1"]' 'ports: [{port: 80, nodePort: 30080}]' | apply lb - web
has lb "TCP 172.17.0.31:30080" 2
has lb "TCP [fd17::31]:30080" 2
equal "IPv4" "web-1 web-2" "$(hosts c http://172.17.0.31:30080/ 6)"
equal "IPv6" "web-1 web-2" "$(hosts c 'http://[fd17::31]:30080/' 6)"
ip -n lb addr add 172.17.0.77/24 dev eth0
has lb "TCP 172.17.0.77:30080" 2
ip -n lb addr del 172.17.0.77/24 dev eth0
hasnt lb "TCP 172.17.0.77:30080"
