# vrrp.sh: what the scenarios of several nodes are written with; sourced by lib.sh.
#
#   lb NAME N               a load-balancer node of several: outside .N, inside .N (the pods' gateway .1 is a VIP); answers its name by UDP on port 7
#   router PRIORITY [FIELD: VALUE..] [-- [FIELD: VALUE..]]..   vipd.yaml's line of virtual routers: vips, VRID 50, eth0, IPv4, 1 s, 10.10.0.1; after each
#                           -- another one: vips1, 51, 10.10.0.2 and so on
#   routers PRIORITY [FIELD: VALUE..]  vips and, in the same sync group, gateway: VRID 60, eth1, 10.32.0.1
#   keepalived NODE PRIORITY [LINE..] [-- [LINE..]]..   keepalived there with the same virtual routers; a LINE takes the place of the default of its first
#                           word; keepalived_stop NODE SIG
#   frr NODE PRIORITY [VERSION:ADDRESS..]   FRR's zebra and vrrpd there, the same virtual routers (3:10.10.0.1); frr_stop NODE
#   has_refused NODE ROUTER REASON  that router has refused an advertisement for it
#   cut NODE [IFACE..]      nothing passes the switch's port any more, the carrier stays; uncut NODE [IFACE..]
#   carrier NODE IFACE up|down  the other end of the cable
#   crash NODE              cut, and SIGKILL of all that runs there;  reboot NODE: what the kernel had is gone, the links are back
#   owner ADDRESS           who answers the client c on port 7; holders ADDRESS: the nodes on the network that have the address
#   until_owner NODE ADDRESS [SECONDS (90)]  waits until that node, and no other, holds it and answers
#   stays NODE ADDRESS SECONDS  that node goes on answering, and no other (a slow machine's stall may be one look long)
#   role NODE [ROUTER]      as vipctl get vrrp says it: Active, Backup, Fault, Initialize
#   direct POD..            real servers of 10.10.4.4 by DR: they have it, and a way to the client; direct_service [PORTS]: their Service, lb1 and lb2 have it
#   gap_under MS, errors_under N  what the load tool saw

declare -A cut=()

