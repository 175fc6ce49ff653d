#!/usr/bin/env python3
"""vrrp.py [ROW]: the rows of VRRP, vipd against keepalived, each measured with both on the same bridge (tests/bench/run). Medians of RUNS (10) runs.

What is on the wire is taken from the kernel's time of arrival at a third port of the bridge; what a client sees from a probe each millisecond. Under
each row stands how far the runs lie apart: a machine that does other things shows there."""
import subprocess
import time

from rows import BUILD, RUNS, Unmeasured, cpu, median, memory, row, row_absolute, row_difference, row_least, run_benches, say, spread
from vrrp_lab import KINDS, PRIORITY, Lab, Plugged, clean_up, longest_gap, say_memory, vip

INTERVALS = (1000, 100, 10)
ONE = [(50, [vip(0)])]
MS = 1_000_000


def named(ms):
    return '%g s' % (ms / 1000)


def both(measure, *args):
    """Figures of vipd and of keepalived; each set of runs in a fresh network."""
    return [measure(kind, *args) for kind in KINDS]


def tell(label, ours, peer, form='%.2f'):
    say('    %s: vipd %s; keepalived %s' % (label, spread(ours, form), spread(peer, form)))


# ---- planned hand-over, and the better node's return ----

cycles = {}


def cycle(kind, interval, vmac):
    """The Active is stopped in order, and comes back. Per run: longest gap of the hand-over, of the return, and of a spell in which nothing happens."""
    if (kind, interval, vmac) in cycles:
        return cycles[kind, interval, vmac]
    lab = Lab(kind, ONE, interval, vmac)
    lab.begin()
    out = {'handover': [], 'preempt': [], 'quiet': []}
    for _ in range(RUNS):
        lab.ask(vip(0))
        time.sleep(1.2)
        stop = time.time_ns()
        lab.a.stop()
        time.sleep(1 + interval / 1000)
        lab.a.stopped()
        start = time.time_ns()
        lab.a.start()
        time.sleep(1 + 4 * interval / 1000)
        lab.until_a_holds()
        time.sleep(0.5)
        end = time.time_ns()
        probes = lab.asked()
        out['quiet'].append(longest_gap(probes, stop - 1000 * MS, stop)[0])
        out['handover'].append(longest_gap(probes, stop, start)[0])
        out['preempt'].append(longest_gap(probes, start, end)[0])
    lab.end()
    cycles[kind, interval, vmac] = out
    return out


def gap_row(what, words, interval, vmac):
    ours, peer = both(cycle, interval, vmac)
    row_absolute('%s at %s%s: longest gap' % (words, named(interval), ', VMAC' if vmac else ''), 'ms', median(ours[what]), median(peer[what]), 5)
    tell(what, ours[what], peer[what])
    tell('the same time without', ours['quiet'], peer['quiet'])


def bench_vrrp_handover():
    for interval in INTERVALS:
        gap_row('handover', 'planned hand-over', interval, False)
    for interval in INTERVALS[1:]:
        gap_row('handover', 'planned hand-over', interval, True)


def bench_vrrp_preempt():
    for vmac in (False, True):
        for interval in INTERVALS[1:]:
            gap_row('preempt', 'preemption by the better node', interval, vmac)


# ---- crash ----

def down_interval(interval):
    return 3 * interval + (256 - PRIORITY['b']) * interval / 256


def crash(kind, interval):
    """ms: takeover after the last advertisement less Master_Down_Interval; from there to the first ARP; the same for the first advertisement."""
    lab = Lab(kind, ONE, interval)
    lab.begin()
    late, arp, advert = [], [], []
    for _ in range(RUNS):
        lab.watch()
        time.sleep(0.2 + 1.3 * interval / 1000)
        lab.a.crash()
        time.sleep(0.3 + 4.5 * interval / 1000)
        seen = lab.recorded()
        last, first, advertised = seen.takeover()
        late.append((first - last) / MS - down_interval(interval))
        arp.append(min(t - first for t, _, _ in seen.arps if t > last) / MS)
        advert.append((advertised - first) / MS)
        lab.a.boot()
        lab.a.start()
        time.sleep(0.5 + 4 * interval / 1000)
        lab.until_a_holds()
        time.sleep(0.3)
    lab.end()
    return late, arp, advert


