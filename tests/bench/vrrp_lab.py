"""The network of the VRRP rows: nodes a and b with vipd or with keepalived, a client that asks a virtual IP each millisecond, a watcher that writes down
what VRRP says on the wire; one bridge. Both daemons get the same virtual routers and run with their defaults otherwise."""
import os
import shutil
import signal
import subprocess
import time

from rows import BUILD, USERS, Unmeasured, memory, say, wait_for
from space import Space

WORK = '/run/bench'
BRIDGE = 'bench0'
VIPS = '10.10.0.0/16'
PRIORITY = {'a': 150, 'b': 100}
ADDRESS = {'a': '172.17.0.11', 'b': '172.17.0.12'}
LATE_NS = 2_000_000  # an answer after that is none: the next probes are on their way


def sh(*args):
    subprocess.run(args, check=True)


def vip(i):
    return '10.10.%d.%d' % (i // 250, i % 250 + 1)


class Plugged(Space):
    """A namespace whose eth0 is on the bridge."""

    def __init__(self, word, address=None):
        super().__init__(word)
        self.port = 'p' + self.name
        sh('ip', 'link', 'add', self.port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', self.name)
        sh('ip', 'link', 'set', self.port, 'master', BRIDGE, 'up')
        self.run(['sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1'])
        self.run(['ip', 'link', 'set', 'eth0', 'up'])
        if address:
            self.run(['ip', 'addr', 'add', address + '/24', 'dev', 'eth0'])

    def end(self):
        super().end()
        subprocess.run(['ip', 'link', 'del', self.port], stderr=subprocess.DEVNULL)  # the kernel takes its time with the namespace


class Node:
    """routers: a list of (VRID, addresses); interval in ms. Begins as a machine that has just been booted."""

    def __init__(self, name, routers, interval, vmac=False):
        self.name, self.routers, self.interval, self.vmac = name, routers, interval, vmac
        self.space = None
        self.boot()

    def boot(self):
        if self.space:
            self.space.end()
        self.space = Plugged(self.name, ADDRESS[self.name])
        self.dir = '%s/%s' % (WORK, self.space.name)
        os.makedirs(self.dir + '/manifests')
        self.log = self.dir + '/log'

    def start(self):
        self.write()
        self.main = self.space.start(self.command(), self.log)

    def reload(self):
        self.write()
        os.kill(self.main.pid, signal.SIGHUP)

    def stop(self):
        """Asks it to stop, and does not wait: while it hands over nobody should look."""
        os.kill(self.main.pid, signal.SIGTERM)

    def stopped(self):
        wait_for('%s stops' % self.word, lambda: self.main.poll() is not None, self.log, 60)

    def crash(self):
        """Nothing passes the bridge's port any more, the carrier stays; and everything there is killed."""
        sh('ip', 'link', 'set', self.space.port, 'nomaster')
        self.space.kill()

    def held(self):
        """Number of virtual IPs that it has."""
        out = subprocess.run(['ip', '-n', self.space.name, '-4', '-o', 'addr', 'show', 'to', VIPS], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, text=True).stdout
        return out.count('\n')

    def holds_all(self):
        return self.held() == sum(len(addresses) for _, addresses in self.routers)

    def arrived(self):
        """Number of packets that its interface got."""
        return int(self.space.run(['cat', '/sys/class/net/eth0/statistics/rx_packets']))

    def end(self):
        self.space.end()


class Vipd(Node):
    word = 'vipd'

    def write(self):
        lines = ['manifests: %s/manifests' % self.dir, 'nodeName: ' + self.name, 'interface: eth0', 'allocate: false', 'routers:']
        lines += ['- {name: r%d, vrid: %d, family: IPv4, interval: %dms, priority: %d, mac: %s, addresses: [%s]}' % (
            vrid, vrid, self.interval, PRIORITY[self.name], 'virtual' if self.vmac else 'interface', ', '.join(addresses))
            for vrid, addresses in self.routers]
        open(self.dir + '/vipd.yaml', 'w').write('\n'.join(lines) + '\n')

    def command(self):
        return [BUILD + '/vipd', '-f', '-c', self.dir + '/vipd.yaml', '--run-dir', self.dir + '/run', '--state-dir', self.dir + '/state',
                '--control-socket', self.dir + '/run/vipd.sock', '--log-level', 'info'] + USERS

    def vrrp(self):
        """Pid of the process that speaks VRRP."""
        return next(p for p in self.space.pids() if b'vrrp' in open('/proc/%d/comm' % p, 'rb').read())


class Keepalived(Node):
    word = 'keepalived'

    def write(self):
        text = 'global_defs {\n router_id %s\n}\n' % self.name
        for vrid, addresses in self.routers:
            text += ('vrrp_instance r%d {\n version 3\n state BACKUP\n interface eth0\n virtual_router_id %d\n priority %d\n advert_int %g\n%s'
                     ' virtual_ipaddress {\n%s }\n}\n' % (
                         vrid, vrid, PRIORITY[self.name], self.interval / 1000, ' use_vmac vrrp%d\n' % vrid if self.vmac else '',
                         ''.join('  %s/32\n' % a for a in addresses)))
        open(self.dir + '/keepalived.conf', 'w').write(text)

    def command(self):
        return ['keepalived', '-n', '-l', '-P', '-f', self.dir + '/keepalived.conf', '-p', self.dir + '/pid', '-r', self.dir + '/vrrp-pid']

    def vrrp(self):
        return int(open(self.dir + '/vrrp-pid').read())


KINDS = (Vipd, Keepalived)


class Recording:
    """What wire.c saw: adverts (time, source, VRID, priority) and arps (time, address, MAC), times in ns."""

    def __init__(self, path):
        self.adverts, self.arps = [], []
        for line in open(path):
            f = line.split()
            if f[1] == 'A':
                self.adverts.append((int(f[0]), f[2], int(f[3]), int(f[4])))
            else:
                self.arps.append((int(f[0]), f[2], f[3]))

    def times(self, node, vrid=None, alive=True):
        """When that node advertised (with a priority other than 0)."""
        return [t for t, source, v, priority in self.adverts if source == ADDRESS[node] and vrid in (None, v) and (priority > 0 or not alive)]

    def longest(self, node, vrid=None, begin=0):
        """The longest time between two advertisements of a node, ms."""
        times = [t for t in self.times(node, vrid) if t >= begin]
        if len(times) < 2:
            raise Unmeasured('%s does not advertise' % node)
        return max(b - a for a, b in zip(times, times[1:])) / 1e6

    def takeover(self):
        """When a advertised last; when b was first heard after it, by an ARP or by an advertisement; when by an advertisement."""
        last = max(self.times('a'), default=0)
        first = [t for t in self.times('b') if t > last]
        if not last or not first:
            raise Unmeasured('b did not take over')
        return last, min([first[0]] + [t for t, _, _ in self.arps if t > last]), first[0]


class Lab:
    def __init__(self, kind, routers, interval, vmac=False):
        self.kind, self.routers, self.interval = kind, routers, interval
        sh('ip', 'link', 'add', BRIDGE, 'type', 'bridge')
        sh('sysctl', '-qw', 'net.ipv6.conf.%s.disable_ipv6=1' % BRIDGE)
        sh('ip', 'link', 'set', BRIDGE, 'up')
        os.makedirs(WORK, exist_ok=True)
        self.watcher = Plugged('w')
        self.client = Plugged('c', '172.17.0.100')
        self.client.run(['ip', 'route', 'add', VIPS, 'dev', 'eth0'])
        self.a = kind('a', routers, interval, vmac)
        self.b = kind('b', routers, interval, vmac)

    def until_a_holds(self, limit=60):
        """a has all virtual IPs, b none."""
        wait_for('a holds all (%s)' % self.kind.word, lambda: self.a.holds_all() and self.b.held() == 0, self.a.log, limit, every=0.2)

    def begin(self):
        self.b.start()
        self.a.start()
        time.sleep(5 * self.interval / 1000)
        self.until_a_holds()
        time.sleep(0.5)

    def add(self, address):
        """One more address of the first router, by a reload of both nodes: the Backup first, as keepalived refuses what names other addresses."""
        self.routers[0][1].append(address)
        self.b.reload()
        self.a.reload()

    def watch(self):
        self.wire_file = WORK + '/wire'
        self.wire = subprocess.Popen(self.watcher.command([BUILD + '/tests/bench/wire', 'eth0', self.wire_file]), stdout=subprocess.PIPE)
        self.wire.stdout.readline()

    def recorded(self):
        self.wire.terminate()
        if self.wire.wait() != 0:
            raise Unmeasured('the watcher did not see everything')
        return Recording(self.wire_file)

    def ask(self, address):
        self.probe_file = WORK + '/probe'
        self.probe = subprocess.Popen(self.client.command([BUILD + '/tests/bench/probe', address, self.probe_file]))

    def asked(self):
        self.probe.terminate()
        self.probe.wait()
        return [tuple(map(int, line.split())) for line in open(self.probe_file)]

    def end(self):
        clean_up()


def clean_up():
    Space.end_all()
    sh('ip', 'link', 'del', BRIDGE)
    shutil.rmtree(WORK)


def longest_gap(probes, begin, end):
    """Probes sent between begin and end: the longest time from one that was answered at once to the next such one with some between that were not, ms;
    the probes' own distance if none was lost. And how many were lost."""
    worst, lost, last, missed = 1_000_000, 0, None, False
    for sent, answered in probes:
        if sent < begin or sent > end:
            continue
        if not answered or answered - sent > LATE_NS:
            missed = True
            lost += 1
            continue
        if missed and last is not None:
            worst = max(worst, sent - last)
        last, missed = sent, False
    if missed:  # never came back
        worst = max(worst, end - (last or begin))
    return worst / 1e6, lost


def say_memory(node):
    pid = node.vrrp()
    say('  %s: Rss %.2f MiB, Pss %.2f MiB' % (node.word, memory([pid], 'Rss'), memory([pid])))
