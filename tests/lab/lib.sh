# lib.sh: what a scenario is written with. Sourced by tests/lab/inside in a fresh shell for each scenario; everything that a scenario starts
# ends with it. A scenario that returns normally has passed; `fail` or any failing command (set -e) ends it.
#
#   net                     the switches: outside 172.17.0.0/24 fd17::/64, inside (pods) 10.32.0.0/24 fd32::/64
#   node NAME N             a load-balancer node alone: outside .N, inside .1 (the pods' gateway), forwarding on
#   client NAME N           a host outside, routes to the VIP ranges on link
#   pod NAME N [APP [PORT]] a real server inside at .N, an HTTP and UDP server on PORT (80), and its Pod manifest (label app=APP) in
#                           every node's folder
#   pod_gone NAME           deletes the Pod's manifest
#   leg NAME N              gives a real server a second interface, outside at .N
#   vipd NODE [YAML-LINE..] starts vipd there with these lines in vipd.yaml, waits until it serves
#   apply NODE FILE|-       puts a manifest into the node's folder (renamed into place); `unapply NODE NAME`
#   vipctl NODE ARGS..      the node's vipctl
#   on NODE CMD..           CMD in that namespace;  get NODE URL: one HTTP request's answer
#   hosts NODE URL TIMES    who answers;  hosts_udp NODE ADDRESS PORT TIMES
#   has NODE "TCP 10.0.0.1:80" [N]   waits until the kernel has that virtual server (with N real servers that do not drain);  hasnt NODE KEY
#   download NODE URL       a connection that lives (GET /slow) in the background; its answer grows in $W/download; $download_pid, and $download_pod says whose
#   flows                   fails unless the download goes on; drains NODE KEY REAL: weight 0
#   until_ok SECONDS CMD..  waits until CMD succeeds
#   load NODE ADDRESS PORT  requests without pause in the background; load_end: stops it, prints and keeps the figures in $load
#   signal NODE ROLE SIG    a signal to the node's supervisor, control, ipvs, vrrp or runner
#
# Several nodes, keepalived and FRR: vrrp.sh.
set -u
. "$TOP/tests/lab/vrrp.sh"

n_ports=0
BUILD=${BUILD:-$TOP/build}
CONTROL_USER=990:990 NET_USER=991:991 SCRIPT_USER=992:992

fail() { echo "FAILED: $*" >&2; exit 1; }
say() { echo "- $*"; }
on() { local n=$1; shift; ip netns exec "$n" "$@"; }
become() { local n=$1; shift; exec ip netns exec "$n" "$@"; } # for the background: the job's pid is the program's own

until_ok() {
	local end=$((SECONDS + $1)); shift
	while ! "$@" >"$W/until.out" 2>&1; do
		if [ $SECONDS -ge $end ]; then
			cat "$W/until.out" >&2
			fail "never came true: $*"
		fi
		sleep 0.1
	done
}

# The exit status of a command that may fail; what it printed is in $W/said.
status_of() { if "$@" >"$W/said" 2>&1; then echo 0; else echo $?; fi; }
equal() { [ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"; }
contains() { case $2 in *"$3"*) ;; *) fail "$1: expected to read '$3' in: $2" ;; esac; }
lacks() { case $2 in *"$3"*) fail "$1: did not expect to read '$3' in: $2" ;; esac; }

