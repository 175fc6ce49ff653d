# As installed: started by root, users vipd, vipd-net and vipd_script there by name. Each process has its user, its capabilities, its filter and no new
# privileges, and so confined takes an address, tracks a script and tells another.
for f in passwd group; do cp /etc/$f "$W/$f"; done
id=880
for u in vipd vipd-net vipd_script; do
	echo "$u:x:$id:$id::/:/usr/sbin/nologin" >>"$W/passwd"
	echo "$u:x:$id:" >>"$W/group"
	id=$((id + 1))
done
for f in passwd group; do mount --bind "$W/$f" /etc/$f; done # this scenario's mounts are its own
CONTROL_USER=vipd NET_USER=vipd-net SCRIPT_USER=vipd_script
net; lb lb1 11; lb lb2 12; client c 100
mkdir -m 1777 "$W/told"
scripts=$W/nodes/lb1/scripts
printf '#!/bin/sh\ngrep -E "^(Uid|Gid|Groups|Cap|NoNewPrivs)" /proc/self/status >/run/lab/told/check.new\nmv /run/lab/told/check.new /run/lab/told/check\ntest ! -e /run/lab/sick\n' >"$scripts/check"
printf '#!/bin/sh\ncat /proc/self/status >/run/lab/told/status; echo "$*" >>/run/lab/told/words\n' >"$scripts/tell"
chmod 755 "$scripts/check" "$scripts/tell"
vipd lb1 "$(router 150 'mac: virtual' 'track: [{script: check, interval: 500ms, timeout: 5s}]')" 'notify: {script: tell}'
vipd lb2 "$(router 100)"
until_owner lb1 10.10.0.1
until_ok 30 grep -q 'INSTANCE vips MASTER 150' "$W/told/words"
field() { sed -n "s/^$2:[[:blank:]]*//p" "$1" | tr '\t' ' '; }
confined() { # confined FILE UID CAPABILITIES BOUNDING: what a status file says
	equal "$1: user" "$2 $2 $2 $2" "$(field "$1" Uid)"
	equal "$1: group" "$2 $2 $2 $2" "$(field "$1" Gid)"
	equal "$1: other groups" "" "$(field "$1" Groups | tr -d ' ')"
	for set in Prm Eff; do equal "$1: capabilities, $set" "$3" "$(field "$1" Cap$set)"; done
	for set in Inh Amb; do equal "$1: capabilities, $set" 0000000000000000 "$(field "$1" Cap$set)"; done
	equal "$1: capabilities that may come" "$4" "$(field "$1" CapBnd)"
	equal "$1: no new privileges" 1 "$(field "$1" NoNewPrivs)"
}
#         net_admin 1000, net_raw 2000, ipc_lock 4000, sys_nice 800000; kill 20, setgid 40, setuid 80, sys_module 10000 (modprobe), net_* for iptables
confined "/proc/$(vipd_pid lb1 control)/status" 880 0000000000000000 0000000000000000
confined "/proc/$(vipd_pid lb1 ipvs)/status" 881 0000000000001000 0000000000000000
confined "/proc/$(vipd_pid lb1 vrrp)/status" 881 0000000000807000 0000000000000000
for r in control ipvs vrrp; do equal "$r: system calls are filtered" 2 "$(field "/proc/$(vipd_pid lb1 $r)/status" Seccomp)"; done
vrrp=/proc/$(vipd_pid lb1 vrrp)
equal "vrrp: SCHED_RR" 2 "$(sed 's/.*) //' "$vrrp/stat" | awk '{ print $39 }')" # proc(5): field 41
[ "$(field "$vrrp/status" VmLck | tr -dc 0-9)" -ge "$(field "$vrrp/status" VmRSS | tr -dc 0-9)" ] || fail "vrrp: memory is not locked"
runner=/proc/$(vipd_pid lb1 runner)/status
equal "runner: capabilities" "00000000000130e0 00000000000130e0 1" "$(field "$runner" CapEff) $(field "$runner" CapBnd) $(field "$runner" NoNewPrivs)"
for f in check status; do
	equal "$f: user" "882 882 882 882" "$(field "$W/told/$f" Uid)"
	equal "$f: capabilities" "0000000000000000 0000000000000000" "$(field "$W/told/$f" CapEff) $(field "$W/told/$f" CapPrm)"
	equal "$f: no new privileges" 1 "$(field "$W/told/$f" NoNewPrivs)"
done
say "the script fails: another takes over; it succeeds: back"
: >"$W/sick"
until_owner lb2 10.10.0.1
rm "$W/sick"
until_owner lb1 10.10.0.1
vipd_stop lb1
until_owner lb2 10.10.0.1
lacks "nobody was killed by a filter" "$(cat "$W"/nodes/*/log)" "started again"
