# A second vipd with the same run folder is refused and told who runs.
net; node lb 31
vipd lb
equal "exit status" 77 "$(vipd_run lb -f >"$W/out" 2>&1; echo $?)"
contains "names the pid" "$(cat "$W/out")" "$(vipd_pid lb)"
