# externalTrafficPolicy and internalTrafficPolicy Local on two nodes with pods on each: load balancer address, externalIP, node port and cluster IP, IPv4 and
# IPv6, TCP and UDP: only this node's endpoints answer and the pod sees the client's address. The router follows the endpoints; healthCheckNodePort tells.
net; lb lb1 11; lb lb2 12; client c 100
gone() { ip -n "$1" route replace default via "10.32.0.$2"; ip -n "$1" -6 route replace default via "fd32::$2"; }
pod_host a1 5 80; pod_host a2 6 80; pod_host b1 7 80
gone a1 11; gone a2 11; gone b1 12 # each answers by way of the node that it runs on
web() {
	cat <<-YAML
	apiVersion: v1
	kind: Service
	metadata: {name: web, annotations: {vipd.io/addresses: "10.10.0.30,fd10::30"}}
	spec:
	  type: LoadBalancer
	  ipFamilyPolicy: RequireDualStack
	  clusterIPs: [10.96.5.5, "fd00:10:96::5"]
	  externalIPs: [10.10.0.31, "fd10::31"]
	  externalTrafficPolicy: Local
	  internalTrafficPolicy: Local
	  healthCheckNodePort: 32080
	  ports: [{name: http, port: 80, nodePort: 30080}, {name: udp, port: 80, protocol: UDP, nodePort: 30080}]
	YAML
}
# slices NAME,N,NODE[,CONDITIONS]..: the endpoints, on both nodes
slices() {
	local n list net family
	for n in lb1 lb2; do
		for family in 4 6; do
			[ $family = 4 ] && net=10.32.0. || net=fd32::
			list=
			for e; do
				IFS=, read -r name id node conditions <<<"$e"
				list+="{addresses: ['$net$id'], nodeName: $node, conditions: {${conditions//;/, }}}, "
			done
			printf -- '---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: web-%s, labels: {kubernetes.io/service-name: web}}\n' $family
			printf 'addressType: IPv%s\nports: [{name: http, port: 80}, {name: udp, port: 80, protocol: UDP}]\nendpoints: [%s]\n' $family "$list"
		done | apply $n - slices
	done
}
ask_from() { # ask_from CLIENT ADDRESS PORT TIMES: who answers TCP, and saw which address; UDP must say the same
	local tcp udp
	tcp=$(on "$1" "$BUILD/tests/lab/ask" -f "$2" "$3" "$4")
	udp=$(on "$1" "$BUILD/tests/lab/ask" -u -f "$2" "$3" "$4")
	[ "$tcp" = "$udp" ] && echo "$tcp" || echo "TCP: $tcp, UDP: $udp"
}
saw() { local s; s=$(ask_from "$1" "$2" "$3" "$4"); [ "$s" = "$5" ] || { echo "$1 asks $2:$3: '$s', not '$5'"; return 1; }; }
config() { # config PRIORITY
	printf -- '%s\n' 'podCIDRs: [10.32.0.0/24, "fd32::/64"]' 'routers:' \
		"- {name: vips, vrid: 50, family: IPv4, interval: 100ms, priority: $1}" "- {name: vips6, vrid: 50, family: IPv6, interval: 100ms, priority: $1}"
}
health() { on c curl -s -g -m 5 -o "$W/health" -w '%{http_code} %{content_type} %header{x-load-balancing-endpoint-weight}' "http://$1:32080/healthz"; }
is_health() { local h; h=$(health "$1"); [ "$h" = "$2" ] || { echo "health of $1: $h"; return 1; }; }
priority() { vipctl "$1" get vrrp -o json | sed -n 's/.*"effectivePriority": \([0-9]*\).*/\1/p' | paste -sd' '; }
is_priority() { local p; p=$(priority "$1"); [ "$p" = "$2" ] || { echo "priorities of $1: $p"; return 1; }; }

for n in lb1 lb2; do web | apply $n - web; done
slices a1,5,lb1 a2,6,lb1 b1,7,lb2
vipd lb1 "$(config 110)"; vipd lb2 "$(config 100)"
until_ok 30 is_priority lb1 "130 130"
until_ok 30 is_priority lb2 "120 120"
has_addr lb1 eth0 10.10.0.30; has_addr lb1 eth0 fd10::30
hasnt_addr lb2 eth0 10.10.0.30
say "the address of the Active, and node ports of each node"
v4='a1 saw 172.17.0.100 a2 saw 172.17.0.100' v6='a1 saw fd17::100 a2 saw fd17::100'
until_ok 30 saw c 10.10.0.30 80 4 "$v4"
saw c 10.10.0.31 80 4 "$v4"
saw c fd10::30 80 4 "$v6"
saw c fd10::31 80 4 "$v6"
saw c 172.17.0.11 30080 4 "$v4"
saw c fd17::11 30080 4 "$v6"
saw c 172.17.0.12 30080 2 "b1 saw 172.17.0.100"
saw c fd17::12 30080 2 "b1 saw fd17::100"
equal "cluster IP on lb1" "a1 a2" "$(on lb1 "$BUILD/tests/lab/ask" 10.96.5.5 80 4)"
equal "cluster IP on lb2" "b1" "$(hosts_udp lb2 fd00:10:96::5 80 2)"
equal "health of lb1" "200 application/json 2" "$(health 172.17.0.11)"
equal "health at the load balancer's address, whose other ports are refused" "200 application/json 2" "$(health 10.10.0.30)"
equal "refused" 7 "$(status_of get c http://10.10.0.30:32081/)"
equal "health of lb2" "200 application/json 1" "$(health '[fd17::12]')"
contains "its body" "$(cat "$W/health")" '"localEndpoints": 1'

say "lb1 has none any more"
slices b1,7,lb2
until_ok 30 is_priority lb1 "110 110"
has_addr lb2 eth0 10.10.0.30; has_addr lb2 eth0 fd10::30
hasnt_addr lb1 eth0 10.10.0.30
until_ok 30 saw c 10.10.0.30 80 2 "b1 saw 172.17.0.100"
saw c fd10::30 80 2 "b1 saw fd17::100"
saw lb1 172.17.0.11 30080 1 "b1 saw 172.17.0.11" # all endpoints, for who is on this node
equal "cluster IP" no-answer "$(on lb1 "$BUILD/tests/lab/ask" 10.96.5.5 80 1)"
equal "health of lb1" "503 application/json 0" "$(health 172.17.0.11)"
contains "the Event" "$(vipctl lb1 get events)" NoLocalEndpoint
lacks "the Events of lb2" "$(vipctl lb2 get events)" NoLocalEndpoint

say "the last ones terminate"
slices 'a1,5,lb1,ready: false; serving: true; terminating: true' b1,7,lb2
until_ok 30 saw c 172.17.0.11 30080 2 "a1 saw 172.17.0.100"
equal "cluster IP" a1 "$(on lb1 "$BUILD/tests/lab/ask" 10.96.5.5 80 1)"
equal "health of lb1" "503 application/json 0" "$(health 172.17.0.11)"
is_priority lb1 "110 110"

say "an owner stays one, and a stop is a stop"
vipd_config lb1 "$(config 255)"
signal lb1 supervisor HUP
until_ok 30 is_priority lb1 "255 255"
has_addr lb1 eth0 10.10.0.30
capture lb2 eth0 "$W/vrrp" vrrp
vipd_stop lb1
has_addr lb2 eth0 10.10.0.30
until_ok 10 eval 'captured "$W/vrrp" | grep -q "172.17.0.11.*prio 0"'
