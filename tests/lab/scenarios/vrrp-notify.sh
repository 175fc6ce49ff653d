# The FIFO and the script get keepalived's words, of each router and of their group, in order; also the last ones, which a slow script is run for while vipd stops.
net; lb lb1 11; lb lb2 12; client c 100
fifo=$W/nodes/lb1/run/notify
mkfifo "$fifo"; chmod 666 "$fifo"; chmod 755 "$W/nodes/lb1/run"
cat <>"$fifo" >"$W/told" &
mkdir "$W/script"; chmod 777 "$W/script"
printf '#!/bin/sh\nsleep 0.3\necho "$*" >>/run/lab/script/told\n' >"$W/nodes/lb1/scripts/told.sh"
chmod 755 "$W/nodes/lb1/scripts/told.sh"
told() { until_ok 30 grep -q "^$1\$" "$W/told"; }
vipd lb2 "$(routers 100)"
vipd lb1 "$(routers 150)" "notify: {script: told.sh, fifo: $fifo}"
until_owner lb1 10.10.0.1
told 'INSTANCE "vips" MASTER 150'
told 'GROUP "pair" MASTER 0'
until_ok 30 grep -q '^GROUP pair MASTER 0' "$W/script/told"
vipctl lb1 failover
told 'GROUP "pair" BACKUP 0'
carrier lb1 eth0 down
told 'INSTANCE "gateway" FAULT 150'
told 'GROUP "pair" FAULT 0'
carrier lb1 eth0 up
until_owner lb1 10.10.0.1
vipd_stop lb1
told 'INSTANCE "vips" STOP 150'
told 'INSTANCE "gateway" STOP 150'
told 'GROUP "pair" STOP 0'
say "$(cat "$W/told")"
equal "the script was told the same" "$(tr -d '"' <"$W/told")" "$(cat "$W/script/told")"
