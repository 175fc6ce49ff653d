# preemptDelay: the better node waits so long, then takes the address.
net; lb lb1 11; lb lb2 12; client c 100
vipd lb2 "$(router 100)"
until_owner lb2 10.10.0.1
vipd lb1 "$(router 150 'preemptDelay: 10s')"
until_role lb1 Backup
stays lb2 10.10.0.1 3
until_owner lb1 10.10.0.1
