# One file replaced 1,000 times as fast as it goes: the last one wins; memory does not grow.
net; node lb 31
pod web-1 5
vipd lb
service web 'clusterIP: 10.96.10.6' 'ports: [{port: 80}]' | apply lb - web
has lb "TCP 10.96.10.6:80" 1
python3 - "$W/nodes/lb/manifests" <<'PY'
import os, sys
folder = sys.argv[1]
for i in range(1000):
    with open(folder + '/.new', 'w') as f:
        f.write('apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  clusterIP: 10.96.10.6\n  selector: {app: web}\n'
                '  ports: [{port: %d, targetPort: 80}]\n' % (1001 + i))
    os.rename(folder + '/.new', folder + '/web.yaml')
PY
has lb "TCP 10.96.10.6:2000" 1
one_is_left() { [ "$(kernel_table lb | grep -c '^TCP  10.96.10.6:')" = 1 ]; } # the others drain for a moment
until_ok 30 one_is_left
rss=$(awk '/^VmRSS/ { print $2 }' "/proc/$(vipd_pid lb control)/status")
[ "$rss" -lt 40000 ] || fail "control grew to $rss KiB"
