# IPv6: election, crash, planned stop (not a datagram is lost); the link-local address comes first.
net; lb lb1 11; lb lb2 12; client c 100
v6='addresses: ["fe80::50/64", "fd10::1/128"]'
vipd lb1 "$(router 150 'family: IPv6' "$v6")"; vipd lb2 "$(router 100 'family: IPv6' "$v6")"
until_owner lb1 fd10::1
load c -u fd10::1 7
sleep 1
vipd_stop lb1
until_owner lb2 fd10::1
sleep 1
load_end
errors_under 1
vipd_launch lb1; vipd_serves lb1
until_owner lb1 fd10::1
crash lb1
until_owner lb2 fd10::1
equal "the VIP is deprecated, no source for others" 1 "$(on lb2 ip -6 -o addr show dev eth0 to fd10::1 | grep -c 'preferred_lft 0sec')"
