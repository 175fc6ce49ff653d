# EndpointSlices win over Endpoints, Endpoints over Pods; not ready ones get nothing; weights by annotation.
net; node lb 31
pod web-1 5; pod web-2 6
vipd lb
service web 'clusterIP: 10.96.5.5' 'ports: [{name: http, port: 80}]' | apply lb - web
has lb "TCP 10.96.5.5:80" 2
apply lb - ep <<'YAML'
apiVersion: v1
kind: Endpoints
metadata: {name: web}
subsets:
- addresses: [{ip: 10.32.0.7}]
  notReadyAddresses: [{ip: 10.32.0.8}]
  ports: [{name: http, port: 80}]
YAML
until_ok 30 eval '[ "$(kernel_reals lb "TCP 10.96.5.5:80")" = "10.32.0.7:80 Masq 1" ]'
apply lb - slice <<'YAML'
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-x, labels: {kubernetes.io/service-name: web}, annotations: {vipd.io/weight: "7"}}
addressType: IPv4
endpoints:
- {addresses: [10.32.0.9], conditions: {ready: true}}
- {addresses: [10.32.0.10], conditions: {ready: false}}
ports: [{name: http, port: 80}]
YAML
until_ok 30 eval '[ "$(kernel_reals lb "TCP 10.96.5.5:80")" = "10.32.0.9:80 Masq 7" ]'
unapply lb slice; unapply lb ep
until_ok 30 eval '[ "$(kernel_reals lb "TCP 10.96.5.5:80" | wc -l)" = 2 ]'
