# SIGTERM withdraws the VIPs and leaves NAT virtual servers; --cleanup removes the rest, and nothing else. Settings of the kernel are what they were before,
# over a death of ipvs too, but for what somebody else has changed since. Who keeps changing one is told of; IPv6 forwarding is told, not set.
net; node lb 31
pod web-1 5; pod web-2 6
settings() { on lb sysctl -n net.ipv4.vs.conntrack net.ipv4.vs.expire_nodest_conn net.ipv4.vs.expire_quiescent_template \
	net.ipv4.vs.sloppy_tcp net.ipv4.ip_forward | paste -sd' '; }
others() { on lb sysctl -n net.ipv4.conf.all.arp_ignore net.ipv4.conf.all.arp_announce net.ipv4.conf.all.rp_filter \
	net.ipv4.ip_nonlocal_bind net.ipv6.ip_nonlocal_bind | paste -sd' '; }
on lb sysctl -qw net.ipv4.vs.expire_nodest_conn=1 net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
on lb sysctl -qw net.ipv4.conf.all.rp_filter=1
equal "before" "0 1 0 0 0" "$(settings)"
equal "before" "0 0 1 0 0" "$(others)"
vipd lb 'vipConfigMap: kube-system/vip-configmap'
until_ok 10 eval '[ "$(settings)" = "1 1 1 0 0" ]'
signal lb ipvs KILL
service web 'externalIPs: [10.10.0.40]' 'clusterIP: 10.96.9.10' 'ports: [{port: 80}]' | apply lb - web
has lb "TCP 10.10.0.40:80" 2
has_addr lb eth0 10.10.0.40
equal "clients from outside, real servers of NAT" "0 0 2 0 0" "$(others)"
apply lb - map <<'YAML'
apiVersion: v1
kind: ConfigMap
metadata: {name: vip-configmap, namespace: kube-system}
data: {"10.10.0.41": "", "fd10--41": "", "10.10.0.42": "default/direct:DR"}
YAML
until_ok 10 eval '[ "$(others)" = "0 0 2 1 1" ]'
service direct 'clusterIP: 10.96.9.12' 'ports: [{port: 80}]' | apply lb - direct
until_ok 10 eval '[ "$(others)" = "1 2 2 1 1" ]'
unapply lb direct
until_ok 10 eval '[ "$(settings)" = "1 1 1 0 1" ]'
become lb sh -c 'while :; do sysctl -qw net.ipv4.ip_forward=0; sleep 0.2; done' &
puller=$!
until_ok 10 eval '[ "$(settings)" = "1 1 1 0 0" ]'
service hash 'clusterIPs: ["fd00:10:96::11"]' 'ipFamilies: [IPv6]' 'ports: [{port: 80}]' |
	sed 's|name: hash|name: hash, annotations: {vipd.io/scheduler: mh}|' | apply lb - hash
until_ok 20 eval 'vipctl lb status | grep -q "another program keeps changing net.ipv4.ip_forward"'
kill $puller
contains "counted" "$(get lb http://127.0.0.1:10252/metrics | grep 'healed_total{kind="kernelSetting"} [1-9]')" vipd_drift
until_ok 30 eval '[ "$(settings)" = "1 1 1 1 1" ]'
contains "IPv6 forwarding" "$(vipctl lb status)" "net.ipv6.conf.all.forwarding is 0, not 1"
on lb ipvsadm -A -t 10.99.9.9:99
equal "refused while vipd runs" 77 "$(status_of vipd_run lb --cleanup)"
vipd_stop lb
on lb sysctl -qw net.ipv4.vs.expire_quiescent_template=2
hasnt_addr lb eth0 10.10.0.40
table_has lb "TCP 10.10.0.40:80" 2
vipd_run lb --cleanup
not table_has lb "TCP 10.10.0.40:80"
table_has lb "TCP 10.99.9.9:99"
not ip -n lb link show vipd0
equal "what vipd set is what it was" "0 1 2 0 0" "$(settings)"
equal "of interfaces and binding too" "0 0 1 0 0" "$(others)"
equal "and what it does not" 0 "$(on lb sysctl -n net.ipv6.conf.all.forwarding)"
addr_on lb eth0 172.17.0.31

# Where the kernel's settings can only be read, as in a container, all else works and each that is not as it should be is told.
read_only() {
	local n=$1; shift
	become "$n" unshare -m sh -c 'mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && exec "$@"' sh "$@"
}
ON=read_only vipd lb
has lb "TCP 10.10.0.40:80" 2
contains "read-only" "$(vipctl lb status)" "net.ipv4.vs.conntrack is 0, not 1: it cannot be set: Read-only file system"
