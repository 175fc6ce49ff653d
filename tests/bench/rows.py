"""What every bench prints and keeps: a line a figure, and build/bench.json with all of them; and how CPU and memory of a process are read."""
import json
import os
import statistics
import sys
import time

TOP = os.getcwd()
BUILD = os.environ.get('BUILD', TOP + '/build')
USERS = ['--user-control', '990:990', '--user-net', '991:991', '--user-script', '992:992']
RUNS = int(os.environ.get('RUNS') or 10)
rows = []


def say(text):
    print(text, flush=True)


def add_row(name, unit, ours, peer, key, value, bound, least=False):
    holds = value >= bound if least else value <= bound
    rows.append({'name': name, 'unit': unit, 'ours': ours, 'peer': peer, 'ratio': None, 'bound': bound, 'holds': holds})
    if key:
        rows[-1][key] = value
    say('%-66s %10.5g %-4s peer %-8s %s %-9s bound %g  %s' % (
        name, ours, unit, '-' if peer is None else '%.5g' % peer, key or 'ratio', '%.4g' % value if key else '-', bound,
        'holds' if holds else 'DOES NOT HOLD'))


def row(name, unit, ours, peer, bound):
    """bound: the largest ratio ours/peer that holds; peer None (or 0): bound is in the row's own unit."""
    if peer:
        add_row(name, unit, ours, peer, 'ratio', ours / peer, bound)
    else:
        add_row(name, unit, ours, peer, None, ours, bound)


def row_absolute(name, unit, ours, peer, bound):
    """bound: in the row's own unit, whatever the peer needs."""
    add_row(name, unit, ours, peer, None, ours, bound)


def row_least(name, unit, ours, peer, bound):
    """bound: the smallest figure that holds."""
    add_row(name, unit, ours, peer, None, ours, bound, least=True)


def row_difference(name, unit, ours, peer, bound):
    """bound: the largest difference ours - peer that holds."""
    add_row(name, unit, ours, peer, 'difference', ours - peer, bound)


def median(figures):
    return statistics.median(figures)


def spread(figures, form='%.2f'):
    """For a line below the row: how far the runs lie apart."""
    return '%s to %s in %d runs' % (form % min(figures), form % max(figures), len(figures))


def cpu(pids):
    """CPU seconds of these processes, with nanoseconds (schedstat)."""
    total = 0
    for pid in pids:
        try:
            total += int(open('/proc/%d/schedstat' % pid).read().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total / 1e9


def memory(pids, kind='Pss'):
    """MiB: Pss (a shared page counts its share) or Rss."""
    total = 0
    for pid in pids:
        for line in open('/proc/%d/smaps_rollup' % pid):
            if line.startswith(kind + ':'):
                total += int(line.split()[1])
    return total / 1024


class Unmeasured(Exception):
    """What was to be measured never came about; the other rows go on."""


def wait_for(what, condition, log, limit=600, every=0.02):
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            raise Unmeasured('never came true: %s; the last it said:\n%s' % (what, open(log).read()[-1000:]))
        time.sleep(every)


def save():
    """Adds the rows to those that are there (tests/bench/run begins with none)."""
    path = BUILD + '/bench.json'
    names = {r['name'] for r in rows}
    try:
        others = [r for r in json.load(open(path)) if r['name'] not in names]
    except (FileNotFoundError, ValueError):
        others = []
    json.dump(others + rows, open(path + '.new', 'w'), indent=1)
    os.rename(path + '.new', path)


def run_benches(benches, clean_up):
    """benches: functions bench_NAME; an argument picks those whose name it is a part of, or that are parts of it. clean_up: after one that failed."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ''
    name = {b: b.__name__[6:].replace('_', '-') for b in benches}
    chosen = [b for b in benches if wanted in name[b]] or [b for b in benches if name[b] in wanted]
    if not chosen:
        raise SystemExit('bench: no row %r; there are: %s' % (wanted, ' '.join(name.values())))
    for b in chosen:
        say('-- ' + name[b])
        try:
            b()
        except Unmeasured as why:
            say('NOT MEASURED: %s: %s' % (name[b], why))
            clean_up()
        save()
    say('\n%d of %d rows hold; all rows: build/bench.json' % (sum(r['holds'] for r in rows), len(rows)))
