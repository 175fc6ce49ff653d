# A pod that leaves keeps its connections until its deadline: new ones go elsewhere, ipvs may die meanwhile, a pod that comes back loses none; the pod's own
# grace ends it sooner. A virtual server that leaves drains likewise.
net; node lb 31; client c 100
pod web-1 5; pod web-2 6
vipd lb 'drainTimeout: 2m'
service other 'externalIPs: [10.10.0.9]' 'ports: [{port: 81}]' | apply lb - other # keeps the address
service web 'externalIPs: [10.10.0.9]' 'ports: [{port: 80}]' | apply lb - web
key="TCP 10.10.0.9:80"
has lb "$key" 2
has_addr lb eth0 10.10.0.9
until_ok 30 get_ok c http://10.10.0.9/
download c http://10.10.0.9/
case $download_pod in web-1) n=5 stays=web-2 ;; *) n=6 stays=web-1 ;; esac

# by hand, by the pod's name: over a restart of control too
vipctl lb drain "$download_pod" >/dev/null
until_ok 10 drains lb "$key" "10.32.0.$n:80"
flows
equal "by hand" "10.32.0.$n" "$(vipctl lb drain | grep -v :.*:)"
contains "status" "$(vipctl lb status)" "drained  by hand: 10.32.0.$n"
old=$(vipd_pid lb control)
signal lb control KILL
until_ok 30 another_pid lb control "$old"
vipd_serves lb
equal "who gets new connections" "$stays" "$(hosts c http://10.10.0.9/ 4)"
equal "no such pod" 1 "$(status_of vipctl lb drain nobody)"
vipctl lb undrain "$download_pod" >/dev/null
has lb "$key" 2
flows

pod_gone "$download_pod"
until_ok 10 drains lb "$key" "10.32.0.$n:80"
equal "who gets new connections" "$stays" "$(hosts c http://10.10.0.9/ 6)"
flows
until_ok 10 eval 'vipctl lb get virtualservers | grep "TCP 10.10.0.9:80" | grep -q "1 for [0-9]"'
until_ok 10 eval 'vipctl lb status | grep -q "^draining 1 real servers"' # those without connections go at the first look

old=$(vipd_pid lb ipvs)
signal lb ipvs KILL
until_ok 30 another_pid lb ipvs "$old"
vipd_serves lb
flows
drains lb "$key" "10.32.0.$n:80" || fail "the drain is not there after the restart"
until_ok 10 eval 'vipctl lb get virtualservers | grep "TCP 10.10.0.9:80" | grep -q "1 for [0-9]"'

pod_manifest "$download_pod" $n web | apply lb - "pod-$download_pod"
has lb "$key" 2
flows
equal "nothing drains" None "$(status lb ipvs.draining)"
equal "both answer" "web-1 web-2" "$(hosts c http://10.10.0.9/ 6)"

pod_manifest "$download_pod" $n web | sed "s/^  name:/  deletionTimestamp: $(date -u -d '+8 seconds' +%FT%TZ)\n&/" | apply lb - "pod-$download_pod"
until_ok 10 drains lb "$key" "10.32.0.$n:80"
flows
until_ok 20 not eval "kernel_reals lb '$key' | grep -q 10.32.0.$n:80"
kill "$download_pid" 2>/dev/null || true

service web 'externalIPs: [10.10.0.9]' 'ports: [{port: 80}]' | sed 's/^metadata: {/&annotations: {vipd.io\/drain-timeout: 8s}, /' | apply lb - web
sleep 0.5
download c http://10.10.0.9/
unapply lb web
until_ok 10 drains lb "$key" "10.32.0.$((11 - n)):80"
flows
equal "new connections" no-answer "$(hosts c http://10.10.0.9/ 1)"
until_ok 20 not kernel_reals lb "$key"
has lb "TCP 10.10.0.9:81" 1
