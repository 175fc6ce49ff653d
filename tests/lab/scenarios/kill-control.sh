# SIGKILL of control under load.
kill_under_load control
