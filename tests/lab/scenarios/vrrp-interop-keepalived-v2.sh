# keepalived and vipd, version 2, without authentication and with a password, both in both roles.
net; lb lb1 11; lb k1 12; client c 100
for secret in '' 'sesame'; do
	ka=('version 2') ours=('version: 2')
	[ -z "$secret" ] || { ka+=("authentication { auth_type PASS, auth_pass $secret }"); ours+=("authentication: {type: pass, password: $secret}"); }
	keepalived k1 100 "${ka[@]}"
	until_owner k1 10.10.0.1
	vipd lb1 "$(router 150 "${ours[@]}")"
	until_owner lb1 10.10.0.1
	stays lb1 10.10.0.1 4
	vipd_stop lb1
	until_owner k1 10.10.0.1
	keepalived_stop k1
	vipd lb1 "$(router 150 "${ours[@]}")"
	until_owner lb1 10.10.0.1
	keepalived k1 200 "${ka[@]}"
	until_owner k1 10.10.0.1
	until_role lb1 Backup
	keepalived_stop k1
	until_owner lb1 10.10.0.1
	vipd_stop lb1
done
