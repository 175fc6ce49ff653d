# keepalived with keepalived and keepalived with FRR, without vipd: what the other scenarios stand on.
net; lb k1 11; lb k2 12; client c 100
keepalived k1 150; keepalived k2 100
until_owner k1 10.10.0.1
crash k1
until_owner k2 10.10.0.1
keepalived_stop k2
equal "nobody" "" "$(holders 10.10.0.1)"
lb f1 13
frr f1 100
until_owner f1 10.10.0.1
keepalived k2 150
until_owner k2 10.10.0.1
crash k2
until_owner f1 10.10.0.1
