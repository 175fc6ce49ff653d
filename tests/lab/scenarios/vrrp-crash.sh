# The Active node dies (cut off, SIGKILL) under load through IPVS: the other answers within the protocol's time. The pods' gateway moves with it.
net; lb lb1 11; lb lb2 12; client c 100
pod web-1 5; pod web-2 6
for n in lb1 lb2; do service web 'externalIPs: [10.10.0.1]' 'clusterIP: 10.96.0.7' 'ports: [{port: 80}]' | apply $n - web; done
vipd lb1 "$(routers 150)"; vipd lb2 "$(routers 100)"
has lb1 "TCP 10.10.0.1:80" 2; has lb2 "TCP 10.10.0.1:80" 2
until_owner lb1 10.10.0.1
until_ok 30 get_ok c http://10.10.0.1/
load c -p 250 10.10.0.1 80
sleep 2
crash lb1
until_owner lb2 10.10.0.1
equal "the gateway moved too" lb2 "$(holders 10.32.0.1)"
sleep 2
load_end
gap_under 8000
contains "both pods answered" "$load" "hosts 2"
equal "who answers" "web-1 web-2" "$(hosts c http://10.10.0.1/ 6)"
