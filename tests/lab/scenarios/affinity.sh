# sessionAffinity ClientIP: one client keeps its pod; the kernel has the timeout.
net; node lb 31; client c 100
pod web-1 5; pod web-2 6
vipd lb
service web 'externalIPs: [10.10.0.8]' 'sessionAffinity: ClientIP' 'sessionAffinityConfig: {clientIP: {timeoutSeconds: 600}}' 'ports: [{port: 80}]' | apply lb - web
has lb "TCP 10.10.0.8:80" 2
has_addr lb eth0 10.10.0.8
contains "timeout" "$(kernel_table lb)" "persistent 600"
equal "one pod answers" 1 "$(hosts c http://10.10.0.8/ 6 | wc -w)"
