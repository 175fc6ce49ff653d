#!/bin/bash
# packages.sh BUILD: deb and rpm are built, twice: from this tree, and from its own source tarball in another place and without git; the bytes are the same, and
# lintian and rpmlint find nothing. A line a check. What they do on a node: tests/lab/scenarios/package-*.sh.
cd "$(dirname "$0")/.." || exit 1
B=${1:-build}
bad=0
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

check() { # check NAME COMMAND..: good is what succeeds
	local name=$1
	shift
	if "$@" >"$tmp/said" 2>&1; then
		echo "ok $name"
	else
		bad=1
		echo "not ok $name: '$*' failed"
		tail -n 40 "$tmp/said" | sed 's/^/    /'
	fi
}
same() { # same FILE..: there is each, and its like in $tmp/again
	local f
	for f; do cmp "$f" "$tmp/again/$(basename "$f")" || return 1; done
}
check 'packages are built' make --no-print-directory B="$B" packages
out=$B/packages
[ $bad = 0 ] || exit 1
# The tarball that the package was made of, elsewhere.
export SOURCE_DATE_EPOCH
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null) || SOURCE_DATE_EPOCH=$(date -d "$(sed -n 's/^ -- .*>  //p' packaging/debian/changelog | head -n 1)" +%s)
check 'source tarball' packaging/package.sh dist "$tmp"
mkdir -p "$tmp/elsewhere"
tar -xf "$tmp"/vipd-*.tar.xz -C "$tmp/elsewhere"
again=$(echo "$tmp"/elsewhere/*)/packaging/package.sh
if command -v dpkg-buildpackage >/dev/null; then
	check 'deb from the tarball' "$again" deb "$tmp/again"
	check 'deb: equal bytes' same "$out"/vipd_*.deb "$out"/vipd_*.dsc "$out"/vipd_*.tar.xz
	check 'lintian' lintian --fail-on error,warning --allow-root "$out"/vipd_*.changes
fi
if command -v rpmbuild >/dev/null; then
	check 'rpm from the tarball' "$again" rpm "$tmp/again"
	check 'rpm: equal bytes' same "$out"/vipd-*.rpm
	check 'rpmlint' rpmlint -r packaging/vipd.rpmlintrc "$out"/vipd-*.rpm packaging/vipd.spec
fi
exit "$bad"
