# A better node that comes back takes the address; not a datagram is lost.
net; lb lb1 11; lb lb2 12; client c 100
vipd lb2 "$(router 100)"
until_owner lb2 10.10.0.1
load c -u 10.10.0.1 7
sleep 1
vipd lb1 "$(router 150)"
until_owner lb1 10.10.0.1
sleep 1
load_end
errors_under 1
until_role lb1 Active
until_role lb2 Backup