lb() {
	node "$1" "$2" "$2"
	on "$1" "$BUILD/tests/lab/pod" "$1" 7 >>"$W/$1.log" 2>&1 &
}
fields() { # fields DEFAULT.. -- FIELD..: joined by commas
	local out= f defaults=()
	while [ "$1" != -- ]; do defaults+=("$1"); shift; done
	shift
	for f in "${defaults[@]}"; do case " $*" in *" ${f%%:*}:"*) ;; *) out+="$f, " ;; esac; done
	for f; do out+="$f, "; done
	echo "${out%, }"
}
parts() { # parts CMD.. -- [WORD..] [-- [WORD..]]..: CMD.. N WORD.. for each
	local cmd=() part n=0
	while [ "$1" != -- ]; do cmd+=("$1"); shift; done
	while [ $# -gt 0 ]; do
		shift
		part=()
		while [ $# -gt 0 ] && [ "$1" != -- ]; do part+=("$1"); shift; done
		"${cmd[@]}" $n "${part[@]}"
		n=$((n + 1))
	done
}
router_of() { # router_of PRIORITY N [FIELD: VALUE..]
	local p=$1 n=$2; shift 2
	echo "{$(fields "name: vips${n#0}" "vrid: $((50 + n))" 'interface: eth0' 'family: IPv4' 'interval: 1s' "priority: $p" \
		"addresses: [10.10.0.$((n + 1))/32]" -- "$@")}"
}
router() {
	local p=$1; shift
	echo "routers: [$(parts router_of "$p" -- "$@" | paste -sd,)]"
}
routers() {
	local p=$1; shift
	router "$p" 'group: pair' "$@" -- 'name: gateway' 'vrid: 60' 'interface: eth1' 'group: pair' 'addresses: [10.32.0.1/32]' "$@"
}

instance() { # instance PRIORITY N [LINE..]
	local p=$1 n=$2 line; shift 2
	echo "vrrp_instance vips${n#0} {"
	printf ' %s\n' 'state BACKUP' 'interface eth0' "priority $p"
	for line in 'version 3' 'advert_int 1' "virtual_router_id $((50 + n))" "virtual_ipaddress { 10.10.0.$((n + 1))/32 }"; do
		case " $* " in *" ${line%% *} "*) ;; *) printf ' %s\n' "$line" ;; esac
	done
	[ $# = 0 ] || printf ' %s\n' "$@"
	echo '}'
}
keepalived() {
	local n=$1 p=$2 d="$W/nodes/$1"; shift 2
	{
		printf 'global_defs {\n router_id %s\n vrrp_garp_master_delay 1\n}\n' "$n"
		parts instance "$p" -- "$@"
	} | sed 's/{ /{\n/; s/ }/\n}/; s/, /\n/g' >"$d/keepalived.conf"
	rm -f "$d"/*.pid
	become "$n" keepalived -n -l -D -P -f "$d/keepalived.conf" -p "$d/keepalived.pid" \
		-r "$d/keepalived-vrrp.pid" >>"$d/log" 2>&1 &
	until_ok 30 eval "kill -0 \$(cat $d/keepalived-vrrp.pid)"
}
keepalived_stop() { kill "-${2:-TERM}" "$(cat "$W/nodes/$1/keepalived.pid")"; until_ok 30 not kill -0 "$(cat "$W/nodes/$1/keepalived.pid")"; }

# FRR makes no device: a macvlan holds the addresses all the time and is down (protodown) while Backup.
frr_device() { # frr_device NODE N ADDRESS
	local dev=frr$2 mac mode=none
	mac=00:00:5e:00:01:$(printf %02x $((50 + $2)))
	case $3 in *:*) mac=${mac/:01:/:02:} mode=random ;; esac
	ip -n "$1" link add "$dev" link eth0 address "$mac" type macvlan mode bridge
	on "$1" sysctl -qw net.ipv4.conf.eth0.arp_ignore=1 "net.ipv4.conf.$dev.rp_filter=0" "net.ipv6.conf.$dev.accept_dad=0"
	batch "$1" <<-END
	link set $dev addrgenmode $mode
	addr add $3 dev $dev $([ $mode = none ] || echo nodad)
	link set $dev up
	END
}
frr() {
	local n=$1 p=$2 d="$W/nodes/$1" s i=(--log stdout) at=0 r; shift 2
	[ $# -gt 0 ] || set -- 3:10.10.0.1
	s=$d/frr
	mkdir -p "$s"
	printf 'hostname %s\ninterface eth0\n' "$n" >"$s/vrrpd.conf"
	for r; do
		frr_device "$n" $at "${r#*:}"
		printf " vrrp $((50 + at)) %s\n" "version ${r%%:*}" "priority $p" 'advertisement-interval 1000' \
			"$(case ${r#*:} in *:*) echo ipv6 ;; *) echo ip ;; esac) ${r#*:}" >>"$s/vrrpd.conf"
		at=$((at + 1))
	done
	echo "hostname $n" >"$s/zebra.conf"
	chown -R frr:frr "$s"
	chmod 755 "$s"
	become "$n" /usr/lib/frr/zebra "${i[@]}" -f "$s/zebra.conf" -i "$s/zebra.pid" -z "$s/zserv.api" --vty_socket "$s" -u frr -g frr >>"$d/log" 2>&1 &
	until_ok 30 test -S "$s/zserv.api"
	become "$n" /usr/lib/frr/vrrpd "${i[@]}" -f "$s/vrrpd.conf" -i "$s/vrrpd.pid" -z "$s/zserv.api" --vty_socket "$s" -u frr -g frr >>"$d/log" 2>&1 &
	until_ok 30 test -s "$s/vrrpd.pid"
}
frr_stop() { local d="$W/nodes/$1/frr"; kill -TERM "$(cat "$d/vrrpd.pid")"; until_ok 30 not kill -0 "$(cat "$d/vrrpd.pid")"; }

cut() {
	local n=$1 i; shift
	[ $# -gt 0 ] || { set -- eth0 eth1; cut[$n]=1; }
	for i; do ip link set "$(cat "$W/port-$n-$i")" nomaster; done
}
uncut() {
	local n=$1 i; shift
	[ $# -gt 0 ] || { set -- eth0 eth1; unset "cut[$n]"; }
	for i; do
		case $i in eth0) ip link set "$(cat "$W/port-$n-$i")" master outside ;; *) ip link set "$(cat "$W/port-$n-$i")" master inside ;; esac
	done
}
carrier() { ip link set "$(cat "$W/port-$1-$2")" "$3"; }
crash() {
	cut "$1"
	disown "$(cat "$W/nodes/$1/pid" 2>/dev/null)" 2>/dev/null || true # or the shell tells of the death
	kill -KILL $(ip netns pids "$1") 2>/dev/null || true # some end with their parent
}
reboot() {
	local n=$1 d
	for d in $(ip -n "$n" -o link show type macvlan | sed 's/^[0-9]*: \([^@:]*\).*/\1/') vipd0; do ip -n "$n" link del "$d" 2>/dev/null || true; done
	for d in eth0 eth1; do ip -n "$n" addr flush dev $d; ip -n "$n" link set $d down; ip -n "$n" link set $d up; done
	node_addresses "$n" "$(cat "$W/nodes/$n/outside")" "$(cat "$W/nodes/$n/inside")"
	on "$n" ipvsadm -C 2>/dev/null || true
	rm -rf "$W/nodes/$n/run" "$W/nodes/$n"/*.pid "$W/nodes/$n/frr"
	mkdir -p "$W/nodes/$n/run"
	uncut "$n"
	on "$n" "$BUILD/tests/lab/pod" "$n" 7 >>"$W/$n.log" 2>&1 &
}

owner() { hosts_udp c "$1" 7 1; }
holders() {
	local n out=
	for n in "$W"/nodes/*; do
		n=${n##*/}
		[ -z "${cut[$n]:-}" ] || continue
		[ -z "$(ip -n "$n" -o addr show to "$1" up scope global | grep -v ' frr[0-9] ')" ] && ! frr_holds "$n" "$1" || out+=" $n"
	done
	echo "${out# }"
}
frr_holds() { # the macvlan that has the address is not held down
	local dev
	dev=$(ip -n "$1" -o addr show to "$2" | grep -o ' frr[0-9] ') && ip -n "$1" -o link show dev "${dev// /}" | grep -q 'state UP'
}
owns() { # owns NODE ADDRESS
	local h o
	h=$(holders "$2")
	[ "$h" = "$1" ] || { echo "$2 is held by: $h"; return 1; }
	o=$(owner "$2")
	[ "$o" = "$1" ] || { echo "$2 is answered by: $o"; return 1; }
}
until_owner() { until_ok "${3:-90}" owns "$1" "$2"; }
stays() {
	local end=$((SECONDS + $3))
	while [ $SECONDS -lt $end ]; do
		owns "$1" "$2" >"$W/stays" || { sleep 1; owns "$1" "$2" >"$W/stays"; } || fail "not kept by $1: $(cat "$W/stays")"
		sleep 0.3
	done
}
role() {
	vipctl "$1" get vrrp -o json | python3 -IS -c 'import json,sys
print(*[i["status"]["state"] for i in json.load(sys.stdin)["items"] if i["metadata"]["name"] == sys.argv[1]])' "${2:-vips}"
}
is_role() { local r; r=$(role "$1" "${3:-vips}"); [ "$r" = "$2" ] || { echo "$1 ${3:-vips} is: $r"; return 1; }; }
until_role() { until_ok 60 is_role "$@"; } # until_role NODE ROLE [ROUTER]
has_refused() {
	vipctl "$1" get vrrp -o json | python3 -IS -c 'import json,sys
sys.exit(not any(i["status"]["refused"].get(sys.argv[2]) for i in json.load(sys.stdin)["items"] if i["metadata"]["name"] == sys.argv[1]))' "$2" "$3"
}

load_word() { printf '%s\n' "$load" | sed "s/.*$1 \([0-9]*\).*/\1/"; }
gap_under() { local g; g=$(load_word longest_gap_ms); [ "$g" -lt "$1" ] || fail "no answer for $g ms (at most $1)"; }
errors_under() { local e; e=$(load_word errors); [ "$e" -lt "$1" ] || fail "$e errors (fewer than $1)"; }

direct() { # direct POD..: web-N is 172.17.0.4N outside
	local p
	for p; do
		plug "$p" eth1 outside
		ip -n "$p" addr add "172.17.0.4${p##*-}/24" dev eth1
		on "$p" sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth1.rp_filter=0
		ip -n "$p" addr add 10.10.4.4/32 dev lo
	done
}
direct_service() {
	local n ports=${1:-[{port: 80\}]}
	for n in lb1 lb2; do
		apply $n - web <<YAML
apiVersion: v1
kind: Service
metadata: {name: web, annotations: {k8s.co/keepalived-forward-method: DR}}
spec: {type: LoadBalancer, loadBalancerIP: 10.10.4.4, clusterIP: 10.96.4.4, selector: {app: web}, ports: $ports}
YAML
		has $n "TCP 10.10.4.4:80" 2
	done
}
