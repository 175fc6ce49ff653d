# Two nodes, then a third that is better than one and worse than the other: one owner, the best; the others take over in order.
net; lb lb1 11; lb lb2 12; lb lb3 13; client c 100
vipd lb1 "$(router 100)"; vipd lb2 "$(router 150)"
until_owner lb2 10.10.0.1
vipd lb3 "$(router 200)"
until_owner lb3 10.10.0.1
stays lb3 10.10.0.1 3
crash lb3
until_owner lb2 10.10.0.1
crash lb2
until_owner lb1 10.10.0.1
