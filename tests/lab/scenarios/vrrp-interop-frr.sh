# FRR's vrrpd and vipd share virtual routers, both in both roles: version 3 with IPv4 and IPv6, and version 2.
net; lb lb1 11; lb f1 12; client c 100
theirs=(3:10.10.0.1 3:fd10::1 2:10.10.0.3)
ours=(-- 'family: IPv6' 'addresses: ["fd10::1/128"]' -- 'version: 2')
all() { local a; for a in "${theirs[@]}"; do "$1" "$2" "${a#*:}" "${@:3}"; done; }
frr f1 100 "${theirs[@]}"
all until_owner f1
vipd lb1 "$(router 150 "${ours[@]}")"
all until_owner lb1
all stays lb1 1
vipd_stop lb1
all until_owner f1
crash f1
reboot f1
vipd_launch lb1; vipd_serves lb1
all until_owner lb1
frr f1 200 "${theirs[@]}"
all until_owner f1
for r in vips vips1 vips2; do until_role lb1 Backup $r; done
crash f1
all until_owner lb1
