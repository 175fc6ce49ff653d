#!/usr/bin/env python3
"""bench.py [ROW]: runs inside the guest (tests/bench/run). Prints one line a figure as it is measured, then the table; writes build/bench.json.

Every measured thing runs in a network namespace of its own, fresh each time: the kernel's trash list of deleted real servers would otherwise make
later runs slower. Times are the guest's clock, which counts instructions; CPU is the scheduler's nanoseconds of all processes concerned."""
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

from rows import BUILD, RUNS, USERS, Unmeasured, cpu, median, memory, row, run_benches, say, spread, wait_for
from space import Space

LOAD = BUILD + '/tests/bench/load_ipvs'
WORK = '/run/bench'
LIBC = ctypes.CDLL(None, use_errno=True)
IP_VS_SO_GET_INFO, IP_VS_SO_GET_SERVICES = 64 + 1024 + 64 + 1, 64 + 1024 + 64 + 2


class Busy:
    """While the guest idles its clock jumps to the next timer, and a wait for the machine outside (a page of a program) would count as seconds. So
    what is measured by the clock is measured beside a process that wants all the time that nobody else does."""

    def __enter__(self):
        self.pid = os.fork()
        if self.pid == 0:
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
            while True:
                pass

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


class Table(Space):
    """A namespace and what its kernel has of IPVS."""

    def option(self, what, room, ask=b''):
        """getsockopt in the namespace, which costs next to nothing."""
        if not hasattr(self, 'sock'):
            own = os.open('/proc/self/ns/net', os.O_RDONLY)
            there = os.open('/run/netns/' + self.name, os.O_RDONLY)
            LIBC.setns(there, 0)
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            LIBC.setns(own, 0)
            os.close(own)
            os.close(there)
        buf, size = ctypes.create_string_buffer(ask, room), ctypes.c_uint(room)
        if LIBC.getsockopt(self.sock.fileno(), socket.SOL_IP, what, buf, ctypes.byref(size)):
            return None
        return buf.raw

    def services(self):
        """Number of IPv4 virtual servers."""
        return int.from_bytes(self.option(IP_VS_SO_GET_INFO, 12)[8:12], sys.byteorder)

    def reals(self, services):
        """Number of their real servers: struct ip_vs_get_services, an entry of 104 bytes each with num_dests at 44; None if their number changed."""
        entries = self.option(IP_VS_SO_GET_SERVICES, 8 + 104 * services, services.to_bytes(4, sys.byteorder))
        return entries and sum(int.from_bytes(entries[8 + 104 * i + 44:8 + 104 * i + 48], sys.byteorder) for i in range(services))

    def holds(self, services, reals):
        return self.services() == services and self.reals(services) == services * reals

    def end(self):
        if hasattr(self, 'sock'):
            self.sock.close()
        super().end()
        time.sleep(3)  # the kernel frees what was in it later: a table that finds the memory of the last one ready is made faster


def switches(pids):
    total = 0
    for pid in pids:
        for line in open('/proc/%d/status' % pid):
            if 'voluntary_ctxt_switches' in line and not line.startswith('non'):
                total += int(line.split()[1])
    return total


def load(way, services, reals, sched='rr', times=1):
    figures = []
    for _ in range(times):
        s = Table()
        with Busy():
            figures.append(float(s.run([LOAD, way, str(services), str(reals), sched])))
        s.end()
        say('  %s %d x %d %s: %.4f s' % (way, services, reals, sched, figures[-1]))
    return median(figures)


def ipvsadm_restore(services, reals):
    s = Table()
    text = s.run([LOAD, 'restore', str(services), str(reals)])
    with Busy():
        begun = time.monotonic()
        s.run(['ipvsadm', '-R'], input=text)
        took = time.monotonic() - begun
    s.end()
    say('  ipvsadm -R %d x %d: %.4f s' % (services, reals, took))
    return took


