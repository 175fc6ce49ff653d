# accept: false: virtual servers on the addresses work, this node's own programs are not reached there, IPv4 and IPv6; an owner accepts all the same.
net; lb lb1 11; lb lb2 12; client c 100
pod web-1 5
quiet() { local a; for a; do equal "ping $a" 1 "$(status_of on c ping -c 1 -W 1 "$a")"; done; }
pair() { # pair FIELD: two routers with it
	echo 'routers:'
	echo "- {name: vips, vrid: 50, interface: eth0, family: IPv4, priority: 150, interval: 100ms, addresses: [10.10.0.1/32], $1}"
	echo "- {name: vips6, vrid: 50, interface: eth0, family: IPv6, priority: 150, interval: 100ms, addresses: ['fd10::1/128'], $1}"
}
service web 'externalIPs: [10.10.0.1]' 'ports: [{port: 80}]' | apply lb1 - web
service six 'externalIPs: ["fd10::1"]' 'ipFamilies: [IPv6]' 'ports: [{port: 80}]' | apply lb1 - six
ip -n web-1 route del default via 10.32.0.1; ip -n web-1 route add default via 10.32.0.11 # no gateway VIP here
ip -n web-1 route del default via fd32::1; ip -n web-1 route add default via fd32::11
vipd lb1 "$(pair 'accept: false')"
has_addr lb1 eth0 10.10.0.1; has_addr lb1 eth0 fd10::1
has lb1 "TCP 10.10.0.1:80" 1; has lb1 "TCP [fd10::1]:80" 1
until_ok 30 get_ok c http://10.10.0.1/
until_ok 30 get_ok c 'http://[fd10::1]/'
quiet 10.10.0.1 fd10::1
equal "a program of the node" no-answer "$(hosts_udp c 10.10.0.1 7 1)"
equal "its own address answers" lb1 "$(hosts_udp c 172.17.0.11 7 1)"
say "somebody flushes the rules, and vrrp dies: they are put back, and stay"
on lb1 nft flush ruleset
until_ok 15 on lb1 nft list table inet vipd_accept
quiet 10.10.0.1
old=$(vipd_pid lb1 vrrp)
signal lb1 vrrp KILL
until_ok 30 another_pid lb1 vrrp "$old"
contains "the rules" "$(on lb1 nft list table inet vipd_accept)" 'ip daddr @v4 drop'
vipd_serves lb1
quiet 10.10.0.1
say "neighbours are answered while it does not accept"
ip -n c neigh flush dev eth0
until_ok 30 get_ok c 'http://[fd10::1]/'
say "an owner accepts; and so does one that is told to"
vipd_config lb1 "$(pair 'accept: false' | sed 's/priority: 150/priority: 255/')"
signal lb1 supervisor HUP
until_ok 30 eval '[ "$(hosts_udp c 10.10.0.1 7 1)" = lb1 ]'
equal "no table" 1 "$(status_of on lb1 nft list table inet vipd_accept)"
vipd_config lb1 "$(pair 'accept: false')"
signal lb1 supervisor HUP
until_ok 30 on lb1 nft list table inet vipd_accept
vipd_stop lb1
equal "no table after the stop" 1 "$(status_of on lb1 nft list table inet vipd_accept)"
