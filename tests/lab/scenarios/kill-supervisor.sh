# SIGKILL of the supervisor under load, and a new one within 5 s: no request fails; without a new one the VIP goes.
net; node lb 31; client c 100
pod web-1 5; pod web-2 6
vipd lb
service web 'externalIPs: [10.10.0.32]' 'ports: [{port: 80}]' | apply lb - web
has lb "TCP 10.10.0.32:80" 2
has_addr lb eth0 10.10.0.32
until_ok 30 get_ok c http://10.10.0.32/
load c 10.10.0.32 80
signal lb supervisor KILL
vipd_stopped lb
vipd_launch lb; vipd_serves lb
until_ok 30 get_ok c http://10.10.0.32/
sleep 6
no_error
addr_on lb eth0 10.10.0.32
table_has lb "TCP 10.10.0.32:80" 2
signal lb supervisor KILL
hasnt_addr lb eth0 10.10.0.32
table_has lb "TCP 10.10.0.32:80" 2
