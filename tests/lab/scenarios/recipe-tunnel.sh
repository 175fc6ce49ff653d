# packaging/doc/recipes.md, "Through a tunnel", as it stands. The real servers' way to the clients is another one than that to the load balancer.
. "$TOP/tests/lab/recipe.sh"
net; node lb1 11; client c 100
pod_host web-1 5 80; pod_host web-2 6 80
leg web-1 41; leg web-2 42
for i in 1 2; do ip -n web-$i route replace default via 172.17.0.254 dev eth1; done
recipe "Through a tunnel"
