# SIGUSR2 replaces the binary in place under load: the same supervisor pid, new children, no request fails.
net; node lb 31; client c 100
pod web-1 5; pod web-2 6
vipd lb
service web 'externalIPs: [10.10.0.33]' 'ports: [{port: 80}]' | apply lb - web
has lb "TCP 10.10.0.33:80" 2
has_addr lb eth0 10.10.0.33
until_ok 30 get_ok c http://10.10.0.33/
load c 10.10.0.33 80
pid=$(vipd_pid lb)
for r in control ipvs vrrp; do eval "old_$r=\$(vipd_pid lb $r)"; done
signal lb supervisor USR2
for r in control ipvs vrrp; do eval "until_ok 30 another_pid lb $r \$old_$r"; done
vipd_serves lb
equal "supervisor" "$pid" "$(vipd_pid lb)"
no_error
table_has lb "TCP 10.10.0.33:80" 2
addr_on lb eth0 10.10.0.33
service two 'externalIPs: [10.10.0.34]' 'ports: [{port: 80}]' | apply lb - two
has lb "TCP 10.10.0.34:80" 2
