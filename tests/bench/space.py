"""A network namespace of the bench."""
import os
import signal
import subprocess


class Space:
    """Everything started in it ends with it."""
    count = 0
    alive = []

    def __init__(self, word='bench'):
        Space.count += 1
        self.name = '%s%d' % (word, Space.count)
        subprocess.run(['ip', 'netns', 'add', self.name], check=True)
        self.run(['ip', 'link', 'set', 'lo', 'up'])
        self.processes = []
        Space.alive.append(self)

    def command(self, args):
        return ['ip', 'netns', 'exec', self.name] + args

    def run(self, args, **kw):
        return subprocess.run(self.command(args), check=True, stdout=subprocess.PIPE, **kw).stdout

    def start(self, args, log):
        p = subprocess.Popen(self.command(args), stdout=open(log, 'a'), stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)
        self.processes.append(p)
        return p

    def pids(self):
        return [int(p) for p in subprocess.run(['ip', 'netns', 'pids', self.name], stdout=subprocess.PIPE, text=True).stdout.split()]

    def kill(self):
        for pid in self.pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        for p in self.processes:
            p.wait()
        self.processes = []

    def end(self):
        self.kill()
        subprocess.run(['ip', 'netns', 'del', self.name], check=True)
        Space.alive.remove(self)

    @staticmethod
    def end_all():
        for space in list(Space.alive):
            space.end()
