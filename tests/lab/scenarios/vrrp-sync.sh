# Connection sync: both of the kernel's daemons run on both nodes, and the Backup knows the connections of the Active.
net; lb lb1 11; lb lb2 12; client c 100
pod web-1 5; pod web-2 6
for i in 1 2; do
	plug web-$i eth1 outside
	ip -n web-$i addr add 172.17.0.4$i/24 dev eth1
	on web-$i sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth1.rp_filter=0
	ip -n web-$i addr add 10.10.4.4/32 dev lo
done
sync='sync: {interface: eth1, syncid: 5, threshold: 1, period: 2}'
vipd lb1 "$(router 150)" "$sync"; vipd lb2 "$(router 100)" "$sync"
for n in lb1 lb2; do
	apply $n - web <<'YAML'
apiVersion: v1
kind: Service
metadata: {name: web, annotations: {k8s.co/keepalived-forward-method: DR}}
spec: {type: LoadBalancer, loadBalancerIP: 10.10.4.4, clusterIP: 10.96.4.4, selector: {app: web}, ports: [{port: 80}]}
YAML
	has $n "TCP 10.10.4.4:80" 2
done
until_owner lb1 10.10.0.1
for n in lb1 lb2; do
	contains "the daemons on $n" "$(on $n ipvsadm -L --daemon)" "master sync daemon (mcast=eth1, syncid=5"
	contains "the daemons on $n" "$(on $n ipvsadm -L --daemon)" "backup sync daemon (mcast=eth1, syncid=5"
done
equal "threshold and period" "1 2" "$(on lb1 cat /proc/sys/net/ipv4/vs/sync_threshold | tr '\t' ' ')"
known() { hosts c http://10.10.4.4/ 2 >/dev/null; on lb2 ipvsadm -Lnc | grep -q ' 10.10.4.4:80 '; }
until_ok 60 known
say "$(on lb2 ipvsadm -Lnc)"
vipd_stop lb1
equal "no daemon stays" "" "$(on lb1 ipvsadm -L --daemon)"
equal "who answers now" "web-1 web-2" "$(hosts c http://10.10.4.4/ 6)"
