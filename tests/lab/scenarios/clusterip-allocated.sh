# A Service without clusterIP gets one out of serviceClusterCIDR, the same after a restart.
net; node lb 31
pod web-1 5
vipd lb 'serviceClusterCIDR: 10.108.0.0/24'
service web 'ports: [{port: 80}]' | apply lb - web
service two 'ports: [{port: 80}]' | apply lb - two
until_ok 30 eval 'vipctl lb get svc web -o json | grep -q 10.108.0.'
ip=$(vipctl lb get svc web -o json | grep -o '10\.108\.0\.[0-9]*' | head -n 1)
has lb "TCP $ip:80" 1
vipd_stop lb
vipd_launch lb; vipd_serves lb
until_ok 30 eval "vipctl lb get svc web -o json | grep -q '\"$ip\"'"
has lb "TCP $ip:80" 1
get_ok lb "http://$ip/"
