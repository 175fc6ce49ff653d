#!/bin/bash
# lint.sh BUILD: what the compiler does not see. A line a check: 'ok NAME' or 'not ok NAME: why' with the places behind it.
cd "$(dirname "$0")/.." || exit 1
B=${1:-build}
bad=0

# verdict NAME WHY: reads what was found; nothing found is good.
verdict() {
	local found
	found=$(cat)
	if [ -z "$found" ]; then
		echo "ok $1"
	else
		bad=1
		echo "not ok $1: $2"
		printf '%s\n' "$found" | head -n 60 | sed 's/^/    /'
	fi
}

# includes ROOM ALLOWED...: quoted includes of the room's files that resolve to something outside of what is allowed (folders, files).
includes() {
	local room=$1 file line target allowed a
	shift
	grep -Hn '^[[:blank:]]*#[[:blank:]]*include[[:blank:]]*"' "$room"/*.[ch] 2>/dev/null | while IFS= read -r line; do
		file=${line%%:*}
		target=${line#*\"}
		target=$(realpath -m --relative-to=. "$(dirname "$file")/${target%%\"*}")
		allowed=
		for a; do
			[ "$target" != "$a" ] && [ "$(dirname "$target")" != "$a" ] || allowed=yes
		done
		[ -n "$allowed" ] || echo "$line"
	done
}

# Core objects may call memory and string functions, what allocates and aborts, and each other. libyaml parses text that it is given,
# libcrypto hashes it.
symbols() {
	local allow o src
	allow='^(mem(chr|cmp|cpy|move|set|rchr|mem)|__mem(cpy|move|set)_chk|rawmemchr'
	allow+='|str(error|n?len|n?cmp|n?casecmp|chr|rchr|chrnul|str|spn|cspn|pbrk|n?cpy|n?cat|n?dup|sep|tok_r|to[dlu]l?l?|tou?ll?)'
	allow+='|__str(n?cpy|n?cat)_chk|stpcpy|__stpcpy_chk|__isoc23_strto(u?ll?)|__ctype_(b|tolower|toupper)_loc|toupper|tolower|isalnum'
	allow+='|(__isoc99_)?sscanf|v?sn?printf|v?asprintf|__v?s(n)?printf_chk|__v?asprintf_chk|__errno_location|__stack_chk_fail'
	allow+='|malloc|calloc|realloc|reallocarray|free|abort|__assert_fail|__sprintf_chk|qsort|qsort_r|bsearch'
	allow+='|arena_[a-z]+|x[a-z]+|inet_(pton|ntop)|yaml_[a-z_]+|EVP_(Digest|sha1)|_GLOBAL_OFFSET_TABLE_)$'
	local objects=()
	for src in $(cat packaging/core.list); do
		o=$B/${src%.c}.o
		if [ -e "$o" ]; then objects+=("$o"); else echo "$src: $o is not built"; fi
	done
	[ ${#objects[@]} -gt 0 ] || return
	nm --defined-only -g "${objects[@]}" | awk 'NF == 3 { print $3 }' | sort -u >"$tmp/defined"
	for o in "${objects[@]}"; do
		nm -u "$o" | awk '{ sub(/@.*/, "", $2); print $2 }' | grep -Ev "$allow" | grep -vxFf "$tmp/defined" | sed "s,^,$o calls ,"
	done
}

# The threshold is in tenths.
exposure() {
	systemd-analyze security --offline=true --threshold=35 --no-pager "$tmp/vipd.service" >"$tmp/exposure" 2>&1 &&
		grep -q 'Overall exposure level' "$tmp/exposure" || grep -v '✓' "$tmp/exposure"
}

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
sources=$(git ls-files --cached --others --exclude-standard '*.c' '*.h' 2>/dev/null || find . -name build -prune -o -name '*.[ch]' -print)

includes src/base src/base | verdict 'includes of src/base' 'it may use nothing above it'
includes ipvs ipvs src/base | verdict 'includes of ipvs' 'it may use src/base only'
includes vrrp vrrp src/base | verdict 'includes of vrrp' 'it may use src/base only'
includes configmaps configmaps src/base ipvs/table.h | verdict 'includes of configmaps' 'it may use src/base and ipvs/table.h only'
symbols | verdict 'core calls' 'a core file takes values and returns values (packaging/core.list)'
# shellcheck disable=SC2086
clang-format --dry-run -Werror $sources 2>&1 | grep -E 'error:|not found' | verdict 'clang-format' "'make format' lays them out"
# shellcheck disable=SC2086
cppcheck -q -j "$(nproc)" --std=c11 --enable=warning,portability --inline-suppr --suppress=missingIncludeSystem --suppress=memleakOnRealloc:'tests/*' \
    --template='{file}:{line}: {severity}: {message} [{id}]' $(printf '%s\n' $sources | grep '\.c$') 2>&1 |
	verdict 'cppcheck' 'see the lines'
if command -v mandoc >/dev/null; then
	mandoc -Tlint -W warning packaging/man/*.[1-8] 2>/dev/null | verdict 'man pages' 'mandoc -Tlint finds this'
elif command -v man >/dev/null; then
	for page in packaging/man/*.[1-8]; do man --warnings=w -l "$page" 2>&1 >/dev/null; done | verdict 'man pages' 'man --warnings finds this'
fi
if command -v systemd-analyze >/dev/null; then
	sed "s,@SBINDIR@,$(realpath "$B"),g" packaging/vipd.service >"$tmp/vipd.service"
	cp packaging/vipd-online.target "$tmp"
	systemd-analyze verify --man=no "$tmp"/vipd.service "$tmp"/vipd-online.target 2>&1 | verdict 'systemd units' 'systemd-analyze verify finds this'
	exposure | verdict 'systemd exposure' 'at most 3.5 is wanted'
fi
# Each metric that an alert looks at is one that the code writes: in the source without what its type adds.
grep -oE 'vipd_[a-z_]+' packaging/prometheus/vipd.rules.yml | sed 's/_total$//' | sort -u | while read -r m; do
	grep -qF "\"$m\"" src/control_metrics.c src/metrics_servers.c || echo "$m"
done | verdict 'metrics of alerts' 'the code has no such metric'
if command -v promtool >/dev/null; then
	{ promtool check rules packaging/prometheus/vipd.rules.yml && promtool test rules packaging/prometheus/vipd.rules.test.yml; } >"$tmp/rules" 2>&1 &&
		: >"$tmp/rules"
	verdict 'alerts' 'promtool finds this' <"$tmp/rules"
fi
git grep -nIE '/(home|Users|work)/[a-z]|[^[:alnum:]](TODO|FIXME|XXX)([^X[:alnum:]]|$)' -- ':!tests/lint.sh' ':!LICENSE' 2>/dev/null |
	verdict 'tree' 'it names a place of one person, or something is unfinished'

exit "$bad"
