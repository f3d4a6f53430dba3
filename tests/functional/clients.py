# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Other clients of a test host's libvirtd, in a process of their own: threads in
this one would be counted as the sampler's, and would not keep time while it
is busy.

Run as a child it does one of two things until its standard input ends, which
it does too when the tests die:

    clients.py ask URI NAME             ask for the VM's statistics each second
    clients.py churn URI CHANGES LIFE XML...
                                        start and end VMs

and says with a line for each thing that it did when that began and when it
ended, in seconds of the monotonic clock, which is the same in all processes.
"""

from __future__ import absolute_import, division, print_function

import collections
import itertools
import os
import select
import subprocess
import sys
import threading
import time

import tools
from threadpool import clock

# what: "ask", "create" or "destroy"; name: of the VM; status: virsh's.
Event = collections.namedtuple("Event", "what name begin end status")


class Client(object):
    """
    Such a process.
    """

    def __init__(self, *args):
        self._args = args
        self._process = None

    def start(self):
        # Python 2 knows the compiled file.
        script = os.path.splitext(os.path.abspath(__file__))[0] + ".py"
        self._process = subprocess.Popen(
            [sys.executable, script] + list(self._args),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=True,
            universal_newlines=True)

    def stop(self):
        """
        Let it end what it has begun, and return all its Events. Idempotent.
        """
        process, self._process = self._process, None
        if process is None:
            return []
        out, _ = process.communicate()
        if process.returncode != 0:
            raise AssertionError("%s: status %d" % (
                self._args, process.returncode))
        return [_parse(line) for line in out.splitlines()]


def neighbour(host, name):
    """
    Return a Client that asks for a VM's statistics each second.
    """
    return Client("ask", host.uri, name)


def churner(host, names, changes, life):
    """
    Return a Client that has VMs of these names, in turn, live for so many
    seconds; as often as changes a second one of them appears or vanishes.
    """
    return Client("churn", host.uri, "%r" % changes, "%r" % life, *[
        host.define(name) for name in names])


def main():
    what, uri = sys.argv[1:3]
    virsh = _Virsh(uri)
    if what == "ask":
        name = sys.argv[3]
        while not _ended(1.0):
            virsh.run("ask", name, "domstats", name)
    else:
        changes, life = [float(arg) for arg in sys.argv[3:5]]
        _churn(virsh, changes, life, sys.argv[5:])


def _churn(virsh, changes, life, paths):
    """
    Begin a VM at fixed times, each in a thread of its own.
    """
    threads = collections.deque()
    begin = clock.monotonic()
    for n, path in enumerate(itertools.cycle(paths), 1):
        # The names are used again, so the one before must have gone.
        if len(threads) >= len(paths):
            threads.popleft().join()
        thread = threading.Thread(target=_live, args=(virsh, life, path))
        thread.start()
        threads.append(thread)
        if _ended(begin + 2 * n / changes - clock.monotonic()):
            break
    for thread in threads:
        thread.join()


def _live(virsh, life, path):
    name = os.path.splitext(os.path.basename(path))[0]
    # Paused, since the work of a guest that boots is not what is tested.
    if virsh.run("create", name, "create", "--paused", path):
        time.sleep(life)
        virsh.run("destroy", name, "destroy", name)


class _Virsh(object):

    def __init__(self, uri):
        self._command = [tools.find_program("virsh"), "-q", "-c", uri]
        self._lock = threading.Lock()

    def run(self, what, name, *args):
        """
        Run virsh, say when, and return whether it worked. Thread: any.
        """
        begin = clock.monotonic()
        status, _, err = tools.run(self._command + list(args), 30)
        end = clock.monotonic()
        with self._lock:
            print("%s %s %r %r %d" % (what, name, begin, end, status))
            sys.stdout.flush()
        if status != 0:
            print("%s %s: %s" % (what, name, err.strip()), file=sys.stderr)
        return status == 0


def _ended(seconds):
    """
    Wait; return whether the input has ended meanwhile.
    """
    ready, _, _ = select.select([0], [], [], max(seconds, 0.0))
    return bool(ready)


def _parse(line):
    what, name, begin, end, status = line.split()
    return Event(what, name, float(begin), float(end), int(status))


if __name__ == "__main__":
    main()
