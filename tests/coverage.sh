#!/bin/bash
# coverage.sh BUILD FILE...: runs the unit programs of a build made with --coverage and prints which share of each core file's lines
# they reached. 1 if a file is under 90 %, or a program failed.
cd "$(dirname "$0")/.." || exit 1
B=$1
shift
AT_LEAST=90
bad=0

find "$B" -name '*.gcda' -delete
tests/run unit "$B" || bad=1

# share FILE: "percent lines" as gcov counts them; nothing if no test links the file.
share() {
	[ -e "$B/${1%.c}.gcda" ] || return
	LC_ALL=C gcov -n -o "$B/${1%.c}.o" "$1" 2>/dev/null |
		awk -v file="File '$1'" '$0 == file { mine = 1 } mine && /^Lines executed:/ { sub(/.*:/, ""); print $1 + 0, $3; exit }'
}

printf '\n%-34s %8s %8s\n' 'core file' lines reached
lines=0 reached=0
for f; do
	read -r percent n <<<"$(share "$f")"
	percent=${percent:-0} n=${n:-0}
	mark=
	if awk "BEGIN { exit !($percent < $AT_LEAST) }"; then
		bad=1
		mark="  under $AT_LEAST %"
	fi
	printf '%-34s %8d %7.1f%%%s\n' "$f" "$n" "$percent" "$mark"
	lines=$((lines + n))
	reached=$(awk "BEGIN { print $reached + $n * $percent / 100 }")
done
awk "BEGIN { printf \"%-34s %8d %7.1f%%\\n\", \"total\", $lines, $lines ? 100 * $reached / $lines : 0 }"
exit "$bad"
