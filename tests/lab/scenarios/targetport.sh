# port 8080 leads to targetPort 80, by number and by name.
net; node lb 31
pod web-1 5; pod web-2 6
vipd lb
service web 'clusterIP: 10.96.7.8' 'ports: [{port: 8080, targetPort: 80}]' | apply lb - web
has lb "TCP 10.96.7.8:8080" 2
equal "who answers" "web-1 web-2" "$(hosts lb http://10.96.7.8:8080/ 6)"
contains "real servers" "$(kernel_reals lb 'TCP 10.96.7.8:8080')" "10.32.0.5:80 Masq 1"
