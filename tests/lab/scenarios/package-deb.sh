# The deb on a node: starts from the installed files, answers, upgrades over the running older build under load, removes (nothing in the kernel, configuration
# kept), purges (nothing at all).
. "$TOP/tests/lab/package.sh"
deb=$(ls "$PACKAGES"/vipd_*.deb 2>/dev/null) || { say "no dpkg-buildpackage here"; return 0; }
net; node lb 31; client c 100
package_root
package_dpkg "$deb"
install_deb "$W/older.deb"
equal "state" "750 vipd vipd" "$(within stat -c '%a %U %G' /var/lib/vipd)"
equal "manifests" "775 vipd vipd-admin" "$(within stat -c '%a %U %G' /var/lib/vipd/manifests)"
within /etc/init.d/vipd start
package_serves
equal "what a fresh one programs" "" "$(kernel_table lb | sed 1,3d)"
within /etc/init.d/vipd status
within /etc/init.d/vipd reload
echo 'interfase: eth9' >>"$root/etc/vipd/vipd.yaml"
equal "a reload with an error" 78 "$(status_of within /etc/init.d/vipd reload)"
contains "its place" "$(cat "$W/said")" 'interfase'
sed -i '$d' "$root/etc/vipd/vipd.yaml"
within /etc/init.d/vipd stop
vipd_stopped lb

package_confined
package_works
package_upgrade install_deb "$deb"

lab_dpkg -r vipd
package_kernel_clean
not test -e /run/vipd
test -e "$root/etc/vipd/vipd.yaml"
test -e "$root/var/lib/vipd/manifests/web.yaml"
lab_dpkg -P vipd
equal "what a purge leaves" "" "$(package_files)"
lacks "users and groups" "$(cat "$root/etc/passwd" "$root/etc/group")" vipd
