# SIGKILL of runner under load.
kill_under_load runner
