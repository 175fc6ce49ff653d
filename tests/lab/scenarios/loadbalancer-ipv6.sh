# loadBalancerIP over IPv6: the VIP is on the interface, without DAD, and answers.
net; node lb 31; client c 100
pod web-1 5; pod web-2 6
vipd lb
service web 'type: LoadBalancer' 'loadBalancerIP: "fd10::50"' 'ipFamilies: [IPv6]' 'clusterIP: "fd00:10:96::9"' 'ports: [{port: 80}]' | apply lb - web
has lb "TCP [fd10::50]:80" 2
has_addr lb eth0 fd10::50
equal "who answers" "web-1 web-2" "$(hosts c 'http://[fd10::50]/' 6)"
on lb ip -6 addr show dev eth0 to fd10::50 | grep -q 'nodad deprecated\|deprecated nodad\|nodad' || fail "not added with nodad: $(on lb ip -6 addr show dev eth0)"
