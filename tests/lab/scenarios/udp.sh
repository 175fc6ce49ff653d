# UDP and SCTP over IPv4 and IPv6, beside TCP on the same port.
net; node lb 31; client c 100
pod dns-1 5 dns 53; pod dns-2 6 dns 53
for i in 1 2; do on dns-$i tests/lab/upload.py serve dns-$i 53 sctp >"$W/sctp-$i.log" 2>&1 & done
vipd lb
printf '%s\n' 'apiVersion: v1' 'kind: Service' 'metadata: {name: dns}' 'spec:' '  type: LoadBalancer' '  selector: {app: dns}' \
	'  ipFamilyPolicy: RequireDualStack' '  clusterIPs: [10.96.0.10, "fd00:10:96::a"]' '  externalIPs: [10.10.0.53, "fd10::53"]' '  allocateLoadBalancerNodePorts: false' \
	'  ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53}, {name: dns-sctp, port: 53, protocol: SCTP}]' | apply lb - dns
has lb "UDP 10.10.0.53:53" 2
has lb "TCP 10.10.0.53:53" 2
has lb "UDP [fd10::53]:53" 2
has_addr lb eth0 10.10.0.53
has_addr lb eth0 fd10::53
equal "UDP, IPv4" "dns-1 dns-2" "$(hosts_udp c 10.10.0.53 53 6)"
equal "UDP, IPv6" "dns-1 dns-2" "$(hosts_udp c fd10::53 53 6)"
equal "TCP" "dns-1 dns-2" "$(hosts c http://10.10.0.53:53/ 6)"
has lb "SCTP 10.10.0.53:53" 2
has lb "SCTP [fd10::53]:53" 2
sctp() { local i; for i in 1 2 3 4; do on c tests/lab/upload.py send "$1" 53 100000 sctp; done | sort -u | paste -sd' '; }
equal "SCTP, IPv4" "dns-1 100000 from 10.32.0.1 dns-2 100000 from 10.32.0.1" "$(sctp 10.10.0.53)"
equal "SCTP, IPv6" "dns-1 100000 from fd32::1 dns-2 100000 from fd32::1" "$(sctp fd10::53)"
