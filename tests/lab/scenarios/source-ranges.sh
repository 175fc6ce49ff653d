# loadBalancerSourceRanges: other clients get no answer, the node itself neither if it is in none; another family, or everything, does not restrict.
net; node lb 31; client c 100; client d 101
pod web-1 5
vipd lb
ranges() { # ranges RANGE..: of the Service
	service web 'type: LoadBalancer' 'ipFamilyPolicy: RequireDualStack' 'clusterIPs: [10.96.6.6, "fd00:10:96::6"]' "loadBalancerSourceRanges: [$*]" \
		'ports: [{port: 80}]' | sed 's,^metadata: .*,metadata: {name: web\, annotations: {vipd.io/addresses: "10.10.0.60\,fd10::60"}},' | apply lb - web
}
answers() { [ "$(on "$1" curl -s -g -m 3 "$2" | grep -c host:)" = 1 ] || { echo "$1 gets nothing from $2"; return 1; }; }
ranges '" 172.17.0.100/32", "fd17::101/128"'
has lb "TCP 10.10.0.60:80" 1
has lb "TCP [fd10::60]:80" 1
has_addr lb eth0 10.10.0.60
until_ok 30 eval 'on lb ipset save VIPD-6-FW | grep -q tcp:80'
until_ok 30 answers c http://10.10.0.60/
until_ok 30 answers d 'http://[fd10::60]/'
not answers d http://10.10.0.60/
not answers c 'http://[fd10::60]/'
say "the node itself"
not answers lb http://10.10.0.60/
answers lb http://10.96.6.6/
ranges 172.17.0.31/32,172.17.0.101/32
until_ok 30 answers lb http://10.10.0.60/
answers d http://10.10.0.60/
not answers c http://10.10.0.60/
answers c 'http://[fd10::60]/' # no range of its family
say "everything"
ranges 172.17.0.101/32,0.0.0.0/0
until_ok 30 answers c http://10.10.0.60/
