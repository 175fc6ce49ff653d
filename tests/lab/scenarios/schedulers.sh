# Every scheduler by annotation, its module loaded by vipd itself; one that does not exist is told, and rr taken.
net; node lb 31
pod web-1 5; pod web-2 6
vipd lb
n=0
for s in rr wrr lc wlc lblc lblcr sh dh sed nq mh fo ovf nonesuch; do
	n=$((n + 1))
	service "s-$s" "clusterIP: 10.96.2.$n" 'ports: [{port: 80}]' | sed "s/^metadata: {/&annotations: {vipd.io\/scheduler: $s}, /" | apply lb - "s-$s"
done
n=0
for s in rr wrr lc wlc lblc lblcr sh dh sed nq mh fo ovf rr; do
	n=$((n + 1))
	has lb "TCP 10.96.2.$n:80" 2
	until_ok 30 eval "kernel_table lb | grep -q 'TCP  10.96.2.$n:80 $s\b'"
done
contains "told" "$(vipctl lb status)" "nonesuch"
