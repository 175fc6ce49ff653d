# One UDP flow, the same socket all the time: it moves at once when its pod goes, with connection tracking of IPVS and without. SCTP is taken by the kernel, and
# drains.
net; node lb 31; client c 100
pod dns-1 5 dns 53; pod dns-2 6 dns 53
vipd lb
key="UDP 10.10.0.53:53"
printf '%s\n' 'apiVersion: v1' 'kind: Service' 'metadata: {name: dns}' 'spec:' '  selector: {app: dns}' '  externalIPs: [10.10.0.53]' \
	'  ports: [{name: dns, port: 53, protocol: UDP}, {name: s, port: 53, protocol: SCTP}]' | apply lb - dns
has lb "$key" 2
has lb "SCTP 10.10.0.53:53" 2
has_addr lb eth0 10.10.0.53
until_ok 20 eval '[ "$(hosts_udp c 10.10.0.53 53 1)" != no-answer ]'
flow() { # asks each 50 ms from one socket; a line an answer
	become c python3 -u -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("10.10.0.53", 53))
s.settimeout(0.5)
while True:
    try:
        s.send(b"x")
        print(s.recv(100).decode().strip())
    except OSError:
        print("lost")
    time.sleep(0.05)' >"$W/flow" 2>&1 &
	flow_pid=$!
	until_ok 20 grep -q dns- "$W/flow"
}
for conntrack in 0 1; do
	on lb sysctl -qw net.ipv4.vs.expire_nodest_conn=1 net.ipv4.vs.conntrack=$conntrack
	has lb "$key" 2
	flow
	pod=$(grep -o 'dns-.' "$W/flow" | head -n 1)
	case $pod in dns-1) n=5 other=dns-2 ;; *) n=6 other=dns-1 ;; esac
	pod_gone "$pod"
	until_ok 10 not eval "kernel_reals lb '$key' | grep -q 10.32.0.$n:"
	until_ok 5 eval "tail -n 3 '$W/flow' | grep -q $other"
	[ "$(grep -c lost "$W/flow")" -le 2 ] || fail "the flow lost $(grep -c lost "$W/flow") datagrams"
	kill "$flow_pid"
	pod_manifest "$pod" $n dns | apply lb - "pod-$pod"
	has lb "$key" 2
done