def bench_vrrp_crash():
    for interval in INTERVALS:
        (late, arp, advert), (peer_late, peer_arp, peer_advert) = both(crash, interval)
        row_difference('crash at %s: takeover later than Master_Down_Interval' % named(interval), 'ms', median(late), median(peer_late), 0)
        tell('takeover', late, peer_late)
        row_absolute('crash at %s: first ARP from the takeover' % named(interval), 'ms', median(arp), median(peer_arp), 0.5)
        tell('ARP', arp, peer_arp)
        tell('advertisement', advert, peer_advert)


# ---- many virtual IPs in one router ----

def many_vips(kind, n):
    """ms after the takeover: first ARP, each address announced once, last frame of the first burst; and how much the longest interval exceeded 100,
    from the takeover on."""
    interval = 100
    lab = Lab(kind, [(50, [vip(i) for i in range(n)])], interval)
    lab.begin()
    time.sleep(6)  # the second burst
    first, once, last, late = [], [], [], []
    for _ in range(RUNS):
        lab.watch()
        time.sleep(0.5)
        lab.a.crash()
        time.sleep(3)
        seen = lab.recorded()
        begun, taken, advertised = seen.takeover()
        arps = [(t, address) for t, address, _ in seen.arps if begun < t]
        seen_at = {}
        for t, address in arps:
            seen_at.setdefault(address, t)
        if len(seen_at) != n:
            raise Unmeasured('%s announced %d of %d addresses' % (kind.word, len(seen_at), n))
        first.append((arps[0][0] - taken) / MS)
        once.append((max(seen_at.values()) - taken) / MS)
        last.append((arps[-1][0] - taken) / MS)
        late.append(max(seen.longest('b', begin=taken), (advertised - taken) / MS) - interval)
        lab.a.boot()
        lab.a.start()
        time.sleep(1)
        lab.until_a_holds()
        time.sleep(6)
    lab.end()
    return first, once, last, late


def bench_vrrp_vips():
    for n in (1000, 4000):
        ours, peer = both(many_vips, n)
        name = '%s VIPs in one router: takeover to ' % format(n, ',')
        row(name + 'each announced once', 'ms', median(ours[1]), median(peer[1]), 0.5)
        tell('each once', ours[1], peer[1])
        row(name + 'the last ARP', 'ms', median(ours[2]), median(peer[2]), 0.5)
        tell('last', ours[2], peer[2])
        row(name + 'the first ARP, of its own last', '', median(ours[0]), median(ours[1]), 0.5)
        tell('first, ms', ours[0], peer[0])
        row_absolute(name.split(':')[0] + ': an advertisement late by', 'ms', median(ours[3]), median(peer[3]), 5)
        tell('late', ours[3], peer[3])


def added(kind, n):
    """ARP frames after one more address by reload: all, and those that are not of that address."""
    lab = Lab(kind, [(50, [vip(i) for i in range(n)])], 100)
    lab.begin()
    time.sleep(7)
    total, others = [], []
    for i in range(RUNS):
        new = vip(n + i)
        lab.watch()
        lab.add(new)
        time.sleep(7)
        arps = lab.recorded().arps
        if not any(address == new for _, address, _ in arps):
            raise Unmeasured('%s did not announce the new address' % kind.word)
        total.append(len(arps))
        others.append(sum(address != new for _, address, _ in arps))
    lab.end()
    return total, others


def bench_vrrp_added():
    (total, others), (peer_total, peer_others) = both(added, 1000)
    row_absolute('one VIP added to 1,000: ARP frames of the others', '', median(others), median(peer_others), 0)
    tell('all frames', total, peer_total, '%d')


# ---- 250 virtual routers ----

def many_routers(kind):
    n, interval, seconds = 250, 100, 5
    lab = Lab(kind, [(v, [vip(250 + v)]) for v in range(1, n + 1)], interval)
    lab.begin()
    time.sleep(7)
    active, backup = lab.a.vrrp(), lab.b.vrrp()
    out = {'active': [], 'backup': [], 'longest': []}
    for _ in range(RUNS):
        lab.watch()
        begun, before = time.monotonic(), (cpu([active]), cpu([backup]))
        time.sleep(seconds)
        took = (time.monotonic() - begun) / 100
        out['active'].append((cpu([active]) - before[0]) / took)
        out['backup'].append((cpu([backup]) - before[1]) / took)
        seen = lab.recorded()
        out['longest'].append(max(seen.longest('a', v) for v in range(1, n + 1)))
        if seen.times('b', alive=False):
            say('  %s: b took over, the machine is too slow for this row' % kind.word)
            lab.until_a_holds()
    for kind_of in ('Rss', 'Pss'):
        out[kind_of] = [memory([active], kind_of), memory([backup], kind_of)]
    say_memory(lab.a)
    say_memory(lab.b)
    lab.end()
    return out


