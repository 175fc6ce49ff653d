# walkthrough.sh: a Kubernetes networking course's commands, in its order, with vipctl for kubectl; each output is compared with the course's, line by line, but for
# what differs from run to run (addresses, ages, hashes, given node ports). Sourced by scenarios/walkthrough.sh and by the demo, after lib.sh.
#
# What is played otherwise, and why:
#   - `kubectl get ... -o go-template='{{(index .spec.clusterIP)}}'`                        -o jsonpath='{.spec.clusterIP}'
#   - `kubectl get ... -o go-template='{{(index .status.loadBalancer.ingress 0).ip}}'`      -o jsonpath='{.status.loadBalancer.ingress[0].ip}'
#   - "deployment.extensions/... created": vipd starts no pods; it warns on standard error, and the lab makes two pods of that name
#   - `get svc` has no line for the API server's own Service "kubernetes"
#   - `get pods` has IP and NODE where kubectl has RESTARTS; of kube-system there are none to be listed
#   - of cloudprovider.yaml the ConfigMap is taken; the DaemonSet and the Deployment are what vipd stands for
#   - the address range is a pool of vipd.yaml, 10.10.0.0/26, that comes after the Service: so that it is seen <pending> first
#   - the course's cluster gave the node's own 172.17.0.31 as LoadBalancer Ingress; here the address is out of the range that it speaks of
#   - describe has the lines that kubectl got since (IP families, traffic policies), and vipd's own; the course's are among them in their order
#   - "Annotations" are <none>: nothing is written into the objects
#   - CreatingLoadBalancer, CreatedLoadBalancer are called EnsuringLoadBalancer, EnsuredLoadBalancer since Kubernetes 1.14; they come from vipd

# What differs from run to run becomes a word; blanks become one.
shape() {
	sed -E -e 's/([0-9]+d)?([0-9]+h)?([0-9]+m)?[0-9]+s\b/AGE/g; s/\b[0-9]+[mhd]([0-9]+[mhs])?\b/AGE/g' \
		-e 's/[0-9]+(\.[0-9]+){3}(:[0-9]+)?/ADDRESS\2/g; s/-[0-9a-f]{8,10}-[0-9a-z]{5}\b/-HASH/g; s/\b30080\/TCP/THE-PORT\/TCP/g; s/:3[0-9]{4}\/TCP/:PORT\/TCP/g' \
		-e 's/<unset> +3[0-9]{4}\/TCP/<unset> PORT\/TCP/; s/(AGE) \(x[0-9]+ over AGE\)/\1/; s/[[:blank:]]+/ /g; s/ $//'
}
typed() { printf '%s $ %s\n' "$1" "$2"; }
# played WORDS..: runs vipctl with them, prints both; the course's output on standard input must be what it printed.
played() {
	typed controlplane "vipctl $*"
	vipctl controlplane "$@" | tee "$W/walk.out"
	shape >"$W/walk.want"
	shape <"$W/walk.out" | diff -u --label "the course" --label "vipctl $*" "$W/walk.want" - >"$W/walk.diff" || { cat "$W/walk.diff" >&2; fail "another shape: vipctl $*"; }
}
# among WORDS..: the same, but there may be other lines between.
among() {
	local line at
	typed controlplane "vipctl $*"
	vipctl controlplane "$@" | tee "$W/walk.out"
	shape <"$W/walk.out" >"$W/walk.rest"
	while IFS= read -r line; do
		line=$(shape <<<"$line")
		at=$(grep -nxFm 1 -- "$line" "$W/walk.rest") || { cat "$W/walk.rest" >&2; fail "no line '$line', or not there: vipctl $*"; }
		sed -i "1,${at%%:*}d" "$W/walk.rest"
	done
}
answered() { # answered WHERE URL: curls until both pods have answered, at least twice, at most 12 times
	local i line seen
	: >"$W/walk.answers"
	for ((i = 0; i < 12; i++)); do
		typed "$1" "curl $2"
		line=$(get "$1" "http://$2") || line="(no answer)"
		echo "$line"
		echo "$line" >>"$W/walk.answers"
		seen=$(grep -c . < <(grep host: "$W/walk.answers" | sort -u))
		[ "$i" -lt 2 ] || [ "$seen" -lt 2 ] || break
	done
	equal "pods that answered $2" 2 "$seen"
	! grep -v '^<h1>This request was processed by host: webapp1-[a-z-]*-deployment-[0-9a-f]*-[0-9a-z]*</h1>$' "$W/walk.answers" || fail "another answer"
}
replicas() { # replicas APP FIRST: the two pods that a cluster would start
	pod "$1-deployment-5977c8d7d4-r6k2l" "$2" "$1"
	pod "$1-deployment-5977c8d7d4-xdsd4" "$(($2 + 1))" "$1"
}
chapter() { printf '\n%s## %s%s\n' "${BOLD:-}" "$*" "${PLAIN:-}"; }

