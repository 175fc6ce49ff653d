# A better node that was rebooted has an empty table: it takes the address only when its table is programmed. One whose ipvs process hangs gives it up.
net; lb lb1 11; lb lb2 12; client c 100
pod web-1 5; pod web-2 6
for n in lb1 lb2; do service web 'externalIPs: [10.10.0.1]' 'clusterIP: 10.96.0.7' 'ports: [{port: 80}]' | apply $n - web; done
vipd lb1 "$(routers 150)"; vipd lb2 "$(routers 100)"
has lb1 "TCP 10.10.0.1:80" 2; has lb2 "TCP 10.10.0.1:80" 2
until_owner lb1 10.10.0.1
crash lb1
until_owner lb2 10.10.0.1
until_ok 30 get_ok c http://10.10.0.1/
reboot lb1
not table_has lb1 "TCP 10.10.0.1:80"
load c 10.10.0.1 80
vipd_launch lb1
until_ok 30 eval 'vipd_pid lb1 ipvs >/dev/null'
until table_has lb1 "TCP 10.10.0.1:80" 2; do
	held=$(holders 10.10.0.1) # read before the table is: held by lb1 now means held without a table
	table_has lb1 "TCP 10.10.0.1:80" 2 || equal "who holds the address while lb1's table is empty" lb2 "$held"
done >/dev/null
until_owner lb1 10.10.0.1
sleep 1
load_end
errors_under 4

signal lb1 ipvs STOP
until_ok 20 owns lb2 10.10.0.1
contains "why" "$(vipctl lb1 get vrrp -o yaml)" "the ipvs process is not ready"
signal lb1 ipvs CONT
until_owner lb1 10.10.0.1
