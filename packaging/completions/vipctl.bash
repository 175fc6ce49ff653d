# bash completion for vipctl: what can come next, vipctl itself knows (vipctl __complete WORD...).
_vipctl() {
	local line before word words=()
	read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
	[[ ${COMP_LINE:0:COMP_POINT} != *[[:blank:]] ]] || words+=("")
	word=${words[${#words[@]} - 1]}
	# bash completes behind the last of these, an address has colons.
	before=${word%"${word##*[=:]}"}
	COMPREPLY=()
	while IFS= read -r line; do
		if [[ $line == :file ]]; then
			compopt -o filenames 2>/dev/null
			mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "${word#"$before"}")
			continue
		fi
		line=${line%%$'\t'*}
		COMPREPLY+=("${line#"$before"}")
	done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
}
complete -F _vipctl vipctl