walk_clusterip() {
	chapter "Cluster IP"
	replicas webapp1-clusterip 5
	played apply -f configmaps/examples/clusterip.yaml <<-'OUT'
	service/webapp1-clusterip-svc created
	OUT
	has controlplane "TCP $(vipctl controlplane get svc webapp1-clusterip-svc -o 'jsonpath={.spec.clusterIP}'):80" 2
	played get pods <<-'OUT'
	NAME                                            READY   STATUS    IP            NODE     AGE
	webapp1-clusterip-deployment-669c7c65c4-r6k2l   1/1     Running   10.32.0.5     <none>   <unknown>
	webapp1-clusterip-deployment-669c7c65c4-xdsd4   1/1     Running   10.32.0.6     <none>   <unknown>
	OUT
	played get svc <<-'OUT'
	NAME                    TYPE        CLUSTER-IP      EXTERNAL-IP   PORT(S)   AGE
	webapp1-clusterip-svc   ClusterIP   10.108.32.169   <none>        80/TCP    39s
	OUT
	among describe svc/webapp1-clusterip-svc <<-'OUT'
	Name:              webapp1-clusterip-svc
	Namespace:         default
	Labels:            app=webapp1-clusterip
	Annotations:       <none>
	Selector:          app=webapp1-clusterip
	Type:              ClusterIP
	IP:                10.108.32.169
	Port:              <unset>  80/TCP
	TargetPort:        80/TCP
	Endpoints:         10.32.0.5:80,10.32.0.6:80
	Session Affinity:  None
	Events:            <none>
	OUT
	typed controlplane "export CLUSTER_IP=\$(vipctl get services/webapp1-clusterip-svc -o jsonpath='{.spec.clusterIP}')"
	CLUSTER_IP=$(vipctl controlplane get services/webapp1-clusterip-svc -o 'jsonpath={.spec.clusterIP}')
	typed controlplane 'echo CLUSTER_IP=$CLUSTER_IP'
	echo "CLUSTER_IP=$CLUSTER_IP"
	answered controlplane "$CLUSTER_IP:80"
}

walk_targetport() {
	chapter "Target port: 8080 outside, 80 in the pod"
	replicas webapp1-clusterip-targetport 7
	played apply -f configmaps/examples/clusterip-target.yaml <<-'OUT'
	service/webapp1-clusterip-targetport-svc created
	OUT
	played get svc <<-'OUT'
	NAME                               TYPE        CLUSTER-IP      EXTERNAL-IP   PORT(S)    AGE
	webapp1-clusterip-svc              ClusterIP   10.108.32.169   <none>        80/TCP     5m29s
	webapp1-clusterip-targetport-svc   ClusterIP   10.102.59.206   <none>        8080/TCP   40s
	OUT
	CLUSTER_IP=$(vipctl controlplane get services/webapp1-clusterip-targetport-svc -o 'jsonpath={.spec.clusterIP}')
	has controlplane "TCP $CLUSTER_IP:8080" 2
	among describe svc/webapp1-clusterip-targetport-svc <<-'OUT'
	Name:              webapp1-clusterip-targetport-svc
	Namespace:         default
	Labels:            app=webapp1-clusterip-targetport
	Selector:          app=webapp1-clusterip-targetport
	Type:              ClusterIP
	IP:                10.102.59.206
	Port:              <unset>  8080/TCP
	TargetPort:        80/TCP
	Endpoints:         10.32.0.7:80,10.32.0.8:80
	Session Affinity:  None
	OUT
	typed controlplane "export CLUSTER_IP=\$(vipctl get services/webapp1-clusterip-targetport-svc -o jsonpath='{.spec.clusterIP}')"
	typed controlplane 'echo CLUSTER_IP=$CLUSTER_IP'
	echo "CLUSTER_IP=$CLUSTER_IP"
	answered controlplane "$CLUSTER_IP:8080"
}

