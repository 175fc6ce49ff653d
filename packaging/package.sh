#!/bin/bash
# package.sh dist|deb|srpm|rpm FOLDER: makes that package of this source tree and puts it into FOLDER; what else it makes it removes.
# dist is the source, vipd-VERSION.tar.xz, as the others are built from. The same sources give the same bytes wherever and whenever it is done:
# SOURCE_DATE_EPOCH is the last commit's time if it is not set, outside of git the changelog's. RELEASE (1): the
# package's own number. OLDER=1: rpm puts the same one with the number 0 into FOLDER/older, for a test to upgrade from.
set -eu
cd "$(dirname "$0")/.."
kind=$1
mkdir -p "$2"
out=$(realpath "$2")
version=$(cat packaging/VERSION)
release=${RELEASE:-1}
jobs=$(nproc)
in_git=
[ "$(git rev-parse --show-toplevel 2>/dev/null)" != "$PWD" ] || in_git=yes
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
	SOURCE_DATE_EPOCH=$([ -n "$in_git" ] && git log -1 --format=%ct 2>/dev/null) ||
		SOURCE_DATE_EPOCH=$(date -d "$(sed -n 's/^ -- .*>  //p' packaging/debian/changelog | head -n 1)" +%s)
fi
export SOURCE_DATE_EPOCH LC_ALL=C.UTF-8 TZ=UTC
unset MAKEFLAGS MFLAGS MAKELEVEL CFLAGS CPPFLAGS LDFLAGS B V CI
umask 022
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sources() { # what belongs to the tree, NUL behind each
	if [ -n "$in_git" ]; then git ls-files -z --cached --others --exclude-standard
	else find . \( -path ./build -o -path ./debian -o -path ./obj \) -prune -o \( -type f -o -type l \) -printf '%P\0'; fi |
		while IFS= read -r -d '' f; do [ ! -e "$f" ] || printf '%s\0' "$f"; done
}
dist() {
	sources | sort -z | tar -c --no-recursion --null -T - --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
		--mode=u+rwX,go+rX,go-w --format=gnu --transform "s,^,vipd-$version/,rSH" | xz -T1 -6 >"$work/vipd-$version.tar.xz"
}
deb() {
	local tree=$work/vipd-$version
	mv "$work/vipd-$version.tar.xz" "$work/vipd_$version.orig.tar.xz"
	tar -xf "$work/vipd_$version.orig.tar.xz" -C "$work"
	cp -R packaging/debian "$tree/debian"
	sed -i "1s/([^)]*)/($version-$release)/" "$tree/debian/changelog"
	find "$tree/debian" -exec touch -d "@$SOURCE_DATE_EPOCH" {} + # younger ones are made that old, older ones are not made younger
	(cd "$tree" && dpkg-buildpackage -us -uc -j"$jobs") >"$work/log" 2>&1 </dev/null || { tail -n 40 "$work/log" >&2; return 1; }
	mv "$work"/vipd*_"$version"* "$out"
}
rpm() { # rpm -bs|-ba
	local here=() options
	# Elsewhere than on Fedora and RHEL the build requirements have other names, and there is no debuginfo.
	[ -e /etc/redhat-release ] || here=(--nodeps --define 'debug_package %{nil}')
	# rpmbuild writes the folder's name into the source package: it is the same one each time, for one build at a time.
	local made=${TMPDIR:-/var/tmp}/vipd-rpmbuild.$(id -u)
	exec 9>"$made.lock"
	flock 9
	rm -rf "$made"
	mkdir -m 700 "$made" "$made/SOURCES"
	cp packaging/vipd.spec "$made"
	mv "$work/vipd-$version.tar.xz" "$made/SOURCES"
	touch -d "@$SOURCE_DATE_EPOCH" "$made/vipd.spec" "$made/SOURCES"/*
	options=("${here[@]}" --define "_topdir $made" --define "vipd_version $version" --define '_buildhost localhost'
		--define 'use_source_date_epoch_as_buildtime 1' --define 'source_date_epoch_from_changelog 0'
		--define 'clamp_mtime_to_source_date_epoch 1')
	rpmbuild "$1" --noclean "${options[@]}" --define "vipd_release $release" "$made/vipd.spec" >"$work/log" 2>&1 </dev/null ||
		{ tail -n 40 "$work/log" >&2; return 1; }
	if [ "$1" = -ba ] && [ -n "${OLDER:-}" ]; then # what was compiled is taken as it is
		rpmbuild -bb --noprep "${options[@]}" --define 'vipd_release 0' --define "_rpmdir $made/older" "$made/vipd.spec" \
			>"$work/log" 2>&1 </dev/null || { tail -n 40 "$work/log" >&2; return 1; }
		mkdir -p "$out/older"
		find "$made/older" -name '*.rpm' -exec mv -t "$out/older" {} +
	fi
	find "$made/SRPMS" "$made/RPMS" -name '*.rpm' -exec mv -t "$out" {} + 2>/dev/null || :
	rm -rf "$made"
}

dist
case $kind in
dist) mv "$work/vipd-$version.tar.xz" "$out" ;;
deb) deb ;;
srpm) rpm -bs ;;
rpm) rpm -ba ;;
*) sed -n '2s/^# //p' "$0" >&2; exit 2 ;;
esac