def service_yaml(i, reals):
    return ('apiVersion: v1\nkind: Service\nmetadata:\n  name: s%d\n  namespace: default\nspec:\n  type: ClusterIP\n  clusterIP: 10.%d.%d.%d\n'
            '  ports:\n  - name: http\n    port: 80\n    protocol: TCP\n    targetPort: 8080\n' % (i, 96 + i // 62500, i // 250 % 250, i % 250 + 1),
            slice_yaml(i, reals))


def slice_yaml(i, reals, first=1):
    head = ('apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata:\n  name: s%d-x\n  namespace: default\n  labels:\n'
            '    kubernetes.io/service-name: s%d\naddressType: IPv4\nports:\n- name: http\n  port: 8080\n  protocol: TCP\nendpoints:\n' % (i, i))
    return head + ''.join('- addresses:\n  - 10.200.%d.%d\n  conditions:\n    ready: true\n' % (i // 25 % 250, (i % 25) * 10 + r + first - 1 + 1)
                          for r in range(reals))


class Vipd:
    """A vipd in its own namespace with a folder of n Services and EndpointSlices."""

    def __init__(self, n, reals, settings=''):
        self.space = Table()
        self.dir = '%s/v%d' % (WORK, Space.count)
        self.manifests = self.dir + '/manifests'
        os.makedirs(self.manifests)
        for i in range(n):
            service, endpoints = service_yaml(i, reals)
            open('%s/s%d.yaml' % (self.manifests, i), 'w').write(service)
            open('%s/e%d.yaml' % (self.manifests, i), 'w').write(endpoints)
        open(self.dir + '/vipd.yaml', 'w').write('manifests: %s\nhandle: [ClusterIP]\n%s' % (self.manifests, settings))
        self.n, self.reals = n, reals

    def start(self):
        begun = time.monotonic()
        self.space.start([BUILD + '/vipd', '-f', '-c', self.dir + '/vipd.yaml', '--run-dir', self.dir + '/run', '--state-dir', self.dir + '/state',
                          '--control-socket', self.dir + '/run/vipd.sock', '--log-level', 'warning'] + USERS, self.dir + '/log')
        wait_for('vipd has %d virtual servers' % self.n, lambda: self.space.holds(self.n, self.reals), self.dir + '/log')
        return time.monotonic() - begun

    def settle(self):
        time.sleep(8)

    def say_memory(self, when):
        each = ['%s %.1f' % (open('/proc/%d/comm' % p).read().strip(), memory([p])) for p in self.space.pids()]
        say('  vipd %s, MiB: %s' % (when, ', '.join(each)))

    def replace(self, i, first):
        path = '%s/e%d.yaml' % (self.manifests, i)
        open(self.manifests + '/.new', 'w').write(slice_yaml(i, self.reals, first))
        os.rename(self.manifests + '/.new', path)

    def end(self):
        self.space.end()
        shutil.rmtree(self.dir)


class Keepalived:
    def __init__(self, n, reals):
        self.space = Table()
        self.dir = '%s/k%d' % (WORK, Space.count)
        os.makedirs(self.dir)
        self.conf = subprocess.run([LOAD, 'keepalived', str(n), str(reals)], check=True, stdout=subprocess.PIPE, text=True).stdout
        self.write(self.conf)
        self.n, self.reals = n, reals

    def write(self, text):
        open(self.dir + '/keepalived.conf', 'w').write('global_defs {\n  router_id bench\n}\n' + text)

    def start(self):
        begun = time.monotonic()
        d = self.dir
        self.space.start(['keepalived', '-n', '-l', '-C', '-f', d + '/keepalived.conf', '-p', d + '/p', '-c', d + '/c', '-r', d + '/r'], d + '/log')
        wait_for('keepalived has %d virtual servers' % self.n, lambda: self.space.holds(self.n, self.reals), d + '/log')
        return time.monotonic() - begun

    def pids(self):
        return self.space.pids()

    def reload(self, text):
        """CPU seconds of one reload."""
        pids = self.pids()
        before = cpu(pids)
        self.write(text)
        os.kill(int(open(self.dir + '/p').read()), signal.SIGHUP)
        last = -1.0
        while True:  # over when no CPU was used for a second
            time.sleep(1)
            now = cpu(pids)
            if now == last and now - before > 0.001:
                return now - before
            last = now

    def end(self):
        self.space.end()
        shutil.rmtree(self.dir)


def bench_load():
    load('ours', 10, 10)  # the programs' pages come from outside once
    ours = load('ours', 10000, 10)
    row('load: 10,000 x 10 against ipvsadm -R', 's', ours, ipvsadm_restore(10000, 10), 0.15)
    row('load: 10,000 x 10 against bare batches', 's', ours, load('floor', 10000, 10), 1.15)
    row('load: growth from 1,000 to 10,000', 's', ours, load('ours', 1000, 10, times=3), 11)


def bench_mh():
    load('ours', 10, 10, 'mh')
    row('mh: 1,000 x 10 against scheduler set first', 's', load('ours', 1000, 10, 'mh'), load('sched-first', 1000, 10, 'mh'), 0.2)


def start_time(kind, n):
    node = kind(n, 10)
    with Busy():
        took = node.start()
        used = cpu(node.space.pids())
    node.end()
    say('  %s with %d x 10: %.3f s (%.3f s of CPU)' % (kind.__name__, n, took, used))
    return took


def bench_start():
    start_time(Vipd, 10)  # the programs' pages come from outside once
    start_time(Keepalived, 10)
    at_1000 = start_time(Vipd, 1000)
    ours = start_time(Vipd, 10000)
    row('start: 10,000 Services x 10 from a folder', 's', ours, start_time(Keepalived, 10000), 1.0)
    row('start: growth from 1,000 to 10,000', 's', ours, at_1000, 11)


def change_cost(n, rounds):
    """CPU seconds of all vipd processes for one endpoint changed, the idle cost of the same time taken off."""
    v = Vipd(n, 10)
    v.start()
    v.settle()
    pids = v.space.pids()

    def spell(work):
        before, begun = cpu(pids), time.monotonic()
        for i in range(rounds):
            if work:
                v.replace(i % n, 2 + i // n)
            time.sleep(0.05)
        time.sleep(1)
        return cpu(pids) - before, time.monotonic() - begun
    idle, idle_time = spell(False)
    busy, busy_time = spell(True)
    v.end()
    cost = (busy - idle * busy_time / idle_time) / rounds
    say('  one endpoint of %d x 10: %.3f ms (%d changes; idle %.3f ms a second taken off)' % (n, cost * 1e3, rounds, idle / idle_time * 1e3))
    return cost


def bench_change():
    small = change_cost(1000, 400)
    ours = change_cost(10000, 400)
    k = Keepalived(10000, 10)
    k.start()
    time.sleep(3)
    peer = k.reload(k.conf.replace('weight 1', 'weight 2', 1))
    k.end()
    row('change: one endpoint of 10,000 x 10, CPU', 's', ours, peer, 1 / 500)
    row('change: growth from 1,000 to 10,000', 's', ours, small, 1.2)


def bench_memory():
    v = Vipd(1000, 10)
    v.start()
    v.settle()
    small = memory(v.space.pids())
    v.say_memory('with 1,000 Services')
    v.end()
    v = Vipd(10000, 10)
    v.start()
    v.settle()
    settled = memory(v.space.pids())
    v.say_memory('settled')
    for i in range(100):
        v.replace(i, 2)
        os.kill(v.space.processes[0].pid, signal.SIGHUP)
        time.sleep(0.5)
        if i % 20 == 19:
            say('  %d reloads' % (i + 1))
    time.sleep(5)
    after = memory(v.space.pids())
    v.say_memory('after 100 reloads')
    v.end()
    k = Keepalived(10000, 10)
    k.start()
    time.sleep(3)
    peer = memory(k.pids())
    k.reload(k.conf.replace('weight 1', 'weight 2', 1))
    peer_after = memory(k.pids())
    k.end()
    row('memory: 10,000 x 10, settled, all processes', 'MiB', settled, None, 45)
    row('memory: growth from 1,000 to 10,000', 'MiB', settled, small, 11)
    row('memory: the same after 100 reloads', 'MiB', after, None, 45)
    say('  (keepalived: %.1f MiB, %.1f after one reload)' % (peer, peer_after))


def scrape_cost(settings):
    """Of one scrape, while nothing else is done: CPU seconds of all processes, MiB that control grows by, lines."""
    v = Vipd(10000, 10, settings)
    v.start()
    v.settle()
    pids = v.space.pids()
    control = [p for p in pids if 'control' in open('/proc/%d/comm' % p).read()]
    used, grown, lines = [], [], 0
    for _ in range(4):
        each = {p: cpu([p]) for p in pids}
        before, size = cpu(pids), memory(control, 'Rss')
        lines = v.space.run(['curl', '-sS', '-m', '60', 'http://127.0.0.1:10252/metrics']).count(b'\n')
        used.append(cpu(pids) - before)
        grown.append(memory(control, 'Rss') - size)
        shares = [(open('/proc/%d/comm' % p).read().strip(), cpu([p]) - each[p]) for p in pids]
        time.sleep(2)
    v.end()
    say('  %d lines: %s s of CPU' % (lines, spread(used[1:], '%.3f')))  # the first one warms up
    say('  ' + ', '.join('%s %.3f' % kept for kept in shares))
    return median(used[1:]), max(grown[1:]), lines


def bench_metrics():
    used, grown, lines = scrape_cost('')
    if lines < 50000:
        raise Unmeasured('a scrape has %d lines' % lines)
    row('metrics: a scrape of 10,000 x 10, CPU of all processes', 's', used, None, 0.5)
    row('metrics: what control grows by in a scrape', 'MiB', grown, None, 1)
    scrape_cost('http: {seriesLimit: 1000000}\n')


def bench_idle():
    v = Vipd(1000, 10)
    v.start()
    v.settle()
    pids = v.space.pids()
    before = {p: (cpu([p]), switches([p])) for p in pids}
    time.sleep(60)
    spent = {p: (cpu([p]) - before[p][0], switches([p]) - before[p][1]) for p in pids}
    used, woken = (sum(s[i] for s in spent.values()) for i in (0, 1))
    for p in pids:
        say('  %s: %.1f ms of CPU, woken %d times' % (open('/proc/%d/comm' % p).read().strip(), spent[p][0] * 1e3, spent[p][1]))
    v.end()
    k = Keepalived(1000, 10)
    k.start()
    time.sleep(5)
    pids = k.pids()
    peer = switches(pids)
    time.sleep(60)
    peer = switches(pids) - peer
    k.end()
    row('idle: 1,000 Services, a minute, share of a core', '%', used / 60 * 100, None, 0.2)
    row('idle: drift check of 1,000 virtual servers', '%', used / 60 * 100, None, 1)
    row('idle: wake-ups in a minute', '', woken, peer, 1)


def write_busy(n, megabytes):
    """What keeps everybody busy: n Services with their slices in one file, and a file of objects that are passed over."""
    with open(WORK + '/services', 'w') as f:
        f.write('---\n'.join(text for i in range(n) for text in service_yaml(i, 10)))
    text = ('apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d%d, namespace: default, labels: {app: web, tier: front}}\nspec:\n  replicas: 3\n'
            '  selector:\n    matchLabels:\n      app: web\n  template:\n    spec:\n      containers:\n' +
            ''.join('      - name: c%d\n        image: "registry/web:1.%d"\n        args: [--listen, "0.0.0.0:80"]\n' % (c, c) for c in range(8)) + '---\n')
    with open(WORK + '/big', 'w') as f:
        size = i = 0
        while size < megabytes << 20:
            size += f.write(text % i)
            i += 1


class Watched:
    """A vipd that is Active at 10 ms, and who sees when it advertises."""

    def __init__(self, settings=''):
        router = '{name: r, vrid: 50, interface: eth0, family: IPv4, interval: 10ms, addresses: [10.10.0.1/32]}'
        self.vipd = v = Vipd(0, 10, 'allocate: false\nrouters: [%s]\n%s' % (router, settings))
        self.watcher = Space('watcher')
        subprocess.run(['ip', 'link', 'add', 'eth0', 'netns', v.space.name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', self.watcher.name], check=True)
        for space, address in ((v.space, '172.17.0.11/24'), (self.watcher, '172.17.0.100/24')):
            space.run(['ip', 'addr', 'add', address, 'dev', 'eth0'])
            space.run(['ip', 'link', 'set', 'eth0', 'up'])
        v.start()
        wait_for('vipd is Active', lambda: b'10.10.0.1/32' in v.space.run(['ip', '-4', 'addr', 'show', 'eth0']), v.dir + '/log')
        v.settle()

    def watch(self):
        self.wire = subprocess.Popen(self.watcher.command([BUILD + '/tests/bench/wire', 'eth0', self.vipd.dir + '/wire']), stdout=subprocess.PIPE)
        self.wire.stdout.readline()

    def intervals(self):
        """ms between the advertisements since."""
        self.wire.terminate()
        if self.wire.wait() != 0:
            raise Unmeasured('the watcher did not see everything')
        times = [int(line.split()[0]) for line in open(self.vipd.dir + '/wire') if line.split()[1] == 'A']
        if len(times) < 2:
            raise Unmeasured('vipd does not advertise')
        return [(b - a) / 1e6 for a, b in zip(times, times[1:])]

    def end(self):
        self.watcher.end()
        self.vipd.end()


def busy_run(n):
    """ms: the longest time between advertisements at 10 ms while n Services are taken in and 100 MB parsed, less the 10."""
    w = Watched()
    v = w.vipd
    w.watch()
    for name in ('services', 'big'):
        shutil.copyfile(WORK + '/' + name, v.manifests + '/.new')
        os.rename(v.manifests + '/.new', v.manifests + '/' + name + '.yaml')
    pids = v.space.pids()
    begun = cpu(pids)
    wait_for('vipd has %d virtual servers' % n, lambda: v.space.services() == n, v.dir + '/log', every=0.5)
    quiet = 0
    while quiet < 3:
        before = cpu(pids)
        time.sleep(0.5)
        quiet = quiet + 1 if cpu(pids) - before < 0.1 else 0
    if v.space.pids() != pids:
        raise Unmeasured('a process died: see %s/log' % v.dir)
    between = w.intervals()
    worst = max(between) - 10
    say('  %d advertisements, the latest by %.3f ms; %.1f s of CPU' % (len(between) + 1, worst, cpu(pids) - begun))
    w.end()
    return worst


def bench_busy():
    write_busy(1000, 2)
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))  # what looks here must not be what delays
    busy_run(1000)  # the programs' pages come from outside once
    write_busy(10000, 100)
    late = [busy_run(10000) for _ in range(min(RUNS, 3))]  # the guest's clock repeats itself, and a run takes minutes
    row('busy: 10,000 Services and 100 MB, advertisement late by', 'ms', median(late), None, 5)


def hostile_run(w, what):
    """ms: the longest time between advertisements in 3 s, with a client of that kind (tests/lab/hostile_http.py) or, what None, with one that does nothing."""
    client = ['python3', '-IS', 'tests/lab/hostile_http.py', '172.17.0.11', '10252', '3', what] if what else ['sleep', '3']
    w.watch()
    with Busy():
        said = w.watcher.run(client)
    between = w.intervals()
    say('  %s: %d advertisements, longest interval %.3f ms' % ((said.decode().strip() or 'nobody'), len(between) + 1, max(between)))
    return max(between)


def bench_hostile():
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    w = Watched('http: {listen: ["172.17.0.11:10252"]}\n')
    hostile_run(w, 'large')  # the programs' pages come from outside once
    for what, words in (('large', 'headers of 1 MB'), ('slow', 'heads a byte at a time'), ('idle', '10,000 idle connections')):
        alone = hostile_run(w, None)
        row('hostile: %s, longest interval at 10 ms, of that without' % words, 'ms', hostile_run(w, what), alone, 2)
    w.end()


def main():
    os.makedirs(WORK, exist_ok=True)
    # vrrp runs at real-time priority: while it adds 10,000 addresses nobody below it would see that the table is there.
    os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(99))
    run_benches([bench_load, bench_mh, bench_start, bench_change, bench_memory, bench_metrics, bench_idle, bench_busy, bench_hostile], Space.end_all)


main()
