# recipe.sh: plays a section of packaging/doc/recipes.md as it stands. Sourced by the scenarios recipe-*.sh after lib.sh.
#
#   recipe "One node"       every block of that section, in order:
#     ```yaml NODE:FILE     the file; /etc/vipd/vipd.yaml is the node's configuration (with the places of the lab), others are in its folder
#     ```sh NODE            commands, run there
#     ```console NODE       `# COMMAND` and what it prints: the lines in this order among others, … stands for anything; a command with lines is tried for 40 s
#     ```text               to be read
#   NODE: of the lab, both (lb1 lb2), all (lb1 lb2 lb3), client

RECIPES=$TOP/packaging/doc/recipes.md

recipe_nodes() { case $1 in both) echo lb1 lb2 ;; all) echo lb1 lb2 lb3 ;; client) echo c ;; *) echo "$1" ;; esac; }
recipe_put() { # recipe_put NODE FILE <TEXT
	case $2 in
	/etc/vipd/vipd.yaml) { echo "manifests: $W/nodes/$1/manifests"; echo "nodeName: $1"; cat; } >"$W/nodes/$1/vipd.yaml" && chmod 644 "$W/nodes/$1/vipd.yaml" ;;
	*) cat >"$W/nodes/$1/$2" ;;
	esac
}
recipe_command() { # recipe_command NODE WORDS: systemd's and the daemons' commands are the lab's
	local n=$1; shift
	case "$*" in
	'systemctl start vipd') vipd_launch "$n"; vipd_serves "$n" ;;
	'systemctl stop vipd') vipd_stop "$n" ;;
	'systemctl stop keepalived') keepalived_stop "$n" ;;
	'vipd '*) shift; vipd_run "$n" "$@" ;;
	'vipctl '*) shift; (cd "$W/nodes/$n" && vipctl "$n" "$@") ;;
	*) on "$n" "$@" ;;
	esac
}
# Reads what was printed; each line of FILE must be there, in order, blanks apart.
recipe_matches() {
	python3 -c '
import re, sys
printed = [" ".join(l.split()) for l in sys.stdin]
at = 0
for want in (" ".join(l.split()) for l in open(sys.argv[1])):
    if want == "…":
        continue
    form = ".*".join(re.escape(p) for p in want.split("…"))
    while at < len(printed) and not re.fullmatch(form, printed[at]):
        at += 1
    if at == len(printed):
        print("no line like:", want, "\nin:", "\n".join(printed), sep="\n")
        sys.exit(1)
    at += 1
' "$1"
}
recipe_try() { # recipe_try NODE COMMAND: and compare; what is not met is printed
	recipe_command "$1" $2 >"$W/recipe.out" 2>&1 || { cat "$W/recipe.out"; return 1; }
	recipe_matches "$W/recipe.want" <"$W/recipe.out"
}
recipe_play() { # recipe_play NODE COMMAND; $W/recipe.want: what it prints. What only looks may look until it is so
	say "$1 # $2"
	case $2 in
	'vipctl get'* | 'vipctl explain'* | curl* | ipvsadm*) until_ok 40 recipe_try "$1" "$2" ;;
	*) recipe_try "$1" "$2" || fail "$1 # $2" ;;
	esac
}
recipe_console() { # recipe_console NODE FILE
	local line command=
	: >"$W/recipe.want"
	while IFS= read -r line <&3; do
		case $line in
		'# '*)
			[ -z "$command" ] || recipe_play "$1" "$command"
			command=${line#\# }
			: >"$W/recipe.want" ;;
		*) echo "$line" >>"$W/recipe.want" ;;
		esac
	done 3<"$2"
	[ -z "$command" ] || recipe_play "$1" "$command"
}
recipe_block() { # recipe_block KIND NODE[:FILE] FILE-WITH-TEXT
	local n
	for n in $(recipe_nodes "${2%%:*}"); do
		case $1 in
		yaml) recipe_put "$n" "${2#*:}" <"$3" ;;
		sh) on "$n" sh -e "$3" ;;
		console) recipe_console "$n" "$3" ;;
		text) ;;
		*) fail "recipes.md: a block of kind $1" ;;
		esac
	done
}
recipe() {
	local kind where i=0
	# One file a block: its first line says what it is.
	awk -v title="## $1" -v to="$W/block." '
		/^## / { mine = $0 == title }
		!mine { next }
		/^```/ && !open { open = 1; n++; print substr($0, 4) >(to n); next }
		/^```/ { open = 0; next }
		open { print >(to n) }' "$RECIPES"
	while [ -e "$W/block.$((i + 1))" ]; do
		i=$((i + 1))
		read -r kind where <"$W/block.$i"
		sed 1d "$W/block.$i" >"$W/block"
		recipe_block "$kind" "$where" "$W/block"
	done
	[ "$i" -gt 0 ] || fail "recipes.md has no section \"$1\" with blocks"
}
