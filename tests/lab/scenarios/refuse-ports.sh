# A VIP exposes no port of the host: what no virtual server has is refused at once, TCP and UDP, but for the ports that are allowed; ping is answered. Node
# addresses, node ports and addresses without a Service are left alone. externalIPs only inside their ranges, node ports on the chosen addresses.
net; node lb 31; client c 100
pod web-1 5
on lb "$BUILD/tests/lab/pod" host 22 81 82 >>"$W/lb.log" 2>&1 & # listens on every address
vipd lb 'allowPorts: [82]' 'externalIPRanges: [10.10.0.0/24, "fd10::/64", 172.17.0.0/24]' 'nodePortAddresses: [172.17.0.0/24]'
service web 'type: NodePort' 'ipFamilyPolicy: RequireDualStack' 'clusterIPs: [10.96.7.7, "fd00:10:96::7"]' \
	'externalIPs: [10.10.0.70, "fd10::70", 172.17.0.31, 10.10.1.1, 10.96.3.3]' 'ports: [{port: 80, nodePort: 30070}]' | apply lb - web
apply lb - vips <<'YAML'
apiVersion: v1
kind: ConfigMap
metadata: {name: vip-configmap}
data: {"10.10.0.71": ""}
YAML
has lb "TCP 10.10.0.70:80" 1
has lb "TCP [fd10::70]:80" 1
has_addr lb eth0 10.10.0.70
has_addr lb eth0 fd10::70
has_addr lb eth0 10.10.0.71
cat >"$W/echo.py" <<'PY'
import socket, struct, sys
six = ':' in sys.argv[1]
s = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMPV6 if six else socket.IPPROTO_ICMP)
s.settimeout(5)
body = struct.pack('!BBHHH', 128 if six else 8, 0, 0, 7, 1)
if not six:
    body = struct.pack('!BBHHH', 8, 0, 0xffff - 0x0800 - 7 - 1, 7, 1)
s.sendto(body, (sys.argv[1], 0))
try:
    while True:
        data, peer = s.recvfrom(1024)
        if peer[0] == sys.argv[1] and data[0 if six else 20] == (129 if six else 0):
            print('yes')
            break
except socket.timeout:
    print('no')
PY
echoes() { on c python3 "$W/echo.py" "$1"; }
connects() { timeout 5 ip netns exec c bash -c "exec 3<>/dev/tcp/$1/$2" 2>"$W/why"; }
refused() { ! connects "$1" "$2" && grep -q refused "$W/why" || { echo "$1 port $2: $(cat "$W/why")"; return 1; }; }
until_ok 30 refused 10.10.0.70 22
for a in 10.10.0.70 fd10::70; do
	until_ok 30 connects $a 80
	refused $a 22
	connects $a 82
	equal "ping of $a" yes "$(echoes $a)"
done
equal "UDP is refused" no-answer "$(hosts_udp c 10.10.0.70 81 1)"
connects 172.17.0.31 22
connects 172.17.0.31 30070
connects 10.10.0.71 22
say "node ports and externalIPs"
has lb "TCP 172.17.0.31:30070"
table_has lb "TCP 172.17.0.31:80"
not table_has lb "TCP 10.32.0.1:30070"
not table_has lb "TCP 10.10.1.1:80"
not table_has lb "TCP 10.96.3.3:80"
contains "told" "$(vipctl lb status)" "10.10.1.1 is not in externalIPRanges"
contains "told" "$(vipctl lb status)" "10.96.3.3 is in the range of cluster IPs"
