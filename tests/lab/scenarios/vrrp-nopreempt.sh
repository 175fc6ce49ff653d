# preempt: false: a better node that comes back waits until the Active dies.
net; lb lb1 11; lb lb2 12; client c 100
vipd lb2 "$(router 100 'preempt: false')"
until_owner lb2 10.10.0.1
vipd lb1 "$(router 150 'preempt: false')"
until_role lb1 Backup
stays lb2 10.10.0.1 6
crash lb2
until_owner lb1 10.10.0.1
