# vipctl's reading verbs on a real kernel. explain: what is broken, one thing after another, is named, and nothing else; with it mended nothing is.
net; node lb 31; client c 100
pod web-1 5; pod web-2 6
vipd lb 'pools: [{name: default, addresses: [10.10.0.0/26]}]' 'masquerade: never' 'manageSysctls: false'
service web 'type: LoadBalancer' 'clusterIP: 10.96.0.7' 'ports: [{port: 80}]' | apply lb - web
has lb "TCP 10.10.0.1:80" 2
has_addr lb eth0 10.10.0.1
equal "who answers" "web-1 web-2" "$(hosts c http://10.10.0.1/ 6)"

reasons() { vipctl lb explain -o json "$@" | sed -n '/^    "findings": \[$/,/^    \]/s/.*"reason": "\(.*\)".*/\1/p' | paste -sd' '; }
says() { local got; got=$(reasons "${@:2}"); [ "$got" = "$1" ] || { echo "expected '$1', got '$got'"; vipctl lb explain "${@:2}"; return 1; }; }
named() { until_ok 30 says "$@"; }

named "" 10.10.0.1:80 --from 172.17.0.100
equal "well" 0 "$(status_of vipctl lb explain 10.10.0.1:80)"
contains "the Service" "$(cat "$W/said")" "default/web, type LoadBalancer"
contains "endpoints" "$(cat "$W/said")" "2 of 2 in use, from Pods that match app=web"
contains "the kernel" "$(cat "$W/said")" "10.32.0.5:80  NAT, weight 1"
named NoService 10.10.0.9:80
equal "broken" 1 "$(status_of vipctl lb explain 10.10.0.9:80)"
equal "a wrong line" 2 "$(status_of vipctl lb explain 10.10.0.9)"
named NoSuchPort 10.10.0.1:81
named NoSuchPort 10.10.0.1:80/UDP

on lb sysctl -qw net.ipv4.ip_forward=0
named ForwardingOff 10.10.0.1:80
on lb sysctl -qw net.ipv4.ip_forward=1
on lb sysctl -qw net.ipv4.conf.eth0.rp_filter=1
ip -n lb route add 198.51.100.0/24 via 10.32.0.5
named "" 10.10.0.1:80 --from 172.17.0.100
named ReversePath 10.10.0.1:80 --from 198.51.100.7
on lb sysctl -qw net.ipv4.conf.eth0.rp_filter=0
ip -n lb route add blackhole 10.32.0.6/32
named NoRoute 10.10.0.1:80
ip -n lb route del blackhole 10.32.0.6/32
named "ClientBesideRealServer ClientIsRealServer" 10.10.0.1:80 --from 10.32.0.5

# Answers that take another way, then nobody on the link.
ip -n web-2 route replace 172.17.0.0/24 via 10.32.0.77
unapply lb pod-web-1
has lb "TCP 10.10.0.1:80" 1
get c http://10.10.0.1/ || true
named NoAnswers 10.10.0.1:80
ip -n web-2 link set eth0 down
on lb ip neigh flush dev eth1
until_ok 30 eval 'get c http://10.10.0.1/; says "Unreachable NoAnswers" 10.10.0.1:80'
ip -n web-2 link set eth0 up

pod_manifest web-2 6 web | sed 's/"True"/"False"/' | apply lb - pod-web-2
named NotReady 10.10.0.1:80
unapply lb pod-web-2
named NoEndpoints 10.10.0.1:80
contains "what to do" "$(vipctl lb explain 10.10.0.1:80 || true)" "compare the selector with the Pods' labels"
pod_manifest web-1 5 web | apply lb - pod-web-1
named "" 10.10.0.1:80

