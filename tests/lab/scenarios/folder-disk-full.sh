# The manifests folder on a full disk: what cannot be written whole is told or passed over, nothing is lost, and it is taken when there is room.
net; node lb 31
pod_host web-1 5 80
mount -t tmpfs -o size=64k small "$W/nodes/lb/manifests"
pod_manifest web-1 5 web | apply lb - pod-web-1
vipd lb
service web 'clusterIP: 10.96.10.5' 'ports: [{port: 80}]' | apply lb - web
has lb "TCP 10.96.10.5:80" 1
not dd if=/dev/zero of="$W/nodes/lb/manifests/filler" bs=4k count=100 2>/dev/null
service two 'clusterIP: 10.96.10.6' 'ports: [{port: 82, targetPort: 80}]' >"$W/two.yaml"
not cp "$W/two.yaml" "$W/nodes/lb/manifests/two.yaml" 2>/dev/null
sleep 2
table_has lb "TCP 10.96.10.5:80" 1
not table_has lb "TCP 10.96.10.6:82"
rm "$W/nodes/lb/manifests/filler"
cp "$W/two.yaml" "$W/nodes/lb/manifests/two.yaml"
has lb "TCP 10.96.10.6:82" 1
vipd_stop lb

# The same with the disks of vipd's own files: /run full after the start, then a start with both full, then with state read-only and not there yet. It says so
# and serves on; what it could not write it writes when there is room.
fill() { dd if=/dev/zero of="$1/filler" bs=4k oflag=append conv=notrunc 2>/dev/null || true; }
run=$W/nodes/lb/run state=$W/nodes/lb/state
rm -rf "$run" "$state"
mkdir -p "$run" "$state"
mount -t tmpfs -o size=1m,mode=755 small "$run"
mount -t tmpfs -o size=256k,mode=750 small "$state"
vipd_launch lb; vipd_serves lb
has lb "TCP 10.96.10.5:80" 1
fill "$run"; fill "$state"
service three 'type: LoadBalancer' 'externalIPs: [10.10.0.40]' 'clusterIP: 10.96.10.7' 'ports: [{port: 80}]' | apply lb - three
has lb "TCP 10.96.10.7:80" 1
has_addr lb eth0 10.10.0.40
until_ok 30 eval 'vipctl lb status | grep -q "cannot be written: No space left"'
vipd_stop lb
fill "$run"; fill "$state"
vipd_launch lb; vipd_serves lb
has lb "TCP 10.96.10.7:80" 1
has_addr lb eth0 10.10.0.40
rm "$run/filler" "$state/filler"
until_ok 30 eval '! vipctl lb status | grep -q "No space left"'
vipd_stop lb
mount -o remount,ro "$state"
vipd_launch lb; vipd_serves lb
has lb "TCP 10.96.10.7:80" 1
vipd_stop lb
umount "$state"
mkdir "$W/ro"
mount -t tmpfs -o ro,size=4k none "$W/ro"
vipd_run lb -f --log-level debug --state-dir "$W/ro/state" >>"$W/nodes/lb/log" 2>&1 &
echo $! >"$W/nodes/lb/pid"
vipd_serves lb
grep -q 'ro/state: the state directory cannot be made: Read-only file system; going on without' "$W/nodes/lb/log" || fail "not said"
contains "told" "$(vipctl lb status)" "there is no state directory"
has lb "TCP 10.96.10.7:80" 1
has_addr lb eth0 10.10.0.40