def bench_vrrp_routers():
    ours, peer = both(many_routers)
    for role in ('active', 'backup'):
        row('250 routers at 0.1 s: CPU of the vrrp process, ' + role, '%', median(ours[role]), median(peer[role]), 0.8)
        tell('% of a core', ours[role], peer[role])
    for kind_of, index, role in (('Rss', 0, 'active'), ('Rss', 1, 'backup'), ('Pss', 0, 'active'), ('Pss', 1, 'backup')):
        row('250 routers: memory of the vrrp process, %s, %s' % (kind_of, role), 'MiB', ours[kind_of][index], peer[kind_of][index], 1)
    row_absolute('250 routers at 0.1 s: longest interval', 'ms', median(ours['longest']), median(peer['longest']), 112)
    tell('longest', ours['longest'], peer['longest'], '%.1f')


# ---- a flood ----

def flood(kind, interval):
    """Two strangers flood the router as fast as they can. Packets a second that reach the Active; by how much its longest interval exceeds one, ms; how
    many advertisements the Backup sends."""
    seconds = 3
    lab = Lab(kind, ONE, interval)
    lab.begin()
    strangers = [Plugged('x') for _ in range(2)]
    rate, late, changes = [], [], []
    for _ in range(RUNS):
        lab.watch()
        time.sleep(0.2)
        begun, before = time.monotonic(), lab.a.arrived()
        senders = [subprocess.Popen(x.command([BUILD + '/tests/lab/hostile', 'eth0', '172.17.0.%d' % (66 + i), '50', str(seconds), '3', '0']),
                                    stdout=subprocess.DEVNULL) for i, x in enumerate(strangers)]
        for s in senders:
            s.wait()
        rate.append((lab.a.arrived() - before) / (time.monotonic() - begun))
        time.sleep(0.2)
        seen = lab.recorded()
        late.append(seen.longest('a') - interval)
        changes.append(len(seen.times('b', alive=False)))
        time.sleep(4 * interval / 1000)
        lab.until_a_holds()
    lab.end()
    return rate, late, changes


def bench_vrrp_flood():
    for interval in INTERVALS[1:]:
        (rate, late, changes), (peer_rate, peer_late, peer_changes) = both(flood, interval)
        row_least('flood of hostile advertisements at %s: that arrive' % named(interval), '/s', median(rate), median(peer_rate), 100000)
        row_absolute('flood at %s: longest interval, more than one' % named(interval), 'ms', median(late), median(peer_late), 5)
        tell('late', late, peer_late)
        row_absolute('flood at %s: advertisements of the Backup' % named(interval), '', max(changes), max(peer_changes), 0)


# ---- reload ----

def reload(kind, interval):
    """One address is added while a is Active: the longest time between its advertisements less the interval, and what else is heard: b's, and 0."""
    lab = Lab(kind, [(50, [vip(0)])], interval)
    lab.begin()
    late, changes = [], []
    for i in range(RUNS):
        lab.watch()
        time.sleep(0.5)
        lab.add(vip(1 + i))
        time.sleep(2)
        seen = lab.recorded()
        late.append(seen.longest('a') - interval)
        changes.append(len(seen.times('b', alive=False)) + len(seen.times('a', alive=False)) - len(seen.times('a')))
        lab.until_a_holds()
    lab.end()
    return late, changes


def bench_vrrp_reload():
    for interval in INTERVALS[1:]:
        (late, changes), (peer_late, peer_changes) = both(reload, interval)
        row_absolute('reload with one VIP added at %s: longest interval, more than one' % named(interval), 'ms', median(late), median(peer_late), 5)
        tell('late', late, peer_late)
        row_absolute('reload with one VIP added at %s: state changes' % named(interval), '', sum(changes), sum(peer_changes), 0)


def main():
    run_benches([bench_vrrp_handover, bench_vrrp_preempt, bench_vrrp_crash, bench_vrrp_vips, bench_vrrp_added, bench_vrrp_routers, bench_vrrp_flood,
                 bench_vrrp_reload], clean_up)


main()