walk_nodeport() {
	chapter "NodePort: port 30080 on every address of the node"
	replicas webapp1-nodeport 9
	played apply -f configmaps/examples/nodeport.yaml <<-'OUT'
	service/webapp1-nodeport-svc created
	OUT
	has controlplane "TCP 172.17.0.31:30080" 2
	played get svc <<-'OUT'
	NAME                               TYPE        CLUSTER-IP      EXTERNAL-IP   PORT(S)        AGE
	webapp1-clusterip-svc              ClusterIP   10.108.32.169   <none>        80/TCP         14m
	webapp1-clusterip-targetport-svc   ClusterIP   10.102.59.206   <none>        8080/TCP       9m44s
	webapp1-nodeport-svc               NodePort    10.102.135.99   <none>        80:30080/TCP   5m52s
	OUT
	among describe svc/webapp1-nodeport-svc <<-'OUT'
	Name:                     webapp1-nodeport-svc
	Namespace:                default
	Labels:                   app=webapp1-nodeport
	Selector:                 app=webapp1-nodeport
	Type:                     NodePort
	IP:                       10.102.135.99
	Port:                     <unset>  80/TCP
	TargetPort:               80/TCP
	NodePort:                 <unset>  30080/TCP
	Endpoints:                10.32.0.10:80,10.32.0.9:80
	Session Affinity:         None
	External Traffic Policy:  Cluster
	OUT
	answered client 172.17.0.31:30080
}

walk_externalip() {
	chapter "External IPs: the node's own address, port 80"
	typed controlplane "sed -i 's/HOSTIP/172.17.0.31/g' externalip.yaml"
	sed 's/HOSTIP/172.17.0.31/g' configmaps/examples/externalip.yaml >"$W/externalip.yaml"
	replicas webapp1-externalip 11
	played apply -f "$W/externalip.yaml" <<-'OUT'
	service/webapp1-externalip-svc created
	OUT
	has controlplane "TCP 172.17.0.31:80" 2
	played get svc <<-'OUT'
	NAME                               TYPE        CLUSTER-IP      EXTERNAL-IP   PORT(S)        AGE
	webapp1-clusterip-svc              ClusterIP   10.108.32.169   <none>        80/TCP         20m
	webapp1-clusterip-targetport-svc   ClusterIP   10.102.59.206   <none>        8080/TCP       15m
	webapp1-externalip-svc             ClusterIP   10.109.28.108   172.17.0.31   80/TCP         8s
	webapp1-nodeport-svc               NodePort    10.102.135.99   <none>        80:30080/TCP   12m
	OUT
	among describe svc/webapp1-externalip-svc <<-'OUT'
	Name:              webapp1-externalip-svc
	Namespace:         default
	Labels:            app=webapp1-externalip
	Selector:          app=webapp1-externalip
	Type:              ClusterIP
	IP:                10.109.28.108
	External IPs:      172.17.0.31
	Port:              <unset>  80/TCP
	TargetPort:        80/TCP
	Endpoints:         10.32.0.11:80,10.32.0.12:80
	Session Affinity:  None
	OUT
	answered client 172.17.0.31
}

cloudprovider() {
	cat <<-'YAML'
	apiVersion: extensions/v1beta1
	kind: DaemonSet
	metadata: {name: kube-keepalived-vip, namespace: kube-system}
	---
	## We also create an empty ConfigMap to hold our config
	apiVersion: v1
	kind: ConfigMap
	metadata:
	  name: vip-configmap
	  namespace: kube-system
	data:
	---
	apiVersion: apps/v1beta1
	kind: Deployment
	metadata: {name: keepalived-cloud-provider, namespace: kube-system}
	YAML
}

balancer_row() { # the line of get svc
	vipctl controlplane get svc webapp1-loadbalancer-svc | tail -n 1 | shape
}

