#!/bin/sh
# deps.sh [build] [test] [package]: install the packages that vipd needs to be built, tested and made packages of, on Debian/Ubuntu (apt) and Fedora/RHEL (dnf).
# Does nothing, and needs no root, when all of them are there.
set -eu

build_deb="gcc make pkg-config libnl-3-dev libnl-genl-3-dev libnl-route-3-dev libyaml-dev libjansson-dev libevent-dev
 libcap-ng-dev libseccomp-dev libsystemd-dev libssl-dev libipset-dev iptables"
test_deb="libcmocka-dev clang libclang-rt-14-dev llvm clang-format cppcheck valgrind ipvsadm ipset keepalived frr qemu-system-x86
 busybox-static kmod python3 xz-utils zstd curl tcpdump iproute2 iputils-ping nftables procps bsdextrautils systemd prometheus openssl"
package_deb="debhelper dpkg-dev fakeroot xz-utils lintian rpm rpmlint"
build_rpm="gcc make pkgconf-pkg-config libnl3-devel libyaml-devel jansson-devel libevent-devel libcap-ng-devel libseccomp-devel
 systemd-devel openssl-devel ipset-devel iptables-nft iptables-legacy"
test_rpm="libcmocka-devel clang compiler-rt llvm clang-tools-extra cppcheck valgrind ipvsadm ipset keepalived frr qemu-system-x86-core busybox
 kmod python3 xz zstd curl tcpdump iproute iputils nftables procps-ng util-linux systemd golang-github-prometheus openssl"
package_rpm="rpm-build rpmlint xz"

[ $# -gt 0 ] || set -- build test package
deb= rpm=
for part; do
	case $part in
	build) deb="$deb $build_deb" rpm="$rpm $build_rpm" ;;
	test) deb="$deb $test_deb" rpm="$rpm $test_rpm" ;;
	package) deb="$deb $package_deb" rpm="$rpm $package_rpm" ;;
	*) echo "usage: deps.sh [build] [test] [package]" >&2; exit 2 ;;
	esac
done

if command -v apt-get >/dev/null; then
	# The compiler runtime is named after its version: take the one of this release's clang.
	rt=$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9]*\)$/libclang-rt-\1-dev/p' | head -n 1)
	[ -z "$rt" ] || deb=$(printf '%s' "$deb" | sed "s/libclang-rt-14-dev/$rt/")
	missing=
	for p in $deb; do
		dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
	done
	[ -n "$missing" ] || exit 0
	[ "$(id -u)" = 0 ] || { echo "deps.sh: as root, install:$missing" >&2; exit 1; }
	echo "installing:$missing"
	export DEBIAN_FRONTEND=noninteractive
	log=$(mktemp)
	trap 'rm -f "$log"' EXIT
	# shellcheck disable=SC2086
	if ! { apt-get update && apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1 </dev/null; then
		tail -n 20 "$log" >&2
		echo "deps.sh: apt-get could not install:$missing" >&2
		exit 1
	fi
elif command -v dnf >/dev/null; then
	missing=
	for p in $rpm; do rpm -q "$p" >/dev/null 2>&1 || missing="$missing $p"; done
	[ -n "$missing" ] || exit 0
	[ "$(id -u)" = 0 ] || { echo "deps.sh: as root, install:$missing" >&2; exit 1; }
	echo "installing:$missing"
	# shellcheck disable=SC2086
	dnf install -y --setopt=install_weak_deps=False $missing </dev/null
else
	echo "deps.sh: neither apt-get nor dnf here; vipd needs:$deb" >&2
	exit 1
fi
