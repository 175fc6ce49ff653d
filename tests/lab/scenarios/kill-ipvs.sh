# SIGKILL of ipvs under load.
kill_under_load ipvs
