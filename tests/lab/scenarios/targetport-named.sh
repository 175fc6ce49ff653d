# A named targetPort is looked up in each pod's container ports.
net; node lb 31
pod_host web-1 5 8081
pod_host web-2 6 8082
vipd lb
for i in 1 2; do
	pod_manifest web-$i $((4 + i)) web | cat - <(printf 'spec:\n  containers: [{name: c, ports: [{name: http, containerPort: 808%s}]}]\n' $i) | apply lb - pod-web-$i
done
service web 'clusterIP: 10.96.7.9' 'ports: [{port: 80, targetPort: http}]' | apply lb - web
has lb "TCP 10.96.7.9:80" 2
contains "real servers" "$(kernel_reals lb 'TCP 10.96.7.9:80')" "10.32.0.6:8082"
equal "who answers" "web-1 web-2" "$(hosts lb http://10.96.7.9/ 6)"
