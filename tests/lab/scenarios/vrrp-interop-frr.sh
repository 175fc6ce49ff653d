# FRR's vrrpd and vipd share a virtual router, version 3, IPv4, both in both roles.
net; lb lb1 11; lb f1 12; client c 100
frr f1 100
until_owner f1 10.10.0.1
vipd lb1 "$(router 150)"
until_owner lb1 10.10.0.1
stays lb1 10.10.0.1 3
vipd_stop lb1
until_owner f1 10.10.0.1
crash f1
reboot f1
vipd lb1 "$(router 150)"
until_owner lb1 10.10.0.1
frr f1 200
until_owner f1 10.10.0.1
until_role lb1 Backup
crash f1
until_owner lb1 10.10.0.1
