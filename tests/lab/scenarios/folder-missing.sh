# No manifests folder at the first start: vipd serves and says so; when the folder comes its manifests are taken.
net; node lb 31
pod_host web-1 5 80
rmdir "$W/nodes/lb/manifests"
vipd lb
until_ok 30 grep -q ': ready' "$W/nodes/lb/log"
contains "told" "$(vipctl lb status)" "$W/nodes/lb/manifests"
mkdir -m 755 "$W/nodes/lb/new"
pod_manifest web-1 5 web >"$W/nodes/lb/new/pod.yaml"
service web 'clusterIP: 10.96.12.1' 'ports: [{port: 80}]' >"$W/nodes/lb/new/web.yaml"
mv "$W/nodes/lb/new" "$W/nodes/lb/manifests"
has lb "TCP 10.96.12.1:80" 1
