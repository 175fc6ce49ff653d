# The manifests folder goes: all stays and it is told; it comes back with less: what is missing then goes.
net; node lb 31
pod web-1 5
vipd lb
service web 'clusterIP: 10.96.10.3' 'ports: [{port: 80}]' | apply lb - web
service two 'clusterIP: 10.96.10.4' 'ports: [{port: 80}]' | apply lb - two
has lb "TCP 10.96.10.4:80" 1
mv "$W/nodes/lb/manifests" "$W/nodes/lb/away"
until_ok 30 eval 'vipctl lb status | grep -q manifests'
sleep 3
table_has lb "TCP 10.96.10.3:80" 1
rm "$W/nodes/lb/away/two.yaml"
mv "$W/nodes/lb/away" "$W/nodes/lb/manifests"
hasnt lb "TCP 10.96.10.4:80"
table_has lb "TCP 10.96.10.3:80" 1
