# Two routers of one group move together: the inside link of the Active fails, the outside address moves as well; both come back.
net; lb lb1 11; lb lb2 12; client c 100
vipd lb1 "$(routers 150)"; vipd lb2 "$(routers 100)"
until_owner lb1 10.10.0.1
until_ok 30 eval '[ "$(holders 10.32.0.1)" = lb1 ]'
carrier lb1 eth1 down
until_owner lb2 10.10.0.1
until_ok 30 eval '[ "$(holders 10.32.0.1)" = lb2 ]'
until_role lb1 Fault gateway
carrier lb1 eth1 up
until_owner lb1 10.10.0.1
until_ok 30 eval '[ "$(holders 10.32.0.1)" = lb1 ]'
