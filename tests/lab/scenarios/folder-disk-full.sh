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
