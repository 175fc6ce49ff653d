# Somebody removes a VIP: it is back at once and counted; a VIP whose interface appears late is taken then.
net; node lb 31
pod web-1 5
vipd lb 
service web 'externalIPs: [10.10.0.61]' 'ports: [{port: 80}]' | apply lb - web
has_addr lb eth0 10.10.0.61
ip -n lb addr del 10.10.0.61/32 dev eth0
has_addr lb eth0 10.10.0.61
until_ok 10 eval '[ "$(status lb vrrp.restored)" -ge 1 ]'
vipd_stop lb
vipd_config lb; sed -i 's/interface: eth0/interface: late0/' "$W/nodes/lb/vipd.yaml"
vipd_launch lb; vipd_serves lb
until_ok 30 eval 'vipctl lb status | grep -q late0'
ip -n lb link add late0 type dummy
ip -n lb link set late0 up
has_addr lb late0 10.10.0.61
