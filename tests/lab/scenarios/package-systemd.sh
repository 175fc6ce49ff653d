# The deb under systemd as process 1, with all that vipd.service asks for in force: readiness, reload, the death and the hanging of each process, the journal,
# stop, upgrade under load. What the package leaves behind: package-deb.sh.
. "$TOP/tests/lab/package.sh"
. "$TOP/tests/lab/systemd.sh"
deb=$(ls "$PACKAGES"/vipd_*.deb 2>/dev/null) || { say "no dpkg-buildpackage here"; return 0; }
net; node lb 31; client c 100
systemd_boot
package_dpkg "$deb"
systemd_booted
conf=$root/etc/vipd/vipd.yaml

say "installed: started and ready; a Service answers"
install_deb "$W/older.deb"
equal "after the installation" active/running "$(unit ActiveState)/$(unit SubState)"
package_serves
equal "a process of its own" "$(unit MainPID)" "$(vipd_pid lb)"
package_works
contains "rules" "$(on lb iptables-save)" VIPD
contains "confined" "$(cat "/proc/$pid1/root/proc/$(vipd_pid lb)/status")" "NoNewPrivs:	1"

say "stopped: the addresses are withdrawn, the table is kept for the next start"
within systemctl stop vipd
equal "after the stop" inactive/success "$(unit ActiveState)/$(unit Result)"
table_has lb "TCP 10.10.0.33:80" 2
not addr_on lb eth0 10.10.0.33
test -e "$root/run/vipd"

say "what needs vipd waits until the table is programmed"
within systemctl start vipd-online.target
table_has lb "TCP 10.10.0.33:80" 2
ready=$(journal VIPD_EVENT=ready -n 1 | python3 -IS -c 'import json,sys; print(json.load(sys.stdin)["_SOURCE_REALTIME_TIMESTAMP"])')
active=$(active_since vipd) reached=$(active_since vipd-online.target)
[ "$ready" -le "$active" ] && [ "$active" -le "$reached" ] || fail "ready at $ready, active at $active, vipd-online.target at $reached us"
until_ok 30 get_ok c http://10.10.0.33/

say "reload: what is wrong is refused and said, what is good is taken"
pid=$(unit MainPID)
cp -p "$conf" "$W/good.yaml"
echo 'interfase: eth9' >>"$conf"
equal "a reload with an error" 1 "$(status_of within systemctl reload vipd)"
until_ok 10 journal_has VIPD_EVENT=config-refused
contains "the journal's errors" "$(within journalctl -q -o cat -u vipd -p err)" "vipd.yaml:$(wc -l <"$conf"):1: "
equal "after the reload" "active $pid" "$(unit ActiveState) $(unit MainPID)"
get_ok c http://10.10.0.33/
cp -p "$W/good.yaml" "$conf"
printf '#!/bin/sh\nid -un >/dev/null\n' >"$root/etc/vipd/scripts/check"
chmod 755 "$root/etc/vipd/scripts/check"
sed -i '/^allocate:/d; /^routers:/d' "$conf"
printf '%s\n' 'allocate: true' 'routers:' '- name: vips' '  vrid: 50' '  family: IPv4' '  accept: false' \
	'  track: [{script: check, interval: 500ms, timeout: 5s, weight: 10}]' >>"$conf"
within systemctl reload vipd
until_ok 30 journal_has VIPD_EVENT=vrrp-active VIPD_ROUTER=vips
equal "after the reload" "active $pid" "$(unit ActiveState) $(unit MainPID)"
until_ok 30 journal_has VIPD_EVENT=vrrp-priority VIPD_ROUTER=vips # the script was run
until_ok 30 get_ok c http://10.10.0.33/

say "a process that dies or hangs is started again, alone; the journal has fields and the catalog's words"
dies() {
	local was
	was=$(vipd_pid lb "$1")
	signal lb "$1" KILL
	until_ok 30 another_pid lb "$1" "$was"
}
load c 10.10.0.33 80
declare -A old
for role in control ipvs; do
	old[$role]=$(vipd_pid lb $role)
	signal lb $role STOP
done
dies vrrp
dies runner
contains "a field" "$(journal VIPD_EVENT=process-died VIPD_CHILD=vrrp -n 1)" '"MESSAGE_ID":"995e5f6f959d55bf998d2eee145d0642"'
within journalctl --update-catalog # systemd's own package does it, by a trigger
contains "the catalog" "$(within journalctl -x --no-pager -u vipd -n 1 VIPD_EVENT=process-died)" "A process of vipd died and is started again."
for role in control ipvs; do
	until_ok 90 another_pid lb $role "${old[$role]}"
	until_ok 10 journal_has VIPD_EVENT=process-hung VIPD_CHILD=$role
done
dies control
dies ipvs
vipd_serves lb
no_error
equal "the unit" "active $pid 0" "$(unit ActiveState) $(unit MainPID) $(unit NRestarts)"

say "so is the supervisor"
load c 10.10.0.33 80
killed=$(awk '{ printf "%d", $1 * 1000 }' /proc/uptime)
signal lb supervisor KILL
until_ok 30 eval '[ "$(unit NRestarts)/$(unit ActiveState)" = 1/active ]'
begun=$(($(unit ExecMainStartTimestampMonotonic) / 1000))
say "supervisor: $((begun - killed)) ms from the kill to the next one"
vipd_serves lb
no_error
table_has lb "TCP 10.10.0.33:80" 2

say "upgraded under load"
package_upgrade install_deb "$deb"
equal "the unit" "active $(vipd_pid lb) 1" "$(unit ActiveState) $(unit MainPID) $(unit NRestarts)"
until_ok 60 journal_has VIPD_EVENT=replaced
