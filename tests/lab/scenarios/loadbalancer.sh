# A LoadBalancer Service gets its address from the pool, keeps it over a restart, and answers a client outside.
net; node lb 31; client c 100
pod web-1 5; pod web-2 6
vipd lb 'pools: [{name: default, addresses: [10.10.0.0/26]}]'
service web 'type: LoadBalancer' 'ports: [{port: 80}]' | apply lb - web
has lb "TCP 10.10.0.1:80" 2
has_addr lb eth0 10.10.0.1
equal "who answers" "web-1 web-2" "$(hosts c http://10.10.0.1/ 6)"
contains "vipctl" "$(vipctl lb get svc web)" "10.10.0.1"
vipd_stop lb
hasnt_addr lb eth0 10.10.0.1
service aaa 'type: LoadBalancer' 'ports: [{port: 80}]' | apply lb - aaa
vipd_launch lb; vipd_serves lb
has lb "TCP 10.10.0.2:80" 2
contains "the first keeps its own" "$(vipctl lb get svc web)" "10.10.0.1"
