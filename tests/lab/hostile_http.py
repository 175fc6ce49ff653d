#!/usr/bin/env python3
"""hostile_http.py ADDRESS PORT SECONDS WHAT...: a client that means no good, each WHAT for so many seconds, and then all of its connections are closed:
  idle   10,000 connections that say nothing
  slow   400 that send their head a byte at a time
  large  32 at a time, each with a header line of 1 MB
Prints a line each with what came of them. Its caller sees what that did to the server."""
import resource
import select
import socket
import sys
import time

PIECE = b'a' * 65536
BEGIN = b'GET /healthz HTTP/1.1\r\nX: '


class Client:
    """Connections that do not block: up (writable once), or closed by the server."""

    def __init__(self, address, port, seconds):
        self.to = (address, port)
        self.end = time.monotonic() + seconds
        self.poll = select.epoll()
        self.all, self.up, self.opened, self.answered, self.closed = {}, set(), 0, 0, 0

    def open(self):
        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        s.connect_ex(self.to)
        self.opened += 1
        self.all[s.fileno()] = s
        self.poll.register(s, select.EPOLLOUT | select.EPOLLIN)

    def drop(self, fd):
        self.poll.unregister(fd)
        self.all.pop(fd).close()
        self.closed += 1

    def heard(self, fd):
        """What came: an answer, or the end."""
        try:
            got = self.all[fd].recv(4096)
        except BlockingIOError:
            return
        except OSError:
            got = b''
        self.answered += got.startswith(b'HTTP/1.1 ')
        if not got or got.startswith(b'HTTP/1.1 '):
            self.drop(fd)

    def turn(self, writable):
        """One look; writable is called with each connection that can take more, and those that are up."""
        for fd, events in self.poll.poll(0.05, 256):
            if events & select.EPOLLOUT:
                self.up.add(self.all[fd])
                writable(fd)
            if fd in self.all and events & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
                self.heard(fd)

    def quiet(self, fd):
        self.poll.modify(fd, select.EPOLLIN)

    def over(self):
        return time.monotonic() >= self.end


def idle(c):
    for i in range(10000):
        c.open()
        if i % 100 == 99:
            time.sleep(0.001)  # or the kernel's queue between the two (netdev_max_backlog) overflows, and loses frames of others
    while not c.over():
        c.turn(c.quiet)


def slow(c):
    for _ in range(400):
        c.open()
    last, up = 0, {}

    def begin(fd):
        c.quiet(fd)
        up[fd] = c.all[fd]
        push(fd, BEGIN)

    def push(fd, what):
        try:
            c.all[fd].send(what)
        except OSError:
            pass
    while not c.over():
        c.turn(begin)
        if time.monotonic() - last > 0.1:
            last = time.monotonic()
            for fd in [f for f, s in up.items() if c.all.get(f) is s]:
                push(fd, b'a')


def large(c):
    left = {}

    def fill(fd):
        s = c.all[fd]
        try:
            if s not in left:
                left[s] = 1 << 20
                s.send(BEGIN)
            left[s] -= s.send(PIECE[:left[s]])
        except BlockingIOError:
            return
        except OSError:
            left[s] = 0
        if left[s] <= 0:
            c.quiet(fd)
    while not c.over():
        while len(c.all) < 32:
            c.open()
        c.turn(fill)


def main():
    address, port, seconds, whats = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:]
    resource.setrlimit(resource.RLIMIT_NOFILE, (11000, max(11000, resource.getrlimit(resource.RLIMIT_NOFILE)[1])))
    for what in whats:
        c = Client(address, port, seconds)
        {'idle': idle, 'slow': slow, 'large': large}[what](c)
        print('%s: %d opened, %d came about, %d answered, %d closed' % (what, c.opened, len(c.up), c.answered, c.closed), flush=True)
        for s in c.all.values():
            s.close()


main()
