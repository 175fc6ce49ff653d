# The rpm on a node, as package-deb.sh; an rpm has no purge: what stays after the removal is the configuration that was changed and what vipd wrote.
. "$TOP/tests/lab/package.sh"
rpm=$(find "$PACKAGES" -maxdepth 1 -name 'vipd-*.rpm' ! -name '*.src.rpm')
[ -n "$rpm" ] || { say "no rpmbuild here"; return 0; }
net; node lb 31; client c 100
package_root
within_rpm() { within rpm --dbpath /var/lib/rpm-lab --nodeps --nosignature "$@"; }
mkdir -p "$root/var/lib/rpm-lab"
cp "$PACKAGES"/older/*.rpm "$root/tmp/older.rpm"
cp "$rpm" "$root/tmp/vipd.rpm"

within_rpm -i /tmp/older.rpm
equal "state" "750 vipd vipd" "$(within stat -c '%a %U %G' /var/lib/vipd)"
equal "manifests" "775 vipd vipd-admin" "$(within stat -c '%a %U %G' /var/lib/vipd/manifests)"
: >"$W/nodes/lb/pid"; mkdir -p /run/vipd; : >/run/vipd/lock
package_confined
package_works
package_upgrade within rpm --dbpath /var/lib/rpm-lab --nodeps --nosignature -U /tmp/vipd.rpm
echo '# changed' >>"$root/etc/vipd/vipd.yaml"
within_rpm -e vipd
package_kernel_clean
not test -e /run/vipd
not test -e "$root/usr/sbin/vipd"
test -e "$root/etc/vipd/vipd.yaml.rpmsave"
test -e "$root/var/lib/vipd/manifests/web.yaml"
