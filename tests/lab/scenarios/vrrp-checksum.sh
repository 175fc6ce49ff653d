# checksum: vipd understands both forms; keepalived and FRR refuse rfc9568, so that they take the addresses too, and understand the default.
net; lb lb1 11; lb lb2 12; lb f1 13; lb k1 14; client c 100
two() { echo "$(router "$1" "checksum: $2" -- "checksum: $2")"; }
vipd lb1 "$(two 150 rfc9568)"; vipd lb2 "$(two 100 rfc5798)"
until_owner lb1 10.10.0.1
until_role lb2 Backup
frr f1 120
keepalived k1 120 'virtual_router_id 51' 'virtual_ipaddress { 10.10.0.2/32 }'
until_ok 30 frr_holds f1 10.10.0.1
has_addr k1 eth0 10.10.0.2
contains "keepalived's word" "$(cat "$W/nodes/k1/log")" 'Invalid VRRPv3 checksum'
is_role lb1 Active
is_role lb2 Backup
say "the default"
vipd_config lb1 "$(two 150 rfc5798)"
signal lb1 supervisor HUP
for a in 10.10.0.1 10.10.0.2; do
	until_owner lb1 $a
	stays lb1 $a 1
done
