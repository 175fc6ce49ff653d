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
# A later vipd's records are named, not read: --cleanup leaves them and what they list, a start begins them anew and takes over what is as wanted.
service web 'clusterIP: 10.96.9.9' 'ports: [{port: 80}]' | apply lb - web
has lb "TCP 10.96.9.9:80" 2
vipd_stop lb
sed -i '1s/^\(vipd-[a-z-]*\) 1 /\1 9 /' "$W"/nodes/lb/run/{ipvs,vrrp}.own
cp "$W/nodes/lb/run/ipvs.own" "$W/later"
equal "cleanup of a later vipd's record" 1 "$(status_of vipd_run lb --cleanup)"
contains "refused by name" "$(cat "$W/said")" "(ipvs.own) is of version 9, this vipd knows 1: what it lists stays"
contains "refused by name" "$(cat "$W/said")" "(vrrp.own) is of version 9, this vipd knows 1: what it lists stays"
cmp "$W/later" "$W/nodes/lb/run/ipvs.own"
table_has lb "TCP 10.96.9.9:80" 2
vipd_launch lb; vipd_serves lb
until_ok 30 eval 'vipctl lb status | grep -q "ipvs.own.*is of version 9, this vipd knows 1: it is begun anew"'
contains "status" "$(vipctl lb status)" "vrrp.own"
unapply lb web
hasnt lb "TCP 10.96.9.9:80"
