# SIGKILL of vrrp under load: it is started again, no request fails, tables and addresses stay, later changes arrive.
net; node lb 31; client c 100
pod web-1 5; pod web-2 6
vipd lb
service web 'externalIPs: [10.10.0.30]' 'ports: [{port: 80}]' | apply lb - web
has lb "TCP 10.10.0.30:80" 2
has_addr lb eth0 10.10.0.30
until_ok 30 get_ok c http://10.10.0.30/
load c 10.10.0.30 80
for round in 1 2; do
	old=$(vipd_pid lb vrrp)
	signal lb vrrp KILL
	until_ok 30 eval "p=\$(vipd_pid lb vrrp 2>/dev/null) && [ \"\$p\" != $old ]"
	vipd_serves lb
done
no_error
addr_on lb eth0 10.10.0.30
table_has lb "TCP 10.10.0.30:80" 2
service two 'externalIPs: [10.10.0.31]' 'ports: [{port: 80}]' | apply lb - two
has lb "TCP 10.10.0.31:80" 2
has_addr lb eth0 10.10.0.31
