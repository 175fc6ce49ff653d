# mac: virtual: the addresses answer with the virtual router's own MAC on every node, IPv4 and IPv6, so that nothing has to be told at a change; what that
# needs of the interface is put back.
net; lb lb1 11; lb lb2 12; client c 100
on lb2 sysctl -qw net.ipv4.conf.eth0.arp_announce=1
arp() { on lb2 sh -c 'cat /proc/sys/net/ipv4/conf/eth0/arp_ignore /proc/sys/net/ipv4/conf/eth0/arp_announce' | tr '\n' ' '; }
mac() { owner "$1" >/dev/null; ip -n c neigh show "$1" | sed 's/.*lladdr \([^ ]*\).*/\1/'; }
pair() { # pair PRIORITY MAC
	echo "routers:"
	echo "- {name: vips, vrid: 50, interface: eth0, family: IPv4, interval: 1s, priority: $1, mac: $2, addresses: [10.10.0.1/32]}"
	echo "- {name: vips6, vrid: 50, interface: eth0, family: IPv6, interval: 1s, priority: $1, mac: $2, addresses: ['fd10::1/128']}"
}
capture c eth0 "$W/wire.pcap" 'icmp6 or ip6 proto 112'
capturing=$!
vipd lb1 "$(pair 150 virtual)"; vipd lb2 "$(pair 100 virtual)"
until_owner lb1 10.10.0.1
until_owner lb1 fd10::1
equal "the virtual MAC" 00:00:5e:00:01:32 "$(mac 10.10.0.1)"
equal "the virtual MAC of IPv6" 00:00:5e:00:02:32 "$(mac fd10::1)"
crash lb1
until_owner lb2 10.10.0.1
until_owner lb2 fd10::1
equal "the virtual MAC" 00:00:5e:00:01:32 "$(mac 10.10.0.1)"
equal "the virtual MAC of IPv6" 00:00:5e:00:02:32 "$(mac fd10::1)"
kill $capturing
told=$(tcpdump -envr "$W/wire.pcap" 'ether src 00:00:5e:00:02:32' 2>/dev/null)
contains "neighbour advertisements come from it" "$(echo "$told" | grep -A 3 'neighbor advertisement' | grep -A 3 'fd10::1')" "00:00:5e:00:02:32"
contains "advertisements come from it" "$told" "vrid 50"
equal "no other MAC advertises" "" "$(tcpdump -enr "$W/wire.pcap" 'ip6 proto 112 and not ether src 00:00:5e:00:02:32' 2>/dev/null)"
equal "what the interface needs" "1 2 " "$(arp)"
say "the last router with a virtual MAC goes: the interface is as it was"
vipd_config lb2 "$(pair 100 interface)"
signal lb2 supervisor HUP
until_ok 30 eval '[ "$(arp)" = "0 1 " ]'
equal "no device stays" "" "$(ip -n lb2 -o link show type macvlan)"
vipd_config lb2 "$(pair 100 virtual)"
signal lb2 supervisor HUP
until_ok 30 eval '[ "$(arp)" = "1 2 " ]'
vipd_stop lb2
equal "no device stays" "" "$(ip -n lb2 -o link show type macvlan)"
equal "the interface is as it was" "0 1 " "$(arp)"
