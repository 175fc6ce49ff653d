#!/usr/bin/env python3
"""churn.py: runs inside the guest (tests/bench/run). A Service is scaled up and down under load, by vipd, and by the operations that kube-proxy's IPVS mode and
keepalived would make for the same changes: how many connections are lost. Clock and load are the guest's, so that every way meets the same."""
import os
import random
import resource
import shutil
import subprocess
import time

from rows import BUILD, USERS, Unmeasured, row_absolute, run_benches, say, wait_for
from space import Space

CHURN = BUILD + '/tests/bench/churn'
WORK = '/run/bench'
VIP, MOST, FEWEST, CHANGES, EVERY_S = '10.10.0.9', 20, 2, 40, 1.0
SHORT, LONG, SOURCES = 1000, 50, 8  # connections a second; addresses of the client: 60,000 connections are more than one has ports
KEY = VIP + ':80'


def real(i):
    return '10.32.0.%d' % (10 + i)


def wire(a, a_dev, b, b_dev):
    subprocess.run(['ip', 'link', 'add', a_dev, 'netns', a.name, 'type', 'veth', 'peer', 'name', b_dev, 'netns', b.name], check=True)
    a.run(['ip', 'link', 'set', a_dev, 'up'])
    b.run(['ip', 'link', 'set', b_dev, 'up'])


class Lab:
    """A client, a load balancer, and 20 real servers that are one process on 20 addresses."""

    def __init__(self):
        self.client, self.lb, self.pods = Space('client'), Space('lb'), Space('pods')
        wire(self.client, 'eth0', self.lb, 'eth0')
        wire(self.lb, 'eth1', self.pods, 'eth0')
        for i in range(SOURCES):
            self.client.run(['ip', 'addr', 'add', '172.17.0.%d/24' % (100 + i), 'dev', 'eth0'])
        self.client.run(['ip', 'route', 'add', VIP, 'via', '172.17.0.11'])
        self.lb.run(['ip', 'addr', 'add', '172.17.0.11/24', 'dev', 'eth0'])
        self.lb.run(['ip', 'addr', 'add', '10.32.0.1/24', 'dev', 'eth1'])
        self.lb.run(['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv4.conf.all.rp_filter=0'])
        for i in range(MOST):
            self.pods.run(['ip', 'addr', 'add', real(i) + '/24', 'dev', 'eth0'])
        self.pods.run(['ip', 'route', 'add', 'default', 'via', '10.32.0.1'])
        self.dir = '%s/%s' % (WORK, self.lb.name)
        os.makedirs(self.dir)
        self.pods.start([CHURN, 'serve', '80'], self.dir + '/pods')
        wait_for('the real servers listen', lambda: 'ready' in open(self.dir + '/pods').read(), self.dir + '/pods')

    def ipvsadm(self, *args):
        self.lb.run(['ipvsadm', *args])

    def weights(self):
        """address -> weight of each real server in the kernel."""
        lines = self.lb.run(['ipvsadm', '-Ln', '-t', KEY], text=True).splitlines()
        return {line.split()[1].split(':')[0]: int(line.split()[3]) for line in lines if line.split()[0] == '->' and line.split()[1] != 'RemoteAddress:Port'}

    def end(self):
        for space in (self.client, self.lb, self.pods):
            space.end()
        shutil.rmtree(self.dir)


class Vipd:
    """Its folder has the Service; a change is another EndpointSlice."""

    def begin(self, lab, reals):
        self.lab, self.manifests = lab, lab.dir + '/manifests'
        os.makedirs(self.manifests)
        self.write('web', 'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {externalIPs: [%s], clusterIP: 10.96.0.9, ports: [{port: 80}]}\n' % VIP)
        self.change(set(), reals)
        with open(lab.dir + '/vipd.yaml', 'w') as f:
            f.write('manifests: %s\ninterface: eth0\nmasquerade: never\n' % self.manifests)
        lab.lb.start([BUILD + '/vipd', '-f', '-c', lab.dir + '/vipd.yaml', '--run-dir', lab.dir + '/run', '--state-dir', lab.dir + '/state',
                      '--control-socket', lab.dir + '/run/s', '--scripts-dir', lab.dir + '/scripts', '--log-level', 'warning'] + USERS, lab.dir + '/log')
        wait_for('vipd serves', lambda: VIP.encode() in lab.lb.run(['ip', 'addr', 'show', 'eth0']) and len(lab.weights()) == len(reals), lab.dir + '/log')

    def write(self, name, text):
        with open(self.manifests + '/.new', 'w') as f:
            f.write(text)
        os.rename(self.manifests + '/.new', '%s/%s.yaml' % (self.manifests, name))

    def change(self, _, reals):
        self.write('slice', 'apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: web-1, labels: {kubernetes.io/service-name: web}}\n'
                   'addressType: IPv4\nports: [{port: 80}]\nendpoints:\n' + ''.join('- addresses: [%s]\n' % r for r in sorted(reals)))


