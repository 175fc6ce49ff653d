# Cluster IP, node port, externalIP and load balancer address of one Service, traffic policy Cluster, IPv4 and IPv6, TCP and UDP: every endpoint answers, and sees
# the node's address (policy Local: traffic-policy-local.sh). A foreign virtual server, rule and set are as they were after start, change, stop and cleanup.
net; node lb 31; client c 100
ip -n c route add 10.96.0.0/16 via 172.17.0.31
ip -n c route add fd00:10:96::/64 via fd17::31
pod web-1 5; pod web-2 6
saw() { # saw CLIENT ADDRESS PORT WHAT: TCP and UDP
	local p s
	for p in '' -u; do
		s=$(on "$1" "$BUILD/tests/lab/ask" $p -f "$2" "$3" 4)
		[ "$s" = "$4" ] || { echo "$1 asks $2:$3 ${p:-TCP}: '$s', not '$4'"; return 1; }
	done
}
foreign() {
	on lb ipvsadm -Sn | grep '10\.99\.9\.9\|fd99::9'
	for t in iptables ip6tables; do on lb $t-save | sed '/^[#:*]/d; /VIPD/d; /^COMMIT/d'; done
	on lb ipset save THEIRS
}
on lb ipvsadm -A -t 10.99.9.9:99 -s wlc
on lb ipvsadm -a -t 10.99.9.9:99 -r 10.32.0.5:80 -m -w 7
on lb ipvsadm -A -u '[fd99::9]:99' -s sh -p 77
on lb iptables -A INPUT -s 192.0.2.1 -j DROP
on lb ip6tables -t nat -A POSTROUTING -s 2001:db8::1 -j ACCEPT
on lb ipset create THEIRS hash:ip
on lb ipset add THEIRS 192.0.2.3
foreign >"$W/before"
equal "all of it" 7 "$(wc -l <"$W/before")"
unchanged() { foreign | diff "$W/before" - || fail "what is not vipd's changed $1"; }

vipd lb 'podCIDRs: [10.32.0.0/24, "fd32::/64"]'
web() { # web SCHEDULER
	cat <<-YAML
	apiVersion: v1
	kind: Service
	metadata: {name: web, annotations: {vipd.io/addresses: "10.10.0.30,fd10::30", vipd.io/scheduler: $1}}
	spec:
	  type: LoadBalancer
	  selector: {app: web}
	  ipFamilyPolicy: RequireDualStack
	  clusterIPs: [10.96.5.5, "fd00:10:96::5"]
	  externalIPs: [10.10.0.31, "fd10::31"]
	  ports: [{name: http, port: 80, nodePort: 30080}, {name: udp, port: 80, protocol: UDP, nodePort: 30080}]
	YAML
}
v4='web-1 saw 10.32.0.1 web-2 saw 10.32.0.1' v6='web-1 saw fd32::1 web-2 saw fd32::1'
all_kinds() {
	until_ok 30 saw c 10.10.0.30 80 "$v4"
	until_ok 30 saw c fd10::30 80 "$v6"
	saw c 10.10.0.31 80 "$v4"
	saw c fd10::31 80 "$v6"
	saw c 172.17.0.31 30080 "$v4"
	saw c fd17::31 30080 "$v6"
	saw c 10.96.5.5 80 "$v4"
	saw c fd00:10:96::5 80 "$v6"
	saw lb 10.96.5.5 80 "$v4"
	saw lb fd00:10:96::5 80 "$v6"
}
web rr | apply lb - web
for a in 10.10.0.30:80 '[fd10::30]:80' '[fd17::31]:30080' '[fd00:10:96::5]:80'; do has lb "UDP $a" 2; done
has_addr lb eth0 10.10.0.30; has_addr lb eth0 fd10::30
all_kinds
unchanged "at the start"

web wrr | apply lb - web
until_ok 30 eval '[ "$(kernel_table lb | grep -c ":80 wrr\|:30080 wrr")" = 20 ]'
all_kinds
unchanged "by a change"

vipd_stop lb
unchanged "by the stop"
vipd_run lb --cleanup
unchanged "by the cleanup"
equal "nothing of ours is left" "" "$(kernel_table lb | grep ':80 \|:30080 ' | grep -v 10.32.0.5:80; on lb ipset list -n | grep VIPD)"
