# The ownership record is lost: what equals the desired state is adopted and reported, so that it can be changed and deleted again.
net; node lb 31
pod web-1 5; pod web-2 6
vipd lb
service web 'clusterIP: 10.96.9.9' 'ports: [{port: 80}]' | apply lb - web
has lb "TCP 10.96.9.9:80" 2
vipd_stop lb
table_has lb "TCP 10.96.9.9:80" 2
rm "$W"/nodes/lb/run/*.own
vipd_launch lb; vipd_serves lb
until_ok 30 grep -q "record was lost.*1 virtual servers taken over" "$W/nodes/lb/log"
unapply lb web
hasnt lb "TCP 10.96.9.9:80"
