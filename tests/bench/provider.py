#!/usr/bin/env python3
"""provider.py [ROW]: the rows of the cloud provider: what 10,000 Services cost that ask for addresses at once, and what vipctl needs to print them. Runs
in namespaces of this machine's kernel (tests/bench/run): nothing here needs IPVS, and vipctl's figure is of a clock that people look at."""
import ctypes
import os
import re
import struct
import subprocess
import time

from rows import BUILD, RUNS, USERS, Unmeasured, cpu, median, row, run_benches, say, spread, wait_for
from space import Space

WORK = '/run/bench'
SERVICES = 10000
LIBC = ctypes.CDLL(None, use_errno=True)
IN_MOVED_TO, IN_NONBLOCK = 0x80, 0o4000  # sys/inotify.h


def service(name):
    return 'apiVersion: v1\nkind: Service\nmetadata: {name: %s}\nspec: {type: LoadBalancer, ports: [{port: 80}]}\n' % name


class Renames:
    """Counts what is renamed into a folder under a name."""

    def __init__(self, folder, name):
        self.name = name.encode()
        self.fd = LIBC.inotify_init1(IN_NONBLOCK)
        if self.fd < 0 or LIBC.inotify_add_watch(self.fd, folder.encode(), IN_MOVED_TO) < 0:
            raise Unmeasured('%s cannot be watched: %s' % (folder, os.strerror(ctypes.get_errno())))

    def end(self):
        count = 0
        try:
            while True:
                buf = os.read(self.fd, 65536)
                while buf:
                    size = struct.unpack_from('iIII', buf)[3]
                    count += buf[16:16 + size].rstrip(b'\0') == self.name
                    buf = buf[16 + size:]
        except BlockingIOError:
            os.close(self.fd)
        return count


class Provider:
    """A vipd that gives addresses of a /16 and handles nothing else."""

    def __init__(self):
        self.space = Space('provider')
        self.dir = '%s/%s' % (WORK, self.space.name)
        self.manifests, self.log, self.socket = self.dir + '/manifests', self.dir + '/log', self.dir + '/run/vipd.sock'
        os.makedirs(self.manifests)
        with open(self.dir + '/vipd.yaml', 'w') as f:
            f.write('manifests: %s\ninterface: lo\nhandle: [LoadBalancer]\npools: [{name: bench, addresses: [10.77.0.0/16]}]\n' % self.manifests)
        self.space.start([BUILD + '/vipd', '-f', '-c', self.dir + '/vipd.yaml', '--run-dir', self.dir + '/run', '--state-dir', self.dir + '/state',
                          '--control-socket', self.socket, '--scripts-dir', self.dir + '/scripts', '--log-level', 'warning'] + USERS, self.log)
        wait_for('vipd answers', lambda: self.vipctl('version', check=False).returncode == 0, self.log)
        self.control = [p for p in self.space.pids() if 'control' in open('/proc/%d/comm' % p).read()]

    def vipctl(self, *args, check=True):
        return subprocess.run([BUILD + '/vipctl', '--control-socket', self.socket, *args], check=check, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def put(self, name, text):
        with open(self.manifests + '/.new', 'w') as f:
            f.write(text)
        os.rename(self.manifests + '/.new', '%s/%s.yaml' % (self.manifests, name))

    def given(self):
        """Number of Services that have their address: the fourth column of get svc."""
        lines = self.vipctl('get', 'svc', '-A', '--no-headers').stdout.decode().splitlines()
        return sum('10.77.' in line.split()[4] for line in lines)

    def settle(self):
        last, quiet = cpu(self.control), 0
        while quiet < 4:
            time.sleep(0.5)
            now = cpu(self.control)
            quiet = quiet + 1 if now - last < 0.01 else 0
            last = now

    def end(self):
        self.space.end()


def bench_provider_give():
    """The giving alone is measured by alloc.c, which calls what control calls; a daemon shows what the whole of it comes to, manifests and record included."""
    said = subprocess.run([BUILD + '/tests/bench/alloc'], check=True, stdout=subprocess.PIPE, text=True).stdout
    say(said.rstrip())
    for pool, all_of_them, one in re.findall(r'^alloc (\S+): .* in ([\d.]+) s of CPU, the next one in ([\d.]+) us', said, re.M):
        row('10,000 Services given addresses of %s: CPU' % pool, 's', float(all_of_them), None, 0.2)
        row('one more Service given an address of %s: CPU' % pool, 'ms', float(one) / 1000, None, 1)
    p = Provider()
    p.settle()
    renames, before = Renames(p.dir + '/state', 'vip-configmap.yaml'), cpu(p.control)
    p.put('all', '---\n'.join(service('s%d' % i) for i in range(SERVICES)))
    time.sleep(2)
    p.settle()
    took, written, given = cpu(p.control) - before, renames.end(), p.given()
    p.end()
    if given != SERVICES:
        raise Unmeasured('%d of %d Services have an address' % (given, SERVICES))
    say('  control used %.2f s of CPU to read, check and serve them' % took)
    row('10,000 Services given addresses: the record is written', '', written, None, 10)


def bench_provider_get():
    p = Provider()
    p.put('all', '---\n'.join(service('s%d' % i) for i in range(SERVICES)))
    time.sleep(2)
    p.settle()
    times = []
    for _ in range(RUNS):
        begun = time.monotonic()
        lines = p.vipctl('get', 'svc', '-A').stdout.count(b'\n')
        times.append(time.monotonic() - begun)
        if lines != SERVICES + 1:
            raise Unmeasured('vipctl printed %d lines' % lines)
    size = peak_of([BUILD + '/vipctl', '--control-socket', p.socket, 'get', 'svc', '-A'])
    p.end()
    row('vipctl get svc -A of 10,000 Services', 's', median(times), None, 0.3)
    say('  ' + spread(times, '%.3f'))
    row('vipctl get svc -A of 10,000 Services: largest size', 'MiB', size, None, 30)


def peak_of(args):
    """MiB that the program had resident at most: a child of its own, so that no other one is counted."""
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open('/dev/null', os.O_WRONLY), 1)
        os.execv(args[0], args)
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise Unmeasured('%s: status %d' % (args[0], status))
    return usage.ru_maxrss / 1024


def main():
    os.makedirs(WORK, exist_ok=True)
    run_benches([bench_provider_give, bench_provider_get], Space.end_all)


main()
