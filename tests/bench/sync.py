#!/usr/bin/env python3
"""sync.py: runs inside the guest (tests/bench/run). How many connections are lost at a planned hand-over of those that connection sync can carry: older than
5 s, with three packets and more, by DR. The schedulers of both nodes begin anew, so that without its entry half of them would come to a real server that
answers with a reset."""
import os
import subprocess

from rows import TOP, Unmeasured, row_absolute, run_benches, say, wait_for
from space import Space
from vrrp_lab import BRIDGE, WORK, Keepalived, Plugged, Vipd, sh

ECHO = ['python3', '-IS', TOP + '/tests/lab/echo.py']
CONNECTIONS, PORT, VIP = 100, 90, '10.10.4.4'
REALS = ('172.17.0.41', '172.17.0.42')
ROUTERS = [(50, ['10.10.0.1'])]

SERVICE = '''apiVersion: v1
kind: Service
metadata: {name: echo, annotations: {vipd.io/forward-method: DR}}
spec: {type: LoadBalancer, loadBalancerIP: %s, clusterIP: 10.96.4.4, ports: [{port: %d}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: echo}
subsets: [{addresses: [%s], ports: [{port: %d}]}]
''' % (VIP, PORT, ', '.join('{ip: %s}' % r for r in REALS), PORT)


class SyncVipd(Vipd):
    def write(self):
        super().write()
        with open(self.dir + '/vipd.yaml', 'a') as f:
            f.write('sync: {interface: eth0, syncid: 5}\n')
        with open(self.dir + '/manifests/echo.yaml', 'w') as f:
            f.write(SERVICE)


class SyncKeepalived(Keepalived):
    def write(self):
        super().write()
        path = self.dir + '/keepalived.conf'
        text = open(path).read().replace('global_defs {\n', 'global_defs {\n lvs_sync_daemon eth0 r50 id 5\n').replace('  10.10.0.1/32\n', '  10.10.0.1/32\n  %s/32\n' % VIP)
        text += 'virtual_server %s %d {\n lb_algo rr\n lb_kind DR\n protocol TCP\n' % (VIP, PORT)
        text += ''.join(' real_server %s %d {\n }\n' % (r, PORT) for r in REALS) + '}\n'
        open(path, 'w').write(text)

    def command(self):
        return [a for a in super().command() if a != '-P'] + ['-c', self.dir + '/checkers-pid']


class RealServer(Plugged):
    def __init__(self, address):
        super().__init__('real', address)
        self.run(['sysctl', '-qw', 'net.ipv4.conf.all.arp_ignore=1', 'net.ipv4.conf.all.arp_announce=2', 'net.ipv4.conf.all.rp_filter=0'])
        self.run(['ip', 'addr', 'add', VIP + '/32', 'dev', 'lo'])
        self.run(['ip', 'route', 'add', 'default', 'dev', 'eth0'])
        self.log = '%s/%s' % (WORK, self.name)
        self.start(ECHO + ['serve', str(PORT)], self.log)
        wait_for('a real server listens', lambda: str(PORT).encode() in self.run(['ss', '-Hltn']), self.log)


def serves(node):
    return node.space.run(['ipvsadm', '-Ln'], text=True).count('Route') == len(REALS)


def known(node):
    lines = node.space.run(['ipvsadm', '-Lnc'], text=True).splitlines()
    return sum(line.split()[2:5:2] == ['ESTABLISHED', '%s:%d' % (VIP, PORT)] for line in lines)


def has_vip(node):
    return VIP.encode() in node.space.run(['ip', '-4', 'addr', 'show'])


def ask(client):
    client.stdin.write('\n')
    client.stdin.flush()
    line = client.stdout.readline()
    if not line:
        raise Unmeasured('the client has ended')
    return int(line)


def lost(kind):
    """By a planned hand-over from a to b, of CONNECTIONS."""
    reals = [RealServer(r) for r in REALS]
    space = Plugged('client', '172.17.0.100')
    space.run(['ip', 'route', 'add', '10.10.0.0/16', 'dev', 'eth0'])
    a, b = kind('a', ROUTERS, 1000), kind('b', ROUTERS, 1000)
    for node in (a, b):
        node.space.run(['sysctl', '-qw', 'net.ipv4.conf.all.rp_filter=0'])
        node.start()
        wait_for('its virtual server', lambda: serves(node), node.log)
    wait_for('a has the address', lambda: has_vip(a) and not has_vip(b), a.log)
    client = subprocess.Popen(space.command(ECHO + ['ask', VIP, str(PORT), str(CONNECTIONS)]), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    space.processes.append(client)
    for _ in range(12):  # 5 s are enough for the kernel's sync, and it takes the third packet
        if ask(client) != CONNECTIONS:
            raise Unmeasured('a connection was lost before the hand-over')
        space.run(['sleep', '0.7'])
    say('%s: %d of %d connections are known to the Backup' % (kind.word, known(b), CONNECTIONS))
    a.stop()
    wait_for('b has the address', lambda: has_vip(b), b.log)
    a.stopped()
    kept = ask(client)
    client.stdin.close()
    for one in [a, b, space] + reals:
        one.end()
    return CONNECTIONS - kept


def bench_sync():
    os.makedirs(WORK, exist_ok=True)
    sh('ip', 'link', 'add', BRIDGE, 'type', 'bridge')
    sh('ip', 'link', 'set', BRIDGE, 'up')
    try:
        row_absolute('planned hand-over, connections lost that sync carries', '', lost(SyncVipd), lost(SyncKeepalived), 0)
    finally:
        Space.end_all()
        sh('ip', 'link', 'del', BRIDGE)


run_benches([bench_sync], Space.end_all)
