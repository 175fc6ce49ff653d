# keepalived and vipd, version 2, both in both roles: without authentication, with a password, behind an authentication header; another password counts for nothing.
net; lb lb1 11; lb k1 12; client c 100
secret() {
	ka=('version 2' -- 'version 2' "authentication { auth_type PASS, auth_pass $1 }" -- 'version 2' "authentication { auth_type AH, auth_pass $1 }")
	ours=('version: 2' -- 'version: 2' "authentication: {type: pass, password: $1}" -- 'version: 2' "authentication: {type: ah, password: $1}")
}
all() { local n; for n in 1 2 3; do "$1" "$2" 10.10.0.$n "${@:3}"; done; }
secret sesame
keepalived k1 100 "${ka[@]}"
all until_owner k1
vipd lb1 "$(router 150 "${ours[@]}")"
all until_owner lb1
all stays lb1 1
vipd_stop lb1
all until_owner k1
keepalived_stop k1
vipd_launch lb1; vipd_serves lb1
all until_owner lb1
keepalived k1 200 "${ka[@]}"
all until_owner k1
for r in vips vips1 vips2; do until_role lb1 Backup $r; done
keepalived_stop k1
all until_owner lb1
say "another password: the better router is not obeyed, neither by the Active nor by the Backup"
secret simsim
keepalived k1 200 "${ka[@]}"
until_owner k1 10.10.0.1
strange() {
	local r
	for r in vips1 vips2; do
		until_role lb1 Active $r
		until_ok 30 has_refused lb1 $r 'authentication failed'
	done
	is_role lb1 Backup vips
}
strange
vipd_stop lb1
vipd_launch lb1; vipd_serves lb1
strange
