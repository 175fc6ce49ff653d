# A wanted address:port that somebody else made is left alone and told; when it goes, ours comes. adopt: true takes it. What excludeCIDRs
# names is left to others altogether. kube-proxy's IPVS mode beside vipd is told of, and its rules where vipd serves the same
# addresses; nothing of it is touched.
net; node lb 31
pod web-1 5; pod web-2 6
on lb ipvsadm -A -t 10.96.6.7:80 -s sh
vipd lb
service web 'clusterIP: 10.96.6.7' 'ports: [{port: 80}]' | apply lb - web
until_ok 30 eval 'vipctl lb status | grep -q "10.96.6.7:80"'
contains "told" "$(vipctl lb status)" "Conflict"
contains "left alone" "$(kernel_table lb)" "10.96.6.7:80 sh"
on lb ipvsadm -D -t 10.96.6.7:80
has lb "TCP 10.96.6.7:80" 2
on lb ipvsadm -A -t 10.96.6.8:80 -s sh
vipd_config lb 'adopt: true'
signal lb supervisor HUP
service two 'clusterIP: 10.96.6.8' 'ports: [{port: 80}]' | apply lb - two
has lb "TCP 10.96.6.8:80" 2
until_ok 30 eval 'kernel_table lb | grep -q "10.96.6.8:80 rr"'

on lb ipvsadm -A -t 10.96.7.1:80 -s sh
vipd_config lb 'adopt: true' 'excludeCIDRs: [10.96.7.0/24]'
signal lb supervisor HUP
service three 'clusterIP: 10.96.7.1' 'ports: [{port: 80}]' | apply lb - three
service four 'clusterIP: 10.96.7.2' 'ports: [{port: 80}]' | apply lb - four
service five 'clusterIP: 10.96.6.9' 'ports: [{port: 80}]' | apply lb - five
has lb "TCP 10.96.6.9:80" 2
contains "left alone" "$(kernel_table lb)" "10.96.7.1:80 sh"
lacks "left to others" "$(kernel_table lb)" "10.96.7.2:80"
lacks "nothing wrong" "$(vipctl lb status)" "10.96.7."
contains "explained" "$(vipctl lb explain 10.96.7.2:80 || true)" "excludeCIDRs which are left to others"

on lb ipset create KUBE-CLUSTER-IP hash:ip,port
ip -n lb link add kube-ipvs0 type dummy
until_ok 10 eval 'vipctl lb status | grep -q "(interface kube-ipvs0, 1 ipsets KUBE-\*)"'
contains "reason" "$(vipctl lb status)" "KubeProxyIPVS"
vipd_stop lb
vipd_launch lb; vipd_serves lb
until_ok 10 eval 'vipctl lb status | grep -q KubeProxyIPVS'
on lb ipset list KUBE-CLUSTER-IP >/dev/null
ip -n lb link del kube-ipvs0
on lb ipset destroy KUBE-CLUSTER-IP
until_ok 10 eval '! vipctl lb status | grep -q KubeProxyIPVS'

on lb iptables-nft -t nat -N KUBE-SERVICES
until_ok 10 eval 'vipctl lb status | grep -q "(iptables chain KUBE-SERVICES)"'
contains "reason" "$(vipctl lb status)" "KubeProxyRules"
vipd_config lb 'handle: [LoadBalancer, ConfigMap]'
signal lb supervisor HUP
until_ok 10 eval '! vipctl lb status | grep -q KubeProxyRules'
vipd_config lb 'adopt: true'
signal lb supervisor HUP
until_ok 10 eval 'vipctl lb status | grep -q KubeProxyRules'
on lb iptables-nft -t nat -X KUBE-SERVICES
until_ok 10 eval '! vipctl lb status | grep -q KubeProxyRules'
on lb nft add table ip6 kube-proxy
until_ok 10 eval 'vipctl lb status | grep -q "(nftables table kube-proxy)"'
