#!/usr/bin/env python3
"""upload.py serve NAME PORT [sctp] | send ADDRESS PORT BYTES [sctp]: a server that counts what a client sends, and that client. The server answers, when the
client has sent all, "NAME BYTES from ADDRESS", which the client prints: many packets in the client's direction, as long as the path lets them be."""
import socket
import sys
import threading

STREAM = {'sctp': 132}


def made(words, family):
    return socket.socket(family, socket.SOCK_STREAM, STREAM[words[0]] if words else 0)


def take(name, c, who):
    c.settimeout(30)
    try:
        want = int(c.recv(12))
        got = 0
        while got < want:
            piece = c.recv(65536)
            if not piece:
                break
            got += len(piece)
        c.sendall(b'%s %d from %s' % (name.encode(), got, who[0].replace('::ffff:', '').encode()))
    except (OSError, ValueError) as why:
        print(why, flush=True)
    c.close()


def serve(name, port, *words):
    s = made(words, socket.AF_INET6)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(('::', int(port)))
    s.listen(16)
    while True:
        threading.Thread(target=take, args=(name, *s.accept()), daemon=True).start()


def send(address, port, size, *words):
    s = made(words, socket.AF_INET6 if ':' in address else socket.AF_INET)
    s.settimeout(10)
    s.connect((address, int(port)))
    s.sendall(b'%12d' % int(size))
    left = int(size)
    while left:
        piece = min(left, 1400)
        s.sendall(b'x' * piece)
        left -= piece
    print(s.recv(200).decode())


{'serve': serve, 'send': send}[sys.argv[1]](*sys.argv[2:])
