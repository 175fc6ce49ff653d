# A ClusterIP Service answers on the node itself, from both pods; the address sits on vipd0.
net; node lb 31
pod web-1 5; pod web-2 6
vipd lb
service web 'clusterIP: 10.96.7.7' 'ports: [{port: 80}]' | apply lb - web
has lb "TCP 10.96.7.7:80" 2
has_addr lb vipd0 10.96.7.7
equal "who answers" "web-1 web-2" "$(hosts lb http://10.96.7.7/ 6)"
unapply lb web
hasnt lb "TCP 10.96.7.7:80"
hasnt_addr lb vipd0 10.96.7.7