# A guest spends more on starting a program than on what it does: one ip takes many lines.
batch() { ip -n "$1" -batch -; }
wire() { # wire NODE IFACE SWITCH: plugged in, and down
	n_ports=$((n_ports + 1))
	ip link add "port$n_ports" up master "$3" type veth peer name "$2" netns "$1"
	echo "port$n_ports" >"$W/port-$1-$2" # the switch's end: to cut a node off
}
plug() { # plug NODE IFACE SWITCH
	wire "$@"
	ip -n "$1" link set "$2" up
}
space() {
	ip netns add "$1"
	echo "$1" >>"$W/spaces"
	ip -n "$1" link set lo up
	on "$1" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.accept_ra=0
}
net() {
	local b
	for b in outside inside; do
		ip link add $b type bridge
		sysctl -qw "net.ipv6.conf.$b.disable_ipv6=1" 2>/dev/null || true
		ip link set $b up
	done
	mkdir -p "$W/nodes"
}
node() {
	space "$1"
	wire "$1" eth0 outside
	wire "$1" eth1 inside
	node_addresses "$1" "$2" "${3:-1}"
	on "$1" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.send_redirects=0 \
		net.ipv4.conf.eth0.send_redirects=0 net.ipv4.conf.eth1.send_redirects=0 net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.eth0.rp_filter=0 net.ipv4.conf.eth1.rp_filter=0
	mkdir -p "$W/nodes/$1/manifests" "$W/nodes/$1/run" "$W/nodes/$1/state" "$W/nodes/$1/scripts"
	chmod 755 "$W" "$W/nodes" "$W/nodes/$1" "$W/nodes/$1/manifests" "$W/nodes/$1/scripts"
	echo "$2" >"$W/nodes/$1/outside"; echo "${3:-1}" >"$W/nodes/$1/inside"
}
node_addresses() { # node_addresses NAME OUTSIDE INSIDE
	batch "$1" <<-END
	link set eth0 up
	link set eth1 up
	addr add 172.17.0.$2/24 dev eth0
	addr add fd17::$2/64 dev eth0 nodad
	addr add 10.32.0.$3/24 dev eth1
	addr add fd32::$3/64 dev eth1 nodad
	route replace default via 172.17.0.254
	END
}
client() {
	space "$1"
	wire "$1" eth0 outside
	batch "$1" <<-END
	link set eth0 up
	addr add 172.17.0.$2/24 dev eth0
	addr add fd17::$2/64 dev eth0 nodad
	route add 10.10.0.0/16 dev eth0
	route add fd10::/64 dev eth0
	END
}

