# systemd.sh: systemd as process 1 on the node lb, in a root of its own over this machine's: process, mount, cgroup, IPC and UTS namespaces, the node's
# network, cgroups v2 and no unit of this machine but the journal's and what a boot needs. What a unit asks for is in force as on any machine: this
# kernel's capabilities, seccomp filters, device filters and mounts. For the scenario package-systemd.sh; lib.sh and package.sh come first.
#
#   systemd_boot            boots to basic.target; $root is its root. systemd_booted waits for it; the journal is copied to the node's log
#   within CMD..            CMD there, as root
#   vipd_pid lb [ROLE]      as in lib.sh, by systemd_boot's process numbers; signal lb ROLE SIG
#   unit PROPERTY           of vipd.service
#   active_since UNIT       in us since 1970
#   journal FILTER..        vipd's journal as JSON, a line an entry
#   journal_has FIELD=VALUE..  an entry with all of these is there

systemd_units() { # nothing of this machine's own, and nothing that needs its devices; few, for each daemon-reload reads the whole folder
	local from=/lib/systemd/system to=$root/lib/systemd/system u
	mount -t tmpfs -o mode=755 units "$to"
	mkdir "$to/sysinit.target.wants" "$to/sockets.target.wants"
	cp -P "$from"/*.target "$from"/*.slice "$from"/systemd-journald[.-]* "$from/systemd-tmpfiles-setup.service" "$to"
	ln -s ../systemd-journald.service ../systemd-tmpfiles-setup.service "$to/sysinit.target.wants"
	ln -s ../systemd-journald.socket ../systemd-journald-dev-log.socket "$to/sockets.target.wants"
	rm -rf "$root/etc/systemd/system"
	mkdir -p "$root/etc/systemd/system" "$root/etc/systemd/system-generators"
	for u in "$root"/lib/systemd/system-generators/*; do ln -sf /dev/null "$root/etc/systemd/system-generators/${u##*/}"; done
	: >"$root/etc/fstab"
	printf '[Journal]\nStorage=volatile\nReadKMsg=no\nRateLimitBurst=0\n' >"$root/etc/systemd/journald.conf"
}
systemd_dev() { # a /dev of its own: journald's /dev/log is nobody else's
	local d
	mount -t tmpfs -o mode=755 dev "$root/dev"
	mkdir "$root/dev/pts" "$root/dev/shm"
	for d in null zero full random urandom tty; do cp -a "/dev/$d" "$root/dev/"; done
	mount --bind /dev/pts "$root/dev/pts"
	ln -s /proc/self/fd "$root/dev/fd"
	ln -s pts/ptmx "$root/dev/ptmx"
}
# Process 1's own part: to a cgroup of its own, then in its namespaces the root becomes the root.
systemd_init() {
	mkdir -p "$W/cgroup"
	mount -t cgroup2 cgroup "$W/cgroup"
	cgroup=$(mktemp -d "$W/cgroup/lab-systemd.XXXXXX")
	cat >"$W/init" <<-INIT
	set -e
	mount --make-rprivate /
	mount -t proc proc $root/proc
	mount -t sysfs sys $root/sys
	mount -t cgroup2 cgroup $root/sys/fs/cgroup
	cd $root
	pivot_root . mnt
	umount -l /mnt
	exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=lab /lib/systemd/systemd --unit=basic.target
	INIT
	(
		echo $BASHPID >"$cgroup/cgroup.procs"
		become lb unshare -m -p -C -i -u --fork --kill-child bash "$W/init"
	) >"$W/init.log" 2>&1 </dev/null &
	init=$!
	trap systemd_end EXIT
}
systemd_end() { # where the kernel is not the lab's own, no cgroup stays
	kill -KILL "${pid1:-$init}" || true
	wait "$init" || true
	find "$cgroup" -depth -type d -exec rmdir {} + || true
} 2>/dev/null
systemd_boot() {
	package_overlay
	mount -t tmpfs -o mode=755 run "$root/run"
	systemd_units
	systemd_dev
	systemd_init
	until_ok 10 eval 'init_child=$(cat /proc/$init/task/$init/children) && [ -n "$init_child" ]'
	pid1=${init_child%% *}
}
systemd_booted() {
	until_ok 60 booted
	{ within journalctl --follow --no-tail --output=short-monotonic || true; } >"$W/nodes/lb/log" 2>&1 &
}
booted() {
	kill -0 "$pid1" || { cat "$W/init.log"; return 1; }
	within systemctl is-active basic.target
}
within() { nsenter -t "$pid1" -m -p -C -i -u -n -r -w "$@"; }
vipd_pid() {
	local proc=/proc/$pid1/root/proc sup p
	sup=$(cat "$root/run/vipd/lock")
	[ "${2:-supervisor}" != supervisor ] || { echo "$sup"; return; }
	for p in $(cat "$proc/$sup/task/$sup/children" 2>/dev/null); do
		[ "$(cat "$proc/$p/comm" 2>/dev/null)" != "vipd-$2" ] || { echo "$p"; return; }
	done
	echo "no process $2" >&2
	return 1
}
signal() { local p; p=$(vipd_pid "$1" "$2"); within kill "-$3" "$p"; }
unit() { within systemctl show --value -p "$1" vipd; }
active_since() { date -d "$(within systemctl show --timestamp=us+utc --value -p ActiveEnterTimestamp "$1")" +%s%6N; }
journal() { within journalctl --no-pager -q -o json -u vipd "$@"; }
journal_has() { [ -n "$(journal -n 1 "$@")" ]; }
