# SIGTERM of the Active: it answers until the successor does. Not a datagram is lost; of connections through IPVS that are too young to be
# synchronised, at most the one under way.
net; lb lb1 11; lb lb2 12; client c 100
pod web-1 5; pod web-2 6
for n in lb1 lb2; do service web 'externalIPs: [10.10.0.1]' 'clusterIP: 10.96.0.7' 'ports: [{port: 80}]' | apply $n - web; done
vipd lb1 "$(routers 150)"; vipd lb2 "$(routers 100)"
has lb1 "TCP 10.10.0.1:80" 2; has lb2 "TCP 10.10.0.1:80" 2
until_owner lb1 10.10.0.1
until_ok 30 get_ok c http://10.10.0.1/
load c -u 10.10.0.1 7
sleep 1
vipd_stop lb1
until_owner lb2 10.10.0.1
sleep 1
load_end
errors_under 2
contains "both nodes answered" "$load" "hosts 2"
vipd_launch lb1; vipd_serves lb1
until_owner lb1 10.10.0.1
load c 10.10.0.1 80
sleep 1
vipd_stop lb1
until_owner lb2 10.10.0.1
sleep 1
load_end
errors_under 3
