# A long download through the address on real IPVS survives the death of its load balancer: the kernel's connection sync has carried it. Forwarding DR, rr
# over two real servers: without the connection's entry the successor would answer its packets with a reset. What is too young is not carried, and told.
net; lb lb1 11; lb lb2 12; client c 100
cat >"$W/stream.py" <<'PY'
import os, socket, sys, threading, time
CHUNK, END = bytes(16384), b'the end'
def give(s): # until it has been long enough
    try:
        s.recv(4096)
        s.sendall(b'HTTP/1.0 200 OK\r\n\r\n')
        while not os.path.exists('/run/lab/enough'):
            s.sendall(CHUNK)
            time.sleep(0.1)
        s.sendall(END)
        s.close()
    except OSError:
        pass
def take(address):
    s, got, last, gap, tail = socket.create_connection((address, 80)), 0, time.monotonic(), 0, b''
    s.sendall(b'GET / HTTP/1.0\r\n\r\n')
    while True:
        try:
            b = s.recv(65536)
        except OSError as e:
            print('broken', e)
            return
        now = time.monotonic()
        gap, last = max(gap, now - last), now
        if not b:
            break
        got += len(b)
        tail = (tail + b)[-len(END):]
    print('whole' if tail == END else 'cut', got, 'bytes, longest silence', int(gap * 1000), 'ms')
if sys.argv[1] == 'give':
    l = socket.create_server(('', 80), backlog=16)
    while True:
        threading.Thread(target=give, args=(l.accept()[0],), daemon=True).start()
elif sys.argv[1] == 'take':
    take(sys.argv[2])
else: # a connection on which nothing happens
    s = socket.create_connection((sys.argv[2], 80))
    time.sleep(300)
PY
for i in 1 2; do
	pod web-$i $((4 + i)) web 81
	direct web-$i
	become web-$i python3 "$W/stream.py" give >>"$W/web-$i.log" 2>&1 &
done
sync='sync: {interface: eth1, syncid: 5}'
vipd lb1 "$(router 150)" "$sync"; vipd lb2 "$(router 100)" "$sync"
direct_service
until_owner lb1 10.10.0.1
has_addr lb1 eth0 10.10.4.4
become c python3 "$W/stream.py" take 10.10.4.4 >"$W/got" 2>&1 &
download=$!
connections() { on "$1" ipvsadm -Lnc | awk '$5 == "10.10.4.4:80" { print $4, "->", $6 }' | sort; }
carried() { [ "$(connections lb2 | wc -l)" -ge 1 ]; }
until_ok 60 carried # 3 packets, and then some
sleep 5
become c python3 "$W/stream.py" idle 10.10.4.4 &
until_ok 30 eval '[ "$(connections lb1 | wc -l)" = 2 ]'
connections lb1 >"$W/before"; connections lb2 >"$W/known"
equal "carried" 1 "$(comm -12 "$W/before" "$W/known" | wc -l)"
say "carried: $(comm -12 "$W/before" "$W/known")"
say "not carried, younger than its third packet: $(comm -23 "$W/before" "$W/known")"
equal "not carried" 1 "$(comm -23 "$W/before" "$W/known" | wc -l)"
crash lb1
until_owner lb2 10.10.0.1
until_ok 30 eval '[ "$(connections lb2 | wc -l)" -ge 1 ]'
sleep 2
kill -0 $download
: >"$W/enough"
wait $download
say "the download: $(cat "$W/got")"
contains "the download" "$(cat "$W/got")" whole
