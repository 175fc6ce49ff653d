# mac: virtual on the wire: advertisements, answers and announcements come from the virtual MAC; in Backup the device is down.
net; lb lb1 11; lb lb2 12; client c 100
vipd lb1 "$(router 150 'mac: virtual')"
until_owner lb1 10.10.0.1
device=$(ip -n lb1 -o link show type macvlan | sed -n 's/^[0-9]*: \([^@:]*\).*/\1/p' | grep '^vipd4-50-')
contains "the address stands on the device" "$(ip -n lb1 -o address show dev "$device")" 10.10.0.1/32
equal "the interface answers only for its own addresses" 1 "$(ip netns exec lb1 cat /proc/sys/net/ipv4/conf/eth0/arp_ignore)"
equal "and the device for its own" 1 "$(ip netns exec lb1 cat "/proc/sys/net/ipv4/conf/$device/arp_ignore")"
equal "the device takes packets whose way back is another" 2 "$(ip netns exec lb1 cat "/proc/sys/net/ipv4/conf/$device/rp_filter")"
vipd lb2 "$(router 200 'mac: virtual')"
until_owner lb2 10.10.0.1
until_ok 10 sh -c "ip -n lb1 -o link show dev $device | grep -q 'state DOWN'"
equal "no address is left on it" "" "$(ip -n lb1 -o -4 address show dev "$device")"
vipd_stop lb2
until_owner lb1 10.10.0.1
vipd_stop lb1
equal "no device stays" "" "$(ip -n lb1 -o link show type macvlan)"
