# drOnBackup: auto. A DR virtual server is there on the Backup too; on the node that is a real server of it, only while that node is Active.
net; lb lb1 11; lb lb2 12; client c 100
pod_host web-1 5 80
service_here() {
	cat <<'YAML'
apiVersion: v1
kind: Service
metadata: {name: web, annotations: {k8s.co/keepalived-forward-method: DR}}
spec: {type: LoadBalancer, loadBalancerIP: 10.10.4.4, clusterIP: 10.96.4.4, ports: [{port: 80}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: web}
subsets: [{addresses: [{ip: 10.32.0.5}, {ip: 10.32.0.11}], ports: [{port: 80}]}]
YAML
}
vipd lb1 "$(router 150)"; vipd lb2 "$(router 100)"
for n in lb1 lb2; do service_here | apply $n - web; done
until_owner lb1 10.10.0.1
has lb1 "TCP 10.10.4.4:80" 2
has lb2 "TCP 10.10.4.4:80" 2
carrier lb1 eth0 down
until_role lb2 Active
hasnt lb1 "TCP 10.10.4.4:80"
has lb2 "TCP 10.10.4.4:80" 2
contains "the status says so" "$(vipctl lb1 status -o json)" '"waiting"'
contains "explain names the gate" "$(vipctl lb1 explain 10.10.4.4:80 || true)" "GateClosed: one of its real servers is this node itself"
contains "and the router" "$(vipctl lb1 explain 10.10.4.4:80 || true)" "RouterFault: virtual router vips is in Fault on this node"
carrier lb1 eth0 up
until_owner lb1 10.10.0.1
has lb1 "TCP 10.10.4.4:80" 2
waited=$(vipctl lb1 status -o json | tr -d ' \n' | grep -o '"waitedForIpvs":{[^}]*}')
say "before the address was added: $waited"
lacks "the take-over waited for it" "$waited" '"times":0,'
