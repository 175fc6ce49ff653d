#!/usr/bin/env python3
"""bench.py [ROW]: runs inside the guest (tests/bench/run). Prints one line a figure as it is measured, then the table; writes build/bench.json.

Every measured thing runs in a network namespace of its own, fresh each time: the kernel's trash list of deleted real servers would otherwise make
later runs slower. Times are the guest's clock, which counts instructions; CPU is the scheduler's nanoseconds of all processes concerned."""
import ctypes
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time

TOP = os.getcwd()
BUILD = os.environ.get('BUILD', TOP + '/build')
LOAD = BUILD + '/tests/bench/load_ipvs'
WORK = '/run/bench'
TICK = os.sysconf('SC_CLK_TCK')
USERS = ['--user-control', '990:990', '--user-net', '991:991', '--user-script', '992:992']
LIBC = ctypes.CDLL(None, use_errno=True)
IP_VS_SO_GET_INFO, IP_VS_SO_GET_SERVICES = 64 + 1024 + 64 + 1, 64 + 1024 + 64 + 2
rows = []


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


def say(text):
    print(text, flush=True)


def row(name, unit, ours, peer, bound, better='at most'):
    """bound: the largest ratio ours/peer that holds; peer None: bound is in the row's own unit."""
    ratio = None if not peer else ours / peer
    value = ours if ratio is None else ratio
    rows.append({'name': name, 'unit': unit, 'ours': ours, 'peer': peer, 'ratio': ratio, 'bound': bound, 'holds': value <= bound})
    say('%-58s %12.6g %s  peer %s  ratio %s  bound %g  %s' % (
        name, ours, unit, '-' if peer is None else '%.6g' % peer, '-' if ratio is None else '%.4g' % ratio, bound,
        'holds' if value <= bound else 'DOES NOT HOLD'))


class Space:
    """A network namespace; everything started in it ends with it."""
    count = 0

    def __init__(self):
        Space.count += 1
        self.name = 'bench%d' % Space.count
        subprocess.run(['ip', 'netns', 'add', self.name], check=True)
        self.run(['ip', 'link', 'set', 'lo', 'up'])
        self.processes = []

    def command(self, args):
        return ['ip', 'netns', 'exec', self.name] + args

    def run(self, args, **kw):
        return subprocess.run(self.command(args), check=True, stdout=subprocess.PIPE, **kw).stdout

    def start(self, args, log):
        p = subprocess.Popen(self.command(args), stdout=open(log, 'w'), stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)
        self.processes.append(p)
        return p

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
        pids = subprocess.run(['ip', 'netns', 'pids', self.name], stdout=subprocess.PIPE, text=True).stdout.split()
        for pid in pids:
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                pass
        for p in self.processes:
            p.wait()
        subprocess.run(['ip', 'netns', 'del', self.name])
        time.sleep(3)  # the kernel frees what was in it later: a table that finds the memory of the last one ready is made faster

    def pids(self):
        return [int(p) for p in subprocess.run(['ip', 'netns', 'pids', self.name], stdout=subprocess.PIPE, text=True).stdout.split()]


def cpu(pids):
    """CPU seconds of these processes, with nanoseconds (schedstat)."""
    total = 0
    for pid in pids:
        try:
            total += int(open('/proc/%d/schedstat' % pid).read().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total / 1e9


def switches(pids):
    total = 0
    for pid in pids:
        for line in open('/proc/%d/status' % pid):
            if 'voluntary_ctxt_switches' in line and not line.startswith('non'):
                total += int(line.split()[1])
    return total


def pss(pids):
    total = 0
    for pid in pids:
        for line in open('/proc/%d/smaps_rollup' % pid):
            if line.startswith('Pss:'):
                total += int(line.split()[1])
    return total / 1024


def wait_for(what, condition, log, limit=600):
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            raise SystemExit('bench: never came true: %s; the last it said:\n%s' % (what, open(log).read()[-1000:]))
        time.sleep(0.02)


def load(way, services, reals, sched='rr', times=1):
    figures = []
    for _ in range(times):
        s = Space()
        with Busy():
            figures.append(float(s.run([LOAD, way, str(services), str(reals), sched])))
        s.end()
        say('  %s %d x %d %s: %.4f s' % (way, services, reals, sched, figures[-1]))
    return statistics.median(figures)


def ipvsadm_restore(services, reals):
    s = Space()
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

    def __init__(self, n, reals):
        self.space = Space()
        self.dir = '%s/v%d' % (WORK, Space.count)
        self.manifests = self.dir + '/manifests'
        os.makedirs(self.manifests)
        for i in range(n):
            service, endpoints = service_yaml(i, reals)
            open('%s/s%d.yaml' % (self.manifests, i), 'w').write(service)
            open('%s/e%d.yaml' % (self.manifests, i), 'w').write(endpoints)
        open(self.dir + '/vipd.yaml', 'w').write('manifests: %s\nhandle: [ClusterIP]\n' % self.manifests)
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
        each = ['%s %.1f' % (open('/proc/%d/comm' % p).read().strip(), pss([p])) for p in self.space.pids()]
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
        self.space = Space()
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
    small = pss(v.space.pids())
    v.say_memory('with 1,000 Services')
    v.end()
    v = Vipd(10000, 10)
    v.start()
    v.settle()
    settled = pss(v.space.pids())
    v.say_memory('settled')
    for i in range(100):
        v.replace(i, 2)
        os.kill(v.space.processes[0].pid, signal.SIGHUP)
        time.sleep(0.5)
        if i % 20 == 19:
            say('  %d reloads' % (i + 1))
    time.sleep(5)
    after = pss(v.space.pids())
    v.say_memory('after 100 reloads')
    v.end()
    k = Keepalived(10000, 10)
    k.start()
    time.sleep(3)
    peer = pss(k.pids())
    k.reload(k.conf.replace('weight 1', 'weight 2', 1))
    peer_after = pss(k.pids())
    k.end()
    row('memory: 10,000 x 10, settled, all processes', 'MiB', settled, None, 45)
    row('memory: growth from 1,000 to 10,000', 'MiB', settled, small, 11)
    row('memory: the same after 100 reloads', 'MiB', after, None, 45)
    say('  (keepalived: %.1f MiB, %.1f after one reload)' % (peer, peer_after))


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


def main():
    wanted = sys.argv[1] if len(sys.argv) > 1 else ''
    benches = [bench_load, bench_mh, bench_start, bench_change, bench_memory, bench_idle]
    chosen = [b for b in benches if wanted in b.__name__[6:]] or [b for b in benches if b.__name__[6:] in wanted]
    if not chosen:
        raise SystemExit('bench: no row %r; there are: %s' % (wanted, ' '.join(b.__name__[6:] for b in benches)))
    os.makedirs(WORK, exist_ok=True)
    # vrrp runs at real-time priority: while it adds 10,000 addresses nobody below it would see that the table is there.
    os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(99))
    for b in chosen:
        say('-- ' + b.__name__[6:])
        b()
        json.dump(rows, open(BUILD + '/bench.json', 'w'), indent=1)
    say('\n%d of %d rows hold; all rows: build/bench.json' % (sum(r['holds'] for r in rows), len(rows)))


main()
