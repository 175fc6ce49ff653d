# SIGTERM withdraws the VIPs and leaves NAT virtual servers; --cleanup removes the rest, and nothing else. Settings of the kernel are what they were before,
# over a death of ipvs too, but for what somebody else has changed since.
net; node lb 31
pod web-1 5; pod web-2 6
settings() { on lb sysctl -n net.ipv4.vs.conntrack net.ipv4.vs.expire_nodest_conn net.ipv4.vs.expire_quiescent_template | paste -sd' '; }
on lb sysctl -qw net.ipv4.vs.expire_nodest_conn=1
equal "before" "0 1 0" "$(settings)"
vipd lb
until_ok 10 eval '[ "$(settings)" = "1 1 1" ]'
signal lb ipvs KILL
service web 'externalIPs: [10.10.0.40]' 'clusterIP: 10.96.9.10' 'ports: [{port: 80}]' | apply lb - web
has lb "TCP 10.10.0.40:80" 2
has_addr lb eth0 10.10.0.40
on lb ipvsadm -A -t 10.99.9.9:99
equal "refused while vipd runs" 77 "$(status_of vipd_run lb --cleanup)"
on lb sysctl -qw net.ipv4.vs.expire_quiescent_template=2
vipd_stop lb
hasnt_addr lb eth0 10.10.0.40
table_has lb "TCP 10.10.0.40:80" 2
vipd_run lb --cleanup
not table_has lb "TCP 10.10.0.40:80"
table_has lb "TCP 10.99.9.9:99"
not ip -n lb link show vipd0
equal "what vipd set is what it was" "0 1 2" "$(settings)"
addr_on lb eth0 172.17.0.31