apply lb - dr <<'YAML'
apiVersion: v1
kind: Service
metadata: {name: dr, annotations: {k8s.co/keepalived-forward-method: DR}}
spec: {type: LoadBalancer, loadBalancerIP: 10.10.0.4, clusterIP: 10.96.0.4, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
YAML
named PortMismatch 10.10.0.4:80
unapply lb dr
service gone 'externalIPs: [10.10.0.1]' 'clusterIP: 10.96.0.8' 'ports: [{port: 80}]' | apply lb - gone
until_ok 30 eval 'vipctl lb status | grep -q Conflict'
contains "whose it is" "$(vipctl lb explain 10.10.0.1:80)" "default/web"
unapply lb gone

ip -n lb link set eth0 down
named InterfaceDown 10.10.0.1:80
ip -n lb link set eth0 up
named "" 10.10.0.1:80

# describe: kubectl's lines, then vipd's.
said=$(vipctl lb describe svc web)
for part in 'Name:                     web' 'Type:                     LoadBalancer' 'LoadBalancer Ingress:     10.10.0.1 (VIP)' \
	'Endpoints:                10.32.0.5:80' 'Addresses:                10.10.0.1, held here, owner lb' 'TCP 10.10.0.1:80 rr, ' \
	'10.32.0.5:80   NAT       1 ' 'Events:'; do
	contains "describe" "$said" "$part"
done
contains "a virtual server" "$(vipctl lb describe vs 10.10.0.1:80)" "Service:                  default/web"
contains "an address" "$(vipctl lb describe vip 10.10.0.1)" "State:                    held"
equal "unknown" 1 "$(status_of vipctl lb describe svc nobody)"
contains "names for the shells" "$(on lb "$BUILD/vipctl" __complete --control-socket "$W/nodes/lb/run/vipd.sock" describe svc w)" web

# check looks at what vipd runs with; diff tells what a file would change, and that nothing is left once it is there.
contains "check" "$(vipctl lb check)" "no errors"
service new 'externalIPs: [10.10.0.50]' 'clusterIP: 10.96.0.50' 'ports: [{port: 80}]' >"$W/new.yaml"
equal "it would change" 1 "$(status_of vipctl lb diff -f "$W/new.yaml")"
contains "an address" "$(cat "$W/said")" "+ip address 10.10.0.50/32 dev eth0"
contains "a virtual server" "$(cat "$W/said")" "+-A -t 10.10.0.50:80 -s rr"
contains "a real server" "$(cat "$W/said")" "+-a -t 10.10.0.50:80 -r 10.32.0.5:80 -m -w 1"
lacks "what stays" "$(cat "$W/said")" "10.10.0.1:80"
apply lb "$W/new.yaml" new
has lb "TCP 10.10.0.50:80" 1
equal "nothing would" 0 "$(status_of vipctl lb diff -f "$W/new.yaml")"
printf 'apiVersion: v1\nkind: Service\nmetadata: {name: bad}\nspec: {ports: [{port: 65536}]}\n' >"$W/bad.yaml"
equal "an error" 2 "$(status_of vipctl lb diff -f "$W/bad.yaml")"
apply lb "$W/bad.yaml" bad
equal "an error in the folder" 1 "$(status_of vipctl lb check -o json)"
python3 -c 'import json,sys; (f,) = json.load(open(sys.argv[1])); assert (f["line"], f["column"], f["severity"]) == (4, 23, "error"), f' "$W/said"
unapply lb bad

# top: what the client does is counted for the virtual server and the real server that has it.
load c -p 5 10.10.0.1 80
top=$(vipctl lb top -d 2 -n 1)
load_end
contains "the busiest first" "$(sed -n 2p <<<"$top")" "TCP 10.10.0.1:80"
contains "the real server" "$(sed -n 3p <<<"$top")" "-> 10.32.0.5:80"
awk 'NR == 2 && ($6 < 1 || $7 < 1 || $9 < 10) { exit 1 } NR == 3 && ($6 < 1 || $8 < 1) { exit 1 }' <<<"$top" || fail "rates: $top"
lacks "no colour in a pipe" "$top" $'\033'
