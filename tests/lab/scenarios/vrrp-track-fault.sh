# A tracked interface with weight fault: Fault while it is down.
net; lb lb1 11; lb lb2 12; client c 100
vipd lb1 "$(router 150 'track: [{interface: eth1, weight: fault}]')"; vipd lb2 "$(router 100)"
until_owner lb1 10.10.0.1
carrier lb1 eth1 down
until_role lb1 Fault
until_owner lb2 10.10.0.1
carrier lb1 eth1 up
until_owner lb1 10.10.0.1