walk_loadbalancer() {
	chapter "Load balancer: an address out of the pool 10.10.0.0/26"
	cloudprovider >"$W/cloudprovider.yaml"
	played apply -f "$W/cloudprovider.yaml" <<-'OUT'
	configmap/vip-configmap created
	OUT
	replicas webapp1-loadbalancer 14
	played apply -f configmaps/examples/loadbalancer.yaml <<-'OUT'
	service/webapp1-loadbalancer-svc created
	OUT
	played get svc webapp1-loadbalancer-svc <<-'OUT'
	NAME                       TYPE           CLUSTER-IP      EXTERNAL-IP   PORT(S)        AGE
	webapp1-loadbalancer-svc   LoadBalancer   10.105.60.108   <pending>     80:31626/TCP   7s
	OUT
	typed controlplane "echo 'pools: [{name: default, addresses: [10.10.0.0/26]}]' >>/etc/vipd/vipd.yaml; systemctl reload vipd"
	echo 'pools: [{name: default, addresses: [10.10.0.0/26]}]' >>"$W/nodes/controlplane/vipd.yaml"
	signal controlplane supervisor HUP
	until_ok 30 eval '[ "$(balancer_row)" = "webapp1-loadbalancer-svc LoadBalancer ADDRESS ADDRESS 80:PORT/TCP AGE" ]'
	played get svc <<-'OUT'
	NAME                               TYPE           CLUSTER-IP      EXTERNAL-IP   PORT(S)        AGE
	webapp1-clusterip-svc              ClusterIP      10.108.32.169   <none>        80/TCP         31m
	webapp1-clusterip-targetport-svc   ClusterIP      10.102.59.206   <none>        8080/TCP       26m
	webapp1-externalip-svc             ClusterIP      10.109.28.108   172.17.0.31   80/TCP         10m
	webapp1-loadbalancer-svc           LoadBalancer   10.105.60.108   172.17.0.31   80:31626/TCP   7s
	webapp1-nodeport-svc               NodePort       10.102.135.99   <none>        80:30080/TCP   22m
	OUT
	LoadBalancerIP=$(vipctl controlplane get services/webapp1-loadbalancer-svc -o 'jsonpath={.status.loadBalancer.ingress[0].ip}')
	case $LoadBalancerIP in 10.10.0.[1-9] | 10.10.0.[1-5][0-9] | 10.10.0.6[0-2]) ;; *) fail "$LoadBalancerIP is not out of 10.10.0.0/26" ;; esac
	has controlplane "TCP $LoadBalancerIP:80" 2
	has_addr controlplane eth0 "$LoadBalancerIP"
	until_ok 30 eval 'vipctl controlplane get events --for svc/webapp1-loadbalancer-svc | grep -q EnsuredLoadBalancer'
	among describe svc/webapp1-loadbalancer-svc <<-OUT
	Name:                     webapp1-loadbalancer-svc
	Namespace:                default
	Labels:                   app=webapp1-loadbalancer
	Selector:                 app=webapp1-loadbalancer
	Type:                     LoadBalancer
	IP:                       10.105.60.108
	LoadBalancer Ingress:     172.17.0.31 (VIP)
	Port:                     <unset>  80/TCP
	TargetPort:               80/TCP
	NodePort:                 <unset>  31626/TCP
	Endpoints:                10.32.0.14:80,10.32.0.15:80
	Session Affinity:         None
	External Traffic Policy:  Cluster
	Events:
	  Type    Reason                Age   From                Message
	  ----    ------                ----  ----                -------
	  Normal  EnsuringLoadBalancer  95s   vipd  Ensuring load balancer
	  Normal  EnsuredLoadBalancer   95s   vipd  Ensured load balancer 172.17.0.31
	OUT
	among get events <<-'OUT'
	LAST SEEN   TYPE     REASON                 OBJECT                             MESSAGE
	95s         Normal   EnsuringLoadBalancer   service/webapp1-loadbalancer-svc   Ensuring load balancer
	95s         Normal   EnsuredLoadBalancer    service/webapp1-loadbalancer-svc   Ensured load balancer 172.17.0.31
	OUT
	until_ok 30 get_ok client "http://$LoadBalancerIP/"
	typed controlplane "export LoadBalancerIP=\$(vipctl get services/webapp1-loadbalancer-svc -o jsonpath='{.status.loadBalancer.ingress[0].ip}')"
	typed controlplane 'echo LoadBalancerIP=$LoadBalancerIP'
	echo "LoadBalancerIP=$LoadBalancerIP"
	answered client "$LoadBalancerIP"
}

# On the node controlplane (172.17.0.31), which runs vipd without a pool, with a client; leaves $LoadBalancerIP.
walkthrough() {
	walk_clusterip
	walk_targetport
	walk_nodeport
	walk_externalip
	walk_loadbalancer
}
