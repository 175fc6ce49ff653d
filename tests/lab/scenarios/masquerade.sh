# Pods without a route back to the clients answer, for the node masquerades; where they have one the client's address reaches them. A pod reaches itself by its
# Service. Rules and sets come back when somebody takes them away, nobody else's are touched, and --cleanup leaves none.
net; node lb 31; client c 100
ip -n c route add 10.96.0.0/16 via 172.17.0.31
pod web-1 5; pod web-2 6; pod solo 7 solo; pod far 8 far
for p in web-1 web-2 solo; do # only what comes from their own network can be answered
	batch $p <<-END
	route del default
	route del default via fd32::1
	route add 10.96.0.0/16 via 10.32.0.1
	route add 10.10.0.0/16 via 10.32.0.1
	END
done
saw() { # saw CLIENT URL ADDRESS [POD]
	local a
	a=$(on "$1" curl -s -g -m 5 "$2/from" 2>&1) || true
	case $a in "${4:-}"*" saw $3") ;; *) echo "$1 asks $2: '$a', not '${4:-} saw $3'"; return 1 ;; esac
}
filter() { # filter [GREP-ARGS..]: rules and sets, of these lines
	on lb sh -c 'iptables-save; iptables-legacy-save; ip6tables-save; ipset save | sort' | sed '/^[#:]/d; s/^\[[0-9:]*\] //' | grep "$@"
}
foreign() { filter -v VIPD | grep -v '^COMMIT\|^\*'; }
without() { filter -q VIPD && return 1 || return 0; }

on lb sh -ec '
	iptables -t nat -A POSTROUTING -s 192.0.2.1 -j ACCEPT
	iptables -P FORWARD DROP
	iptables -A FORWARD -s 192.0.2.2 -j ACCEPT
	ip6tables -A INPUT -s 2001:db8::1 -j DROP
	ipset create KUBE-CLUSTER-IP hash:ip
	ipset add KUBE-CLUSTER-IP 192.0.2.3'
foreign >"$W/before"
unchanged() { foreign | diff "$W/before" - || fail "somebody else's rules or sets changed $1"; }

vipd lb 'podCIDRs: [10.32.0.0/24, "fd32::/64"]'
service web 'type: NodePort' 'ipFamilyPolicy: RequireDualStack' 'clusterIPs: [10.96.5.5, "fd00:10:96::5"]' 'externalIPs: [10.10.0.30, "fd10::30"]' \
	'ports: [{name: http, port: 80, nodePort: 30080}, {name: udp, port: 80, protocol: UDP}]' | apply lb - web
service solo 'clusterIP: 10.96.5.7' 'externalIPs: [10.10.0.37]' 'ports: [{port: 80}]' | sed 's/app: web/app: solo/' | apply lb - solo
service far 'type: NodePort' 'clusterIP: 10.96.5.8' 'externalIPs: [10.10.0.38]' 'externalTrafficPolicy: Local' 'ports: [{port: 80}]' | sed 's/app: web/app: far/' | apply lb - far
has lb "TCP 10.10.0.30:80" 2
has_addr lb eth0 10.10.0.30
has lb "TCP [fd10::30]:80" 2
until_ok 30 saw c http://10.10.0.30 10.32.0.1
saw c 'http://[fd10::30]' fd32::1
saw c http://172.17.0.31:30080 10.32.0.1
saw c 'http://[fd17::31]:30080' fd32::1
equal "UDP" "web-1 web-2" "$(hosts_udp c 10.10.0.30 80 6)"
saw c http://10.96.5.5 10.32.0.1
saw lb http://10.96.5.5 10.32.0.1
say "a pod that reaches itself"
saw solo http://10.96.5.7 10.32.0.1 solo
saw solo http://10.10.0.37 10.32.0.1 solo
say "traffic policy Local"
saw c http://10.10.0.38 172.17.0.100 far
contains "the set" "$(on lb ipset save VIPD-EXTERNAL-IP-LOCAL)" "10.10.0.38,tcp:80"
unchanged "at the start"

say "taken away"
on lb ipset flush VIPD-EXTERNAL-IP
on lb iptables -t nat -F PREROUTING
until_ok 30 saw c http://10.10.0.30 10.32.0.1
on lb ip6tables -t nat -F
until_ok 30 saw c 'http://[fd10::30]' fd32::1
equal "one jump" 1 "$(on lb iptables -t nat -S PREROUTING | grep -c VIPD)"
unchanged "by mending"

say "a network that has this node as gateway"
vipd_config lb 'gatewayOf: [10.32.0.0/24]' 'masqueradeBit: 20'
signal lb supervisor HUP
until_ok 30 eval 'on lb iptables -t nat -S | grep -q 0x100000/0x100000'
unapply lb far
service far 'externalIPs: [10.10.0.39]' 'ports: [{port: 80}]' | sed 's/app: web/app: far/' | apply lb - far2
until_ok 30 saw c http://10.10.0.39 172.17.0.100 far
equal "one jump" 1 "$(on lb iptables -t nat -S PREROUTING | grep -c VIPD)"
unchanged "by a change"

vipd_stop lb
unchanged "by the stop"
vipd_run lb --cleanup
without || fail "left: $(filter VIPD)"
unchanged "by the cleanup"

say "iptables-legacy, and masquerade: never"
on lb iptables -P FORWARD ACCEPT # what the other flavour drops is dropped
foreign >"$W/before"
vipd lb 'iptables: legacy'
until_ok 30 saw c http://10.10.0.30 10.32.0.1
on lb iptables-legacy -t nat -S PREROUTING | grep -q VIPD
vipd_config lb 'masquerade: never' 'refuseUnknownPorts: false' 'iptables: legacy'
signal lb supervisor HUP
until_ok 30 without
unchanged "by masquerade: never"
