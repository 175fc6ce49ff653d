# The Active's link loses its carrier: Fault, the other takes over; it comes back, the better node takes the address again. Flapping changes nothing for good.
net; lb lb1 11; lb lb2 12; client c 100
vipd lb1 "$(router 150)"; vipd lb2 "$(router 100)"
until_owner lb1 10.10.0.1
carrier lb1 eth0 down
until_role lb1 Fault
until_owner lb2 10.10.0.1
carrier lb1 eth0 up
until_owner lb1 10.10.0.1
until_role lb1 Active
for i in 1 2 3 4 5; do carrier lb1 eth0 down; sleep 0.3; carrier lb1 eth0 up; sleep 0.3; done
until_owner lb1 10.10.0.1
stays lb1 10.10.0.1 3
