# All of vipd killed, half its table deleted, started again: everything is there again, nothing of others is touched.
net; node lb 31
pod web-1 5; pod web-2 6
vipd lb
for i in 1 2 3 4 5 6 7 8; do service "s$i" "clusterIP: 10.96.9.$i" 'ports: [{port: 80}]' | apply lb - "s$i"; done
for i in 1 2 3 4 5 6 7 8; do has lb "TCP 10.96.9.$i:80" 2; done
on lb ipvsadm -A -t 10.99.9.9:99
pids="$(vipd_pid lb) $(for r in control ipvs vrrp runner; do vipd_pid lb $r; done)"
kill -KILL $pids
vipd_stopped lb
for i in 1 3 5 7; do on lb ipvsadm -D -t 10.96.9.$i:80; done
unapply lb s8
vipd_launch lb; vipd_serves lb
for i in 1 2 3 4 5 6 7; do has lb "TCP 10.96.9.$i:80" 2; done
hasnt lb "TCP 10.96.9.8:80"
table_has lb "TCP 10.99.9.9:99"
