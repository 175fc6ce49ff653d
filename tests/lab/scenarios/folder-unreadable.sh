# A folder and a file that vipd's user may not read: told, and what was known stays; taken when they can be read again.
net; node lb 31
pod_host web-1 5 80
pod_manifest web-1 5 web | apply lb - pod-web-1
vipd lb
service web 'clusterIP: 10.96.10.8' 'ports: [{port: 80}]' | apply lb - web
has lb "TCP 10.96.10.8:80" 1
service two 'clusterIP: 10.96.10.9' 'ports: [{port: 80}]' >"$W/two.yaml"
install -m 600 "$W/two.yaml" "$W/nodes/lb/manifests/two.yaml"
until_ok 30 eval 'vipctl lb status | grep -q two.yaml'
contains "why" "$(vipctl lb status)" "ermission denied"
chmod 700 "$W/nodes/lb/manifests"
signal lb supervisor HUP
until_ok 30 eval 'vipctl lb status -o json | grep -q "manifests: Permission denied\|\"trouble\": *\"[^\"]*ermission denied"'
table_has lb "TCP 10.96.10.8:80" 1
chmod 644 "$W/nodes/lb/manifests/two.yaml"
chmod 755 "$W/nodes/lb/manifests"
signal lb supervisor HUP
has lb "TCP 10.96.10.9:80" 1
