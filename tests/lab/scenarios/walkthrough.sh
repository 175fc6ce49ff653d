# The course's commands in their order with vipctl for kubectl, each output of the same shape (tests/lab/walkthrough.sh lists what is played otherwise); then
# what apply and delete leave.
. tests/lab/walkthrough.sh
net; node controlplane 31; client client 100
vipd controlplane 'serviceClusterCIDR: 10.96.0.0/12' 'allocate: true'
walkthrough

typed controlplane "vipctl apply -f loadbalancer.yaml"
equal "again" "service/webapp1-loadbalancer-svc unchanged" "$(vipctl controlplane apply -f configmaps/examples/loadbalancer.yaml 2>/dev/null)"
sed 's/port: 80$/port: 81/' configmaps/examples/loadbalancer.yaml >"$W/changed.yaml"
equal "changed" "service/webapp1-loadbalancer-svc configured" "$(vipctl controlplane apply -f "$W/changed.yaml" 2>/dev/null)"
table_has controlplane "TCP $LoadBalancerIP:81" || fail "apply returned before it was programmed"
equal "deleted" "service/webapp1-loadbalancer-svc deleted" "$(vipctl controlplane delete svc webapp1-loadbalancer-svc)"
not table_has controlplane "TCP $LoadBalancerIP:81" || fail "delete returned before it was programmed"
not addr_on controlplane eth0 "$LoadBalancerIP" || fail "delete returned before the address was gone"
contains "events" "$(vipctl controlplane get events)" "Deleted load balancer $LoadBalancerIP"
equal "not there" 1 "$(status_of vipctl controlplane delete svc webapp1-loadbalancer-svc)"
contains "as kubectl says it" "$(cat "$W/said")" 'Error from server (NotFound): services "webapp1-loadbalancer-svc" not found'
vipd_stop controlplane
vipd_launch controlplane; vipd_serves controlplane
contains "events outlive a restart" "$(vipctl controlplane get events)" "Ensured load balancer $LoadBalancerIP"
