# A broken file: its line is told, its last good contents stay, nothing else is affected; a cold start with it too.
net; node lb 31
pod web-1 5; pod web-2 6
vipd lb
service web 'clusterIP: 10.96.10.1' 'ports: [{port: 80}]' | apply lb - web
has lb "TCP 10.96.10.1:80" 2
printf 'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  ports: [{port: 65536}]\n' | apply lb - web
until_ok 30 eval 'vipctl lb status | grep -q "web.yaml:5:"'
contains "what was expected" "$(vipctl lb status)" "65536"
service two 'clusterIP: 10.96.10.2' 'ports: [{port: 80}]' | apply lb - two
has lb "TCP 10.96.10.2:80" 2
table_has lb "TCP 10.96.10.1:80" 2
sleep 1
vipd_stop lb
vipd_launch lb; vipd_serves lb
has lb "TCP 10.96.10.1:80" 2
equal "vipctl check" 1 "$(status_of vipctl lb check "$W/nodes/lb/manifests/web.yaml")"
contains "check names the line" "$(cat "$W/said")" "web.yaml:5:"
service web 'clusterIP: 10.96.10.1' 'ports: [{port: 81}]' | apply lb - web
has lb "TCP 10.96.10.1:81" 2
lacks "no longer told" "$(vipctl lb status)" "web.yaml"
