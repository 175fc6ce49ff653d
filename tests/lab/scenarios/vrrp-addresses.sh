# Addresses as they are configured: prefix, label and scope; and one VRID on two interfaces with IPv6, where each has the made-up link-local address.
net; lb lb1 11; lb lb2 12
two() { # two PRIORITY LABEL
	cat <<-YAML
	routers:
	- {name: a, vrid: 50, interface: eth0, family: IPv6, priority: $1, interval: 100ms, addresses: ["fd10::1/128"]}
	- {name: b, vrid: 50, interface: eth1, family: IPv6, priority: $1, interval: 100ms, addresses: ["fd32::ff/128"]}
	- {name: c, vrid: 50, interface: eth0, family: IPv4, priority: $1, interval: 100ms,
	   addresses: [10.10.0.1/32, {address: 10.10.0.2/24, label: "eth0:$2", scope: link}]}
	YAML
}
shown() { ip -n "$1" -o addr show dev "$2" to "$3"; }
vipd lb1 "$(two 150 one)"; vipd lb2 "$(two 100 one)"
for i in eth0 eth1; do until_ok 60 eval "[ -n \"\$(shown lb1 $i fe80::5e00:232)\" ]"; done
until_role lb2 Backup b
has_addr lb1 eth0 10.10.0.2
contains "label and scope" "$(shown lb1 eth0 10.10.0.2)" "10.10.0.2/24 scope link eth0:one"
contains "neither" "$(shown lb1 eth0 10.10.0.1)" "10.10.0.1/32 scope global eth0"
for i in eth0 eth1; do
	contains "$i of the Active" "$(shown lb1 $i fe80::5e00:232)" "fe80::5e00:232/64"
	equal "$i of the Backup" "" "$(shown lb2 $i fe80::5e00:232)"
	capture lb2 $i "$W/$i.pcap" 'ip6 proto 112'; sleep 1; kill $!
	contains "the first address on $i" "$(tcpdump -vnr "$W/$i.pcap" 2>/dev/null | grep -m 1 addrs)" "fe80::5e00:232,fd"
done
say "another label"
vipd_config lb1 "$(two 150 two)"
signal lb1 supervisor HUP
until_ok 30 eval 'shown lb1 eth0 10.10.0.2 | grep -q "scope link eth0:two"'
equal "once" 1 "$(shown lb1 eth0 10.10.0.2 | wc -l)"
is_role lb1 Active c
vipd_stop lb1
until_role lb2 Active b
has_addr lb2 eth0 10.10.0.2
has_addr lb2 eth0 fd10::1
for i in eth0 eth1; do
	equal "nothing is left on $i" "" "$(shown lb1 $i fe80::5e00:232)"
	contains "$i of the successor" "$(shown lb2 $i fe80::5e00:232)" "fe80::5e00:232/64"
done
contains "there too" "$(shown lb2 eth0 10.10.0.2)" "10.10.0.2/24 scope link eth0:one"
