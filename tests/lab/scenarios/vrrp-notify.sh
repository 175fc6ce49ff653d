# The FIFO and the script get keepalived's words, in order.
net; lb lb1 11; lb lb2 12; client c 100
fifo=$W/nodes/lb1/run/notify
mkfifo "$fifo"; chmod 666 "$fifo"; chmod 755 "$W/nodes/lb1/run"
cat <>"$fifo" >"$W/told" &
mkdir "$W/script"; chmod 777 "$W/script"
printf '#!/bin/sh\necho "$*" >>/run/lab/script/told\n' >"$W/nodes/lb1/scripts/told.sh"
chmod 755 "$W/nodes/lb1/scripts/told.sh"
vipd lb2 "$(router 100)"
vipd lb1 "$(router 150)" "notify: {script: told.sh, fifo: $fifo}"
until_owner lb1 10.10.0.1
until_ok 30 grep -q '^INSTANCE "*vips"* MASTER 150' "$W/told"
until_ok 30 grep -q '^INSTANCE vips MASTER 150' "$W/script/told"
vipctl lb1 failover
until_ok 30 grep -q '^INSTANCE "*vips"* BACKUP 150' "$W/told"
carrier lb1 eth0 down
until_ok 30 grep -q '^INSTANCE "*vips"* FAULT 150' "$W/told"
carrier lb1 eth0 up
vipd_stop lb1
until_ok 30 grep -q '^INSTANCE "*vips"* STOP 150' "$W/told"
say "$(cat "$W/told")"
say "$(cat "$W/script/told")"
equal "the script was told the same" "$(tr -d '"' <"$W/told" | sed '/STOP/d')" "$(sed '/STOP/d' "$W/script/told")"