pod_manifest() { # pod_manifest NAME N APP
	cat <<-YAML
	apiVersion: v1
	kind: Pod
	metadata:
	  name: $1
	  labels: {app: $3}
	status:
	  phase: Running
	  podIP: 10.32.0.$2
	  podIPs: [{ip: 10.32.0.$2}, {ip: "fd32::$2"}]
	  conditions: [{type: Ready, status: "True"}]
	YAML
}
pod_host() { # pod_host NAME N PORT..: the namespace and its server, no manifest
	local name=$1 n=$2; shift 2
	space "$name"
	wire "$name" eth0 inside
	batch "$name" <<-END
	link set eth0 up
	addr add 10.32.0.$n/24 dev eth0
	addr add fd32::$n/64 dev eth0 nodad
	route add default via 10.32.0.1
	route add default via fd32::1
	END
	on "$name" "$BUILD/tests/lab/pod" "$name" "$@" >>"$W/$name.log" 2>&1 &
}
pod() {
	local n
	pod_host "$1" "$2" "${4:-80}"
	for n in "$W"/nodes/*; do
		pod_manifest "$1" "$2" "${3:-web}" | apply "${n##*/}" - "pod-$1"
	done
}
leg() { # leg NAME N: a real server's own way to the clients, outside at .N: what it answers need not pass a node
	local f
	plug "$1" eth1 outside
	ip -n "$1" addr add "172.17.0.$2/24" dev eth1
	ip -n "$1" addr add "fd17::$2/64" dev eth1 nodad
	for f in all eth1; do on "$1" sysctl -qw net.ipv4.conf.$f.rp_filter=0; done
}
pod_gone() { rm -f "$W"/nodes/*/manifests/"pod-$1.yaml"; }

apply() { # apply NODE FILE|- [NAME]
	local dir="$W/nodes/$1/manifests" name
	name=${3:-$(basename "$2" .yaml)}
	cat -- "${2/#-//dev/stdin}" >"$dir/.$name.new"
	mv "$dir/.$name.new" "$dir/$name.yaml"
}
unapply() { rm "$W/nodes/$1/manifests/$2.yaml"; }

vipd_run() { # vipd_run NODE [ARGS..]: vipd in the foreground with that node's places
	local n=$1; shift
	${ON:-on} "$n" "$BUILD/vipd" -c "$W/nodes/$n/vipd.yaml" --run-dir "$W/nodes/$n/run" --state-dir "$W/nodes/$n/state" \
		--control-socket "$W/nodes/$n/run/vipd.sock" --scripts-dir "$W/nodes/$n/scripts" --user-control $CONTROL_USER --user-net $NET_USER --user-script $SCRIPT_USER "$@"
}
vipd_config() {
	local n=$1; shift
	{
		echo "manifests: $W/nodes/$n/manifests"
		echo "nodeName: $n"
		echo "interface: eth0"
		[ $# -eq 0 ] || printf '%s\n' "$@"
	} >"$W/nodes/$n/vipd.yaml"
	chmod 644 "$W/nodes/$n/vipd.yaml"
}
vipd_launch() { # starts, does not wait
	ON=${ON:-become} vipd_run "$1" -f --log-level "${LOG_LEVEL:-debug}" --log-format "${LOG_FORMAT:-auto}" >>"$W/nodes/$1/log" 2>&1 &
	echo $! >"$W/nodes/$1/pid"
}
vipd() {
	vipd_config "$@"
	vipd_launch "$1"
	vipd_serves "$1"
}
vipd_serves() { until_ok 60 vipctl "$1" status; }
vipctl() { local n=$1; shift; on "$n" "$BUILD/vipctl" --control-socket "$W/nodes/$n/run/vipd.sock" "$@"; }
vipd_pid() { # vipd_pid NODE [ROLE]
	local sup p
	sup=$(cat "$W/nodes/$1/pid")
	case ${2:-supervisor} in
	supervisor) echo "$sup" ;;
	*)
		for p in $(cat "/proc/$sup/task/$sup/children" 2>/dev/null); do
			if tr '\0' ' ' <"/proc/$p/cmdline" | grep -q "vipd: $2"; then echo "$p"; return; fi
			if [ "$(cat "/proc/$p/comm" 2>/dev/null)" = "vipd-$2" ]; then echo "$p"; return; fi
		done
		echo "no process $2 on $1" >&2; return 1 ;; # not fail: until_ok may call it in this shell
	esac
}
signal() { local p; p=$(vipd_pid "$1" "$2"); kill "-$3" "$p"; }
vipd_stopped() { until_ok 30 not kill -0 "$(cat "$W/nodes/$1/pid")"; }
vipd_stop() { kill -TERM "$(cat "$W/nodes/$1/pid")"; vipd_stopped "$1"; }
not() { ! "$@"; }

# The kernel's table as ipvsadm prints it: "TCP  10.0.0.1:80 rr" and "  -> 10.32.0.5:80 Masq 1 ...".
kernel_table() { on "$1" ipvsadm -Ln; }
kernel_reals() { # kernel_reals NODE "TCP 10.0.0.1:80": one line a real server; fails if there is no such virtual server
	kernel_table "$1" | awk -v p="${2%% *}" -v a="${2#* }" '
		$1 == "TCP" || $1 == "UDP" || $1 == "SCTP" { mine = $1 == p && $2 == a; seen += mine; next }
		mine && $1 == "->" { print $2, $3, $4 }
		END { exit !seen }'
}
table_has() { # what drains, of weight 0, does not count
	local reals in_service
	reals=$(kernel_reals "$1" "$2") || { echo "no virtual server $2"; kernel_table "$1"; return 1; }
	in_service=$(printf '%s\n' "$reals" | awk '$3 > 0 { n++ } END { print n + 0 }')
	if [ -n "${3:-}" ]; then
		[ "$in_service" = "$3" ] || { echo "$2 has: $reals"; return 1; }
	else
		[ -z "$reals" ] || [ "$in_service" != 0 ] || { echo "$2 only drains: $reals"; return 1; }
	fi
}
has() { until_ok 30 table_has "$@"; }
hasnt() { until_ok 30 not table_has "$@"; }
addr_on() { on "$1" ip -o addr show dev "$2" | grep -q " ${3//./\\.}/"; }
has_addr() { until_ok 30 addr_on "$@"; }
hasnt_addr() { until_ok 30 not addr_on "$@"; }

get() { on "$1" curl -s -g -m 10 "$2"; }
# hosts NODE http://ADDRESS[:PORT]/ TIMES: the names that answered, sorted, once each, on one line.
hosts() {
	local rest=${2#http://} address port=80
	rest=${rest%/}
	case $rest in
	\[*\]:*) address=${rest%]:*} address=${address#[} port=${rest##*]:} ;;
	\[*\]) address=${rest#[} address=${address%]} ;;
	*:*) address=${rest%:*} port=${rest##*:} ;;
	*) address=$rest ;;
	esac
	on "$1" "$BUILD/tests/lab/ask" "$address" "$port" "$3"
}
hosts_udp() { on "$1" "$BUILD/tests/lab/ask" -u "$2" "$3" "$4"; }
get_ok() { [ "$(hosts "$1" "$2" 1)" != no-answer ]; }

download() {
	: >"$W/download"
	become "$1" curl -s -g -N -m 300 "${2}slow" >"$W/download" 2>&1 &
	download_pid=$!
	until_ok 20 grep -q '[a-z]' "$W/download"
	download_pod=$(grep -o '[a-z]*-[0-9]*' "$W/download" | head -n 1)
}
flows() {
	local size
	size=$(stat -c %s "$W/download")
	until_ok 10 eval '[ "$(stat -c %s "$W/download")" -gt '"$size"' ]'
	kill -0 "$download_pid" || fail "the download has ended"
}
drains() { kernel_reals "$1" "$2" | grep -q "^$(printf %s "$3" | sed 's/[].[]/\\&/g') [A-Za-z]* 0$"; }

load() { # load NODE [-u] [-p MS] ADDRESS PORT
	local n=$1; shift
	become "$n" "$BUILD/tests/lab/load" "$@" "$W/load.out" 2>"$W/load.err" &
	load_pid=$!
	sleep 0.5
}
load_end() {
	kill -TERM "$load_pid"
	wait "$load_pid" || true
	load=$(cat "$W/load.out")
	say "load: $load"
	cat "$W/load.err"
}
no_error() { load_end; contains "load" "$load" " errors 0 "; }
# kill_under_load ROLE: one node, a Service on a VIP, SIGKILL of that process twice under load: it is started again, no request fails, the table and the
# address stay, and later changes arrive.
kill_under_load() {
	local role=$1 old round
	net; node lb 31; client c 100
	pod web-1 5; pod web-2 6
	vipd lb
	service web 'externalIPs: [10.10.0.30]' 'ports: [{port: 80}]' | apply lb - web
	has lb "TCP 10.10.0.30:80" 2
	has_addr lb eth0 10.10.0.30
	until_ok 30 get_ok c http://10.10.0.30/
	load c 10.10.0.30 80
	for round in 1 2; do
		old=$(vipd_pid lb "$role")
		signal lb "$role" KILL
		until_ok 30 another_pid lb "$role" "$old"
		vipd_serves lb
	done
	no_error
	addr_on lb eth0 10.10.0.30
	table_has lb "TCP 10.10.0.30:80" 2
	service two 'externalIPs: [10.10.0.31]' 'ports: [{port: 80}]' | apply lb - two
	has lb "TCP 10.10.0.31:80" 2
	has_addr lb eth0 10.10.0.31
}
another_pid() { # another_pid NODE ROLE OLD: that process runs and is not OLD
	local p
	p=$(vipd_pid "$1" "$2" 2>/dev/null) && [ -n "$p" ] && [ "$p" != "$3" ]
}
capture() { # capture NODE IFACE FILE FILTER..
	local n=$1 i=$2 f=$3; shift 3
	become "$n" tcpdump -Uni "$i" -w "$f" "$@" >"$W/tcpdump.log" 2>&1 &
	until_ok 10 grep -q 'listening on' "$W/tcpdump.log"
}
captured() { tcpdump -nr "$1" 2>/dev/null; }
status() { vipctl "$1" status -o json | python3 -IS -c 'import json,sys
v = json.load(sys.stdin)
for k in sys.argv[1].split("."): v = v[k]
print(v)' "$2"; }
service() { # service NAME [SPEC-LINE..]: a Service manifest on standard output, selector app=web
	local name=$1; shift
	printf 'apiVersion: v1\nkind: Service\nmetadata: {name: %s}\nspec:\n  selector: {app: web}\n' "$name"
	printf '  %s\n' "$@"
}
