# keepalived and vipd over IPv6, by multicast and as unicast peers, both in both roles.
net; lb lb1 11; lb k1 12; client c 100
ka=('virtual_ipaddress { fe80::50/64, fd10::1/128 }' -- 'virtual_ipaddress { fe80::51/64, fd10::2/128 }' 'unicast_src_ip fd17::12' 'unicast_peer { fd17::11 }')
ours=('family: IPv6' 'addresses: ["fe80::50/64", "fd10::1/128"]' --
	'family: IPv6' 'addresses: ["fe80::51/64", "fd10::2/128"]' 'source: "fd17::11"' 'peers: ["fd17::12"]')
both() { "$1" "$2" fd10::1 "${@:3}"; "$1" "$2" fd10::2 "${@:3}"; }
keepalived k1 100 "${ka[@]}"
both until_owner k1
vipd lb1 "$(router 150 "${ours[@]}")"
both until_owner lb1
both stays lb1 1
keepalived_stop k1
keepalived k1 200 "${ka[@]}"
both until_owner k1
until_role lb1 Backup
until_role lb1 Backup vips1
keepalived_stop k1
both until_owner lb1
