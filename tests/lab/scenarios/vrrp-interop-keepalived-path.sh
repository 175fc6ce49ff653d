# A pair of vipd and keepalived, each with the same real servers behind it: a client that asks through the address all along is served by either, through a
# hand-over, the better one's return and a crash, both ways. The pods' gateway moves with the address on both (a sync group).
net; lb lb1 11; lb k1 12; client c 100
pod web-1 5; pod web-2 6
service web 'externalIPs: [10.10.0.1]' 'clusterIP: 10.96.0.7' 'ports: [{port: 80}]' | apply lb1 - web
d=$W/nodes/k1
keepalived_pair() { # keepalived_pair PRIORITY
	instance() { printf 'vrrp_instance %s {\n state BACKUP\n version 3\n interface %s\n virtual_router_id %s\n priority %s\n advert_int 1\n virtual_ipaddress {\n  %s\n }\n}\n' "$@"; }
	real() { printf ' real_server %s 80 {\n weight 1\n TCP_CHECK {\n connect_timeout 3\n }\n }\n' "$1"; }
	{
		printf 'global_defs {\n router_id k1\n vrrp_garp_master_delay 1\n}\nvrrp_sync_group pair {\n group {\n vips\n gateway\n }\n}\n'
		instance vips eth0 50 "$1" 10.10.0.1/32
		instance gateway eth1 60 "$1" 10.32.0.1/32
		printf 'virtual_server 10.10.0.1 80 {\n delay_loop 2\n lb_algo rr\n lb_kind NAT\n protocol TCP\n'
		real 10.32.0.5; real 10.32.0.6
		echo '}'
	} >"$d/keepalived.conf"
	rm -f "$d"/*.pid
	become k1 keepalived -n -l -D -f "$d/keepalived.conf" -p "$d/keepalived.pid" -r "$d/vrrp.pid" -c "$d/checkers.pid" >>"$d/log" 2>&1 &
	has k1 "TCP 10.10.0.1:80" 2
}
served() { equal "who answers" "web-1 web-2" "$(hosts c http://10.10.0.1/ 6)"; }
keepalived_pair 100
until_owner k1 10.10.0.1
until_ok 30 get_ok c http://10.10.0.1/
load c -p 250 10.10.0.1 80
vipd lb1 "$(routers 150)"
has lb1 "TCP 10.10.0.1:80" 2
until_owner lb1 10.10.0.1
served
vipd_stop lb1
until_owner k1 10.10.0.1
served
vipd_launch lb1; vipd_serves lb1
until_owner lb1 10.10.0.1
crash lb1
until_owner k1 10.10.0.1
served
keepalived_stop k1
reboot lb1
vipd lb1 "$(routers 150)"
until_owner lb1 10.10.0.1
keepalived_pair 200
until_owner k1 10.10.0.1
served
crash k1
until_owner lb1 10.10.0.1
equal "the gateway moved too" lb1 "$(holders 10.32.0.1)"
served
load_end
contains "both pods answered" "$load" "hosts 2"
gap_under 15000
