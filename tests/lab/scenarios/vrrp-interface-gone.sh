# The Active's interface is deleted: Fault, the other takes over; one of the same name appears: without a restart the better node has the address again.
net; lb lb1 11; lb lb2 12; client c 100
vipd lb1 "$(router 150)"; vipd lb2 "$(router 100)"
until_owner lb1 10.10.0.1
ip -n lb1 link del eth0
until_role lb1 Fault
until_owner lb2 10.10.0.1
plug lb1 eth0 outside
ip -n lb1 addr add 172.17.0.11/24 dev eth0
until_owner lb1 10.10.0.1
ip -n lb1 addr del 172.17.0.11/24 dev eth0
ip -n lb1 addr add 172.17.0.21/24 dev eth0
until_owner lb1 10.10.0.1
stays lb1 10.10.0.1 2
