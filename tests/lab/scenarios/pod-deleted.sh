# A pod is deleted under load: no request fails.
net; node lb 31; client c 100
pod web-1 5; pod web-2 6
vipd lb
service web 'externalIPs: [10.10.0.9]' 'ports: [{port: 80}]' | apply lb - web
has lb "TCP 10.10.0.9:80" 2
has_addr lb eth0 10.10.0.9
until_ok 30 get_ok c http://10.10.0.9/
load c 10.10.0.9 80
pod_gone web-1
has lb "TCP 10.10.0.9:80" 1
sleep 1
no_error
equal "who answers" "web-2" "$(hosts c http://10.10.0.9/ 4)"
pod_gone web-2
has lb "TCP 10.10.0.9:80" 0
