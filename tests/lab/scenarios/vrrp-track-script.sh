# A script, a file and a process carry the priority: each moves the address there and back without losing a datagram, and vipctl says why. A fault gives the
# address up at once: what is sent until the other node has waited its skew time is lost.
net; lb lb1 11; lb lb2 12; client c 100
scripts=$W/nodes/lb1/scripts
printf '#!/bin/sh\ntest ! -e /run/lab/sick\n' >"$scripts/check"
chmod 755 "$scripts/check"
echo 0 >"$scripts/extra"
chmod 644 "$scripts/extra"
cp "$(command -v sleep)" "$W/keeper" # a name that nothing else has
become lb1 "$W/keeper" 987654 &
keeper=$!
vipd lb1 "$(router 150 'track: [{script: check, interval: 500ms, timeout: 5s, rise: 2, fall: 2, weight: -60}, {file: extra, weight: 1}, {process: keeper, weight: -60}]')"
vipd lb2 "$(router 100)"
until_owner lb1 10.10.0.1
load c -u 10.10.0.1 7
: >"$W/sick"
until_owner lb2 10.10.0.1
contains "why" "$(vipctl lb1 get vrrp -o yaml)" check
rm "$W/sick"
until_owner lb1 10.10.0.1
kill $keeper
until_owner lb2 10.10.0.1
become lb1 "$W/keeper" 987654 &
until_owner lb1 10.10.0.1
load_end
errors_under 1
load c -u 10.10.0.1 7
echo -254 >"$scripts/extra" # keepalived: a fault
until_role lb1 Fault
until_owner lb2 10.10.0.1
echo 0 >"$scripts/extra"
until_owner lb1 10.10.0.1
load_end
errors_under 2
