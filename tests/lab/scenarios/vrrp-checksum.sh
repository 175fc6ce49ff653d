# checksum: keepalived and FRR refuse rfc9568, so that they take the addresses too; after a reload with rfc5798 they obey.
net; lb lb1 11; lb f1 12; lb k1 13; client c 100
two() { router 150 "checksum: $1" -- "checksum: $1"; }
frr f1 100
keepalived k1 100 'virtual_router_id 51' 'virtual_ipaddress { 10.10.0.2/32 }'
vipd lb1 "$(two rfc9568)"
for r in vips vips1; do until_role lb1 Active $r; done
until_ok 30 grep -q 'Invalid VRRPv3 checksum' "$W/nodes/k1/log"
has_addr k1 eth0 10.10.0.2
until_ok 30 frr_holds f1 10.10.0.1
vipd_config lb1 "$(two rfc5798)"
signal lb1 supervisor HUP
until_owner lb1 10.10.0.1
until_owner lb1 10.10.0.2
