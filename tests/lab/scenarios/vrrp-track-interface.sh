# A tracked interface without carrier lowers the priority (the other takes over); it comes back, so does the address, and not a datagram is lost.
net; lb lb1 11; lb lb2 12; client c 100
vipd lb1 "$(router 150 'track: [{interface: eth1, weight: -60}]')"; vipd lb2 "$(router 100)"
until_owner lb1 10.10.0.1
load c -u 10.10.0.1 7
carrier lb1 eth1 down
until_owner lb2 10.10.0.1
until_role lb1 Backup
carrier lb1 eth1 up
until_owner lb1 10.10.0.1
load_end
errors_under 1