class Replayed:
    """Another tool's operations, one after the other."""
    sysctls = []

    def begin(self, lab, reals):
        self.lab = lab
        lab.lb.run(['ip', 'addr', 'add', VIP + '/32', 'dev', 'eth0'])
        for s in self.sysctls:
            lab.lb.run(['sysctl', '-qw', 'net.ipv4.vs.' + s])
        lab.ipvsadm('-A', '-t', KEY, '-s', 'rr')
        self.change(set(), reals)

    def add(self, r):
        self.lab.ipvsadm('-a', '-t', KEY, '-r', r + ':80', '-m', '-w', '1')

    def delete(self, r):
        self.lab.ipvsadm('-d', '-t', KEY, '-r', r + ':80')

    def change(self, had, reals):
        for r in sorted(had - reals):
            self.leave(r)
        for r in sorted(reals - had):
            self.come(r)


class KubeProxy(Replayed):
    """Weight 0 for one that leaves; one that comes back is removed and added anew (pkg/proxy/ipvs: graceful_termination.go, proxier.go syncEndpoint). Its look
    once a minute, which removes those without connections, is left out: the kernel remembers closed ones for two minutes, longer than this lasts."""
    sysctls = ['conntrack=1', 'expire_nodest_conn=1', 'expire_quiescent_template=1']

    def leave(self, r):
        self.lab.ipvsadm('-e', '-t', KEY, '-r', r + ':80', '-m', '-w', '0')

    def come(self, r):
        if r in self.lab.weights():
            self.delete(r)
        self.add(r)


class Keepalived(Replayed):
    """One that leaves is removed (check/ipwrapper.c), and added when it comes back."""

    def leave(self, r):
        self.delete(r)

    def come(self, r):
        self.add(r)


def lost(kind):
    """(short ones, long ones) that were lost, and how many there were."""
    lab, chance = Lab(), random.Random(1)
    had = {real(i) for i in range(10)}
    tool = kind()
    tool.begin(lab, had)
    resource.setrlimit(resource.RLIMIT_NOFILE, (16384, 16384))
    load = subprocess.Popen(lab.client.command([CHURN, 'ask', '172.17.0.100', str(SOURCES), VIP, '80', str(SHORT), str(LONG)]), stdout=subprocess.PIPE,
                            stderr=open(lab.dir + '/load', 'w'), text=True)
    time.sleep(2)
    for i in range(CHANGES):
        n = chance.randint(FEWEST, len(had) - 1) if len(had) > FEWEST and (i % 2 or len(had) == MOST) else chance.randint(len(had) + 1, MOST)
        reals = {real(k) for k in chance.sample(range(MOST), n)}
        tool.change(had, reals)
        had = reals
        time.sleep(EVERY_S)
    time.sleep(2)
    load.terminate()
    said = load.communicate()[0].split()
    if load.returncode or len(said) != 8:
        raise Unmeasured('the load ended: ' + open(lab.dir + '/load').read()[-500:])
    say('  %s: %s; the first errors: %s' % (kind.__name__, ' '.join(said), '; '.join(open(lab.dir + '/load').read().splitlines()[:3])))
    lab.end()
    return int(said[3]), int(said[7])


def bench_churn():
    ours, peers = lost(Vipd), [lost(KubeProxy), lost(Keepalived)]
    for i, words in enumerate(('short', 'long')):
        for peer, name in zip(peers, ('kube-proxy', 'keepalived')):
            row_absolute('churn: %s connections lost in %d changes, beside %s' % (words, CHANGES, name), '', ours[i], peer[i], 0)


def main():
    os.makedirs(WORK, exist_ok=True)
    run_benches([bench_churn], Space.end_all)


main()
