# Forwarding DR by annotation: real servers that hold the VIP themselves answer the client directly, IPv4 and IPv6.
net; node lb 31; client c 100
pod web-1 5; pod web-2 6
for i in 1 2; do
	leg web-$i 4$i
	on web-$i sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
	ip -n web-$i addr add 10.10.4.4/32 dev lo
	ip -n web-$i addr add fd10::4:4/128 dev lo nodad
done
vipd lb
apply lb - web <<'YAML'
apiVersion: v1
kind: Service
metadata: {name: web, annotations: {k8s.co/keepalived-forward-method: DR}}
spec: {externalIPs: [10.10.4.4, 'fd10::4:4'], ipFamilyPolicy: RequireDualStack, clusterIPs: [10.96.4.4, 'fd00:10:96::4'], selector: {app: web}, ports: [{port: 80}]}
YAML
has lb "TCP 10.10.4.4:80" 2
contains "forwarding" "$(kernel_reals lb 'TCP 10.10.4.4:80')" "Route"
has lb "TCP [fd10::4:4]:80" 2
has_addr lb eth0 10.10.4.4
has_addr lb eth0 fd10::4:4
equal "who answers" "web-1 web-2" "$(hosts c http://10.10.4.4/ 6)"
equal "who answers, IPv6" "web-1 web-2" "$(hosts c "http://[fd10::4:4]/" 6)"
vipd_stop lb
hasnt lb "TCP 10.10.4.4:80"
