# keepalived and vipd over IPv6, both in both roles.
net; lb lb1 11; lb k1 12; client c 100
ka='virtual_ipaddress { fe80::50/64, fd10::1/128 }' ours='addresses: ["fe80::50/64", "fd10::1/128"]'
keepalived k1 100 "$ka"
until_owner k1 fd10::1
vipd lb1 "$(router 150 'family: IPv6' "$ours")"
until_owner lb1 fd10::1
stays lb1 fd10::1 3
keepalived_stop k1
keepalived k1 200 "$ka"
until_owner k1 fd10::1
until_role lb1 Backup
keepalived_stop k1
until_owner lb1 fd10::1
vipd_stop lb1
