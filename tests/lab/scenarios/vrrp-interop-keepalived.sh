# keepalived and vipd share a virtual router, version 3, multicast, both in both roles.
net; lb lb1 11; lb k1 12; client c 100
keepalived k1 100
until_owner k1 10.10.0.1
vipd lb1 "$(router 150)"
until_owner lb1 10.10.0.1
stays lb1 10.10.0.1 3
vipd_stop lb1
until_owner k1 10.10.0.1
vipd_launch lb1; vipd_serves lb1
until_owner lb1 10.10.0.1
crash lb1
until_owner k1 10.10.0.1
keepalived_stop k1
reboot lb1
keepalived k1 200
vipd lb1 "$(router 150)"
until_owner k1 10.10.0.1
until_role lb1 Backup
stays k1 10.10.0.1 3
keepalived_stop k1
until_owner lb1 10.10.0.1
keepalived k1 200
until_owner k1 10.10.0.1
crash k1
until_owner lb1 10.10.0.1
