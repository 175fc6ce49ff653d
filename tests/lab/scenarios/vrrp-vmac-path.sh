# mac: virtual under load through IPVS: what clients send to the virtual MAC is forwarded, before and after the Active's death. From the first advertisement on,
# after a restart of vrrp, a lost carrier and a reload too, nothing of the virtual router comes from another MAC.
net; lb lb1 11; lb lb2 12; client c 100
pod web-1 5; pod web-2 6
for n in lb1 lb2; do service web 'externalIPs: [10.10.0.1]' 'clusterIP: 10.96.0.7' 'ports: [{port: 80}]' | apply $n - web; done
capture c eth0 "$W/wire.pcap" 'arp or ip proto 112'
capturing=$!
vipd lb1 "$(routers 150 'mac: virtual')"; vipd lb2 "$(routers 100 'mac: virtual')"
has lb1 "TCP 10.10.0.1:80" 2; has lb2 "TCP 10.10.0.1:80" 2
until_owner lb1 10.10.0.1
until_ok 30 get_ok c http://10.10.0.1/
load c -p 250 10.10.0.1 80
signal lb1 vrrp KILL
sleep 2
until_owner lb1 10.10.0.1
carrier lb1 eth0 down
until_owner lb2 10.10.0.1
carrier lb1 eth0 up
until_owner lb1 10.10.0.1
crash lb1
until_owner lb2 10.10.0.1
equal "the gateway moved too" lb2 "$(holders 10.32.0.1)"
equal "who answers" "web-1 web-2" "$(hosts c http://10.10.0.1/ 6)"
load_end
gap_under 8000
contains "both pods answered" "$load" "hosts 2"
say "an owner comes by reload, and sends at once"
vipd_config lb2 "$(router 100 'mac: virtual' 'group: pair' -- 'name: gateway' 'vrid: 60' 'interface: eth1' 'group: pair' 'mac: virtual' 'addresses: [10.32.0.1/32]' \
	-- 'name: mine' 'vrid: 70' 'priority: 255' 'mac: virtual' 'addresses: [10.10.0.9/32]')"
signal lb2 supervisor HUP
until_owner lb2 10.10.0.9
say "its device is taken away: it is made anew"
device=$(ip -n lb2 -o link show type macvlan | sed -n 's/^[0-9]*: \(vipd4-70-[^@:]*\).*/\1/p')
ip -n lb2 link del "$device"
until_owner lb2 10.10.0.9
sleep 1
kill $capturing
wire() { tcpdump -enr "$W/wire.pcap" "$1" 2>/dev/null; }
contains "advertisements" "$(wire 'ip proto 112 and ether src 00:00:5e:00:01:32')" "vrid 50"
contains "advertisements" "$(wire 'ip proto 112 and ether src 00:00:5e:00:01:46')" "vrid 70"
equal "advertisements from another MAC" "" "$(wire 'ip proto 112 and not ether src 00:00:5e:00:01:32 and not ether src 00:00:5e:00:01:46')"
contains "ARP for the address" "$(wire 'arp[14:4] = 0x0a0a0001')" "10.10.0.1"
equal "ARP for it from another MAC, or that names another" "" \
	"$(wire 'arp[14:4] = 0x0a0a0001 and not (ether src 00:00:5e:00:01:32 and arp[8:4] = 0x00005e00 and arp[12:2] = 0x0132)')"
