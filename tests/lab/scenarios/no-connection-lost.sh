# Scale-ups and scale-downs under load: no short connection fails, and the long one stays, though its pod leaves and comes back in every other round.
net; node lb 31; client c 100
for n in 1 2 3 4; do pod "web-$n" $((4 + n)); done
vipd lb
service web 'externalIPs: [10.10.0.9]' 'ports: [{port: 80}]' | apply lb - web
key="TCP 10.10.0.9:80"
has lb "$key" 4
has_addr lb eth0 10.10.0.9
until_ok 30 get_ok c http://10.10.0.9/
download c http://10.10.0.9/
load c 10.10.0.9 80
keeps=web-1
[ "$download_pod" != web-1 ] || keeps=web-2
for round in 1 2 3; do
	for n in 1 2 3 4; do [ "web-$n" = $keeps ] || pod_gone "web-$n"; done
	has lb "$key" 1
	flows
	for n in 1 2 3 4; do [ "web-$n" = $keeps ] || pod_manifest "web-$n" $((4 + n)) web | apply lb - "pod-web-$n"; done
	has lb "$key" 4
	flows
done
no_error
