# package.sh: a node that vipd is installed on by its package: a root of its own over this machine's (overlayfs), in which everything that the package
# writes can be seen, with package databases of its own. For the scenarios package-*.sh; lib.sh comes first.
#
#   package_root            the root, in $root; what is written to it is in $W/upper. package_overlay: without /proc, /sys, /dev and /run
#   within CMD..            CMD in the node lb and that root
#   package_dpkg DEB        a dpkg database there that knows what vipd depends on, and $W/older.deb, the same package with a lower number
#   install_deb FILE        dpkg -i of a file of this machine
#   package_serves          waits until the installed vipd answers; its manifests are the node's from then on
#   package_confined        starts the installed vipd with no more than the unit's capabilities, as systemd does
#   package_works           a Service on a VIP answers
#   package_upgrade CMD..   CMD upgrades under load: the same supervisor, new processes, no request fails
#   package_kernel_clean    nothing of vipd is left in the kernel
#   package_files           what the root has of vipd beside the databases
PACKAGES=${PACKAGES:-$BUILD/packages}

package_overlay() {
	root=$W/root
	modprobe -q overlay 2>/dev/null || true
	mkdir -p "$W/upper" "$W/overlay" "$root"
	mount -t overlay overlay -o "lowerdir=/,upperdir=$W/upper,workdir=$W/overlay" "$root"
	mount -t tmpfs tmp "$root/tmp"
	rm -f "$root/usr/sbin/policy-rc.d" # of a container's image: nothing may start
}
package_root() {
	package_overlay
	mount -t proc proc "$root/proc"
	mount --rbind /sys "$root/sys"
	mount --rbind /dev "$root/dev"
	mount --bind /run "$root/run"
	mkdir -p "$root/etc/default"
	echo 'VIPD_LOG=/run/lab/nodes/lb/log VIPD_OPTIONS="--log-level debug"' >"$root/etc/default/vipd"
}
package_dpkg() {
	local db=$root/var/lib/dpkg-lab needs
	mkdir -p "$db/updates" "$db/info" "$db/triggers"
	: >"$db/available" >"$db/triggers/File" >"$db/triggers/Unincorp"
	needs=$(dpkg-deb -f "$1" Depends Pre-Depends | sed 's/^[A-Za-z-]*://; s/([^)]*)//g; s/[|,]/ /g')
	# shellcheck disable=SC2086
	dpkg-query -s $needs >"$db/status" 2>/dev/null || true
	dpkg-deb -R "$1" "$W/older"
	sed -i 's/^Version: .*/Version: 0.0.1-1/' "$W/older/DEBIAN/control"
	dpkg-deb -b -Znone "$W/older" "$W/older.deb"
}
lab_dpkg() { within env DEBIAN_FRONTEND=noninteractive dpkg --admindir=/var/lib/dpkg-lab "$@"; }
install_deb() { cp "$1" "$root/tmp/vipd.deb"; lab_dpkg -i /tmp/vipd.deb; }
within() { on lb chroot "$root" "$@"; }
vipctl() { shift; within vipctl "$@"; }
package_serves() {
	until_ok 60 vipctl lb status
	within cat /run/vipd/lock >"$W/nodes/lb/pid"
	[ -L "$W/nodes/lb/manifests" ] || { rm -r "$W/nodes/lb/manifests"; ln -s "$root/var/lib/vipd/manifests" "$W/nodes/lb/manifests"; }
}
package_stop() { within /bin/sh -c "kill -TERM $(cat /run/vipd/lock)"; vipd_stopped lb; }
package_confined() {
	local unit=$root/lib/systemd/system/vipd.service caps
	[ -e "$unit" ] || unit=$root/usr/lib/systemd/system/vipd.service
	caps=$(sed -n 's/^CapabilityBoundingSet=//p' "$unit" | tr A-Z a-z | sed 's/cap_/+/g; s/ /,/g')
	contains "the unit's capabilities" "$caps" +net_admin
	become lb chroot "$root" setpriv --bounding-set="-all,$caps" --no-new-privs --groups "$(within id -g vipd)" \
		/usr/sbin/vipd -f --log-level debug >>"$W/nodes/lb/log" 2>&1 &
	until_ok 30 eval '[ "$(cat /run/vipd/lock)" != "$(cat "$W/nodes/lb/pid")" ]'
	package_serves
}
package_works() {
	pod web-1 5; pod web-2 6
	service web 'externalIPs: [10.10.0.33]' 'ports: [{port: 80}]' | apply lb - web
	has lb "TCP 10.10.0.33:80" 2
	has_addr lb eth0 10.10.0.33
	until_ok 30 get_ok c http://10.10.0.33/
}
package_upgrade() {
	local pid old_control old_ipvs old_vrrp r
	pid=$(vipd_pid lb)
	for r in control ipvs vrrp; do eval "old_$r=\$(vipd_pid lb $r)"; done
	load c 10.10.0.33 80
	"$@"
	for r in control ipvs vrrp; do eval "until_ok 60 another_pid lb $r \$old_$r"; done
	until_ok 60 vipctl lb status
	no_error
	equal "supervisor" "$pid" "$(within cat /run/vipd/lock)"
	lacks "the program that runs" "$(within readlink "/proc/$pid/exe")" deleted
	table_has lb "TCP 10.10.0.33:80" 2
	addr_on lb eth0 10.10.0.33
}
package_kernel_clean() {
	equal "virtual servers" "" "$(kernel_table lb | sed 1,3d)"
	not addr_on lb eth0 10.10.0.33
	not ip -n lb link show vipd0
	equal "sets" "" "$(on lb ipset list -n)"
	lacks "rules" "$(on lb iptables-save; on lb ip6tables-save)" VIPD
	lacks "tables" "$(on lb nft list tables)" vipd
	not pgrep -x vipd
}
package_files() {
	(cd "$W/upper" && find . -name '*vip*' ! -type c ! -path './var/lib/*-lab/*' ! -path ./etc/default/vipd | sort)
	[ ! -e "$root/run/vipd" ] || echo /run/vipd
}
