# A second vipd with the same run folder is refused and told who runs.
net; node lb 31
vipd lb
equal "exit status" 77 "$(status_of vipd_run lb -f)"
contains "names the pid" "$(cat "$W/said")" "$(vipd_pid lb)"
