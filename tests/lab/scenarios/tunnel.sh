# Forwarding TUN by ipip, gre and gue, IPv4 and IPv6: real servers on another network than the clients' answer them directly. A long upload meets the tunnel's
# smaller MTU; explain names a real server that lacks the address, and what the tunnel leaves of the MTU.
net; node lb 31; client c 100
pod web-1 5; pod web-2 6
for i in 1 2; do
	leg web-$i 4$i
	for d in tunl0 gre0 ip6tnl0 ip6gre0; do ip -n web-$i link set $d up; done
	ip -n web-$i fou add port 6080 gue
	ip -n web-$i fou add port 6080 gue -6
	on web-$i sh -c 'for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done'
	on web-$i sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
	for d in ipip:1 gre:2 gue:3; do
		ip -n web-$i addr add 10.10.4.${d#*:}/32 dev lo
		ip -n web-$i addr add fd10::4:${d#*:}/128 dev lo nodad
	done
	on web-$i tests/lab/upload.py serve web-$i 81 >"$W/upload-$i.log" 2>&1 &
done
on lb sysctl -qw net.ipv4.ip_forward=0
vipd lb 'manageSysctls: false'
tunnel() { # tunnel KIND N
	printf '%s\n' 'apiVersion: v1' 'kind: Service' "metadata: {name: $1, annotations: {vipd.io/forward-method: TUN, vipd.io/tunnel: $1}}" 'spec:' '  selector: {app: web}' \
		'  ipFamilyPolicy: RequireDualStack' "  clusterIPs: [10.96.4.$2, 'fd00:10:96::4:$2']" "  externalIPs: [10.10.4.$2, 'fd10::4:$2']" \
		'  ports: [{name: http, port: 80}, {name: upload, port: 81}]' | apply lb - "$1"
}
tunnel ipip 1; tunnel gre 2; tunnel gue 3
for n in 1 2 3; do
	has lb "TCP 10.10.4.$n:80" 2; has lb "TCP [fd10::4:$n]:80" 2; has lb "TCP 10.10.4.$n:81" 2
	has_addr lb eth0 10.10.4.$n; has_addr lb eth0 fd10::4:$n
	contains "forwarding" "$(kernel_reals lb "TCP 10.10.4.$n:80")" "Tunnel"
	equal "IPv4, $n" "web-1 web-2" "$(hosts c http://10.10.4.$n/ 6)"
	equal "IPv6, $n" "web-1 web-2" "$(hosts c "http://[fd10::4:$n]/" 6)"
done
uploads() { local n a; for n in 1 2 3; do for a in 10.10.4.$n fd10::4:$n; do upload $a || fail "$1: an upload to $a"; done; done; }
upload() { [[ $(on c timeout "${2:-10}" tests/lab/upload.py send "$1" 81 300000) = *" 300000 from "* ]]; }
uploads "1,500 bytes"
equal "all that without forwarding here" 0 "$(on lb sysctl -n net.ipv4.ip_forward)"

# Long frames on the clients' network: what is 9,000 bytes long there has no room inside. The kernel tells the client (by ICMP), which sends shorter ones.
ip link set outside mtu 9000
for e in lb:eth0 c:eth0 web-1:eth1 web-2:eth1; do
	ip link set "$(cat "$W/port-${e%:*}-${e#*:}")" mtu 9000
	ip -n ${e%:*} link set ${e#*:} mtu 9000
done
forget() { on c ip route flush cache; on c ip -6 route flush cache; } # what the client has learnt of paths
forget
on c ping -q -c 1 -W 2 -M do -s 8972 10.10.4.1 >/dev/null
on c ping -q -c 1 -W 2 -M do -s 8952 fd10::4:1 >/dev/null
uploads "9,000 bytes"

# Nobody tells the client: nothing gets through, until the real servers ask for segments that fit (packaging/doc/recipes.md).
forget
on lb iptables -I OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP
on lb ip6tables -I OUTPUT -p icmpv6 --icmpv6-type packet-too-big -j DROP
for a in 10.10.4.3 fd10::4:3; do not upload $a 3 2>/dev/null || fail "an upload of long packets went through the tunnel without a word of ICMP"; done
for i in 1 2; do
	ip -n web-$i route change 172.17.0.0/24 dev eth1 advmss 1428
	ip -n web-$i -6 route add fd17::/64 dev eth1 metric 1 advmss 1388
done
uploads "clamped"

# A real server that lacks the address.
for i in 1 2; do ip -n web-$i addr del 10.10.4.2/32 dev lo; done
explained() { vipctl lb explain 10.10.4.2:80 >"$W/said"; grep -q "needs the address on lo, a tunnel device" "$W/said"; }
until_ok 20 eval 'get c http://10.10.4.2/ & get c http://10.10.4.2/ & sleep 1; explained'
