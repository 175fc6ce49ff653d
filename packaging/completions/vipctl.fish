# fish completion for vipctl: what can come next, vipctl itself knows (vipctl __complete WORD...).
function __vipctl_complete
	set -l words (commandline -opc)
	set -l current (commandline -ct)
	for line in ($words[1] __complete $words[2..-1] "$current" 2>/dev/null)
		if test "$line" = :file
			__fish_complete_path "$current"
		else
			echo $line
		end
	end
end
complete -c vipctl -f -a '(__vipctl_complete)'
