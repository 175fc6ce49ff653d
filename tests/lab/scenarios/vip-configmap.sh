# The VIP ConfigMap in kube-keepalived-vip's format: a Service, a Service pending, an address alone, IPv6, DR refused for unequal ports.
net; node lb 31; client c 100
pod web-1 5; pod web-2 6
vipd lb 'vipConfigMap: kube-system/vip-configmap'
service echoheaders 'clusterIP: 10.96.1.2' 'ports: [{port: 80}]' | apply lb - echo
service slow 'clusterIP: 10.96.1.3' 'ports: [{port: 8080, targetPort: 80}]' | apply lb - slow
apply lb - map <<'YAML'
apiVersion: v1
kind: ConfigMap
metadata: {name: vip-configmap, namespace: kube-system}
data:
  "10.10.0.50": default/echoheaders
  "10.10.0.51": default/later
  "10.10.0.52": ""
  "10.10.0.54": default/slow:DR
  "fd10--50": default/echoheaders
YAML
has lb "TCP 10.10.0.50:80" 2
equal "who answers" "web-1 web-2" "$(hosts c http://10.10.0.50/ 6)"
has_addr lb eth0 10.10.0.52
has_addr lb eth0 fd10::50
contains "pending is told" "$(vipctl lb status)" "default/later"
contains "DR with unequal ports is told" "$(vipctl lb status)" "PortMismatch"
not table_has lb "TCP 10.10.0.54:8080"
service later 'clusterIP: 10.96.1.4' 'ports: [{port: 80}]' | apply lb - later
has lb "TCP 10.10.0.51:80" 2
lacks "no longer pending" "$(vipctl lb status)" "default/later"
