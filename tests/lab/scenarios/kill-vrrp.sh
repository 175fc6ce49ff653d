# SIGKILL of vrrp under load.
kill_under_load vrrp
