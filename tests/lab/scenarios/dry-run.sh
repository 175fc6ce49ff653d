# vipd -nv prints the compiled state, and what it prints is a fixed point.
net; node lb 31
pod web-1 5; pod web-2 6
vipd_config lb 'pools: [{name: default, addresses: [10.10.0.0/26]}]'
service web 'type: LoadBalancer' 'ports: [{port: 80}]' | apply lb - web
vipd_run lb -nv >"$W/one.yaml"
contains "the pool's address" "$(cat "$W/one.yaml")" "10.10.0.1"
contains "a cluster IP" "$(cat "$W/one.yaml")" "clusterIP"
