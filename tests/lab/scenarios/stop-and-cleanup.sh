# SIGTERM withdraws the VIPs and leaves NAT virtual servers; --cleanup removes the rest, and nothing else.
net; node lb 31
pod web-1 5; pod web-2 6
vipd lb
service web 'externalIPs: [10.10.0.40]' 'clusterIP: 10.96.9.10' 'ports: [{port: 80}]' | apply lb - web
has lb "TCP 10.10.0.40:80" 2
has_addr lb eth0 10.10.0.40
on lb ipvsadm -A -t 10.99.9.9:99
equal "refused while vipd runs" 77 "$(status_of vipd_run lb --cleanup)"
vipd_stop lb
hasnt_addr lb eth0 10.10.0.40
table_has lb "TCP 10.10.0.40:80" 2
vipd_run lb --cleanup
not table_has lb "TCP 10.10.0.40:80"
table_has lb "TCP 10.99.9.9:99"
not ip -n lb link show vipd0
addr_on lb eth0 172.17.0.31
