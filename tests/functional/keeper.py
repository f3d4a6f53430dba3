# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Removes a test host: its processes, its mounts and its folder.

Run as a child of the tests with the folder as the only argument. It waits
until its standard input ends, which happens when the tests close it and also
when they die in whatever way, SIGKILL included. All that belongs to a test
host has the folder's unique name in its command line or its environment; that
is how a daemonized QEMU, which is nobody's child any more, is found again.

It is standalone on purpose: when it works, the tests may be gone.
"""

from __future__ import absolute_import, division, print_function

import os
import select
import shutil
import signal
import subprocess
import sys
import time

# A killed QEMU needs a moment to give its memory back on a busy machine.
PATIENCE = 20.0

# What the name of a test host's folder begins with.
PREFIX = "vdsm-sampling-"


def main():
    folder = sys.argv[1]
    # All processes that mention the folder get killed: it must not be "/".
    if not os.path.basename(folder).startswith(PREFIX):
        print("keeper: %r is not the folder of a test host" % folder,
              file=sys.stderr)
        return 2
    # An interrupt from the terminal, or a kill of the tests' process group,
    # must not take away the one who cleans up.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.setsid()
    wait_for_end(os.getppid())
    left = sweep(folder)
    if left:
        print("keeper: could not remove %s: %s" % (folder, left),
              file=sys.stderr)
    return 1 if left else 0


def wait_for_end(parent):
    # The end of the input is enough, unless a forked child of the tests holds
    # a copy of the pipe's other end; so the parent is looked at as well.
    while os.getppid() == parent:
        ready, _, _ = select.select([0], [], [], 1.0)
        if ready and not os.read(0, 1024):
            return


def sweep(folder):
    """
    Remove everything, and return a text saying what is left, or "".
    """
    deadline = os.times()[4] + PATIENCE
    while True:
        left = sweep_once(folder)
        if not left or os.times()[4] > deadline:
            return left
        time.sleep(0.05)


def sweep_once(folder):
    pids = processes_of(folder)
    if pids:
        for pid in pids:
            kill(pid)
        return "processes %s" % pids
    # Nobody serves the FUSE mounts any more, so looking at them fails at once
    # instead of hanging.
    mounts = mounts_below(folder)
    if mounts:
        for path in mounts:
            unmount(path)
        return "mounts %s" % mounts
    shutil.rmtree(folder, ignore_errors=True)
    return "folder" if os.path.lexists(folder) else ""


def processes_of(folder):
    """
    PIDs of the living processes that belong to the folder, but for this one.
    """
    word = folder.encode("utf-8")
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [pid for pid in pids
            if pid != os.getpid() and belongs(pid, word)]


def belongs(pid, word):
    for name in ("cmdline", "environ"):
        try:
            with open("/proc/%d/%s" % (pid, name), "rb") as f:
                if word in f.read():
                    return True
        except (IOError, OSError):
            # Gone in the meantime, or somebody else's: not ours.
            pass
    return False


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        # Gone in the meantime; the next look tells if it is not.
        pass


def mounts_below(folder):
    """
    Mount points in the folder, innermost first.
    """
    with open("/proc/self/mounts") as f:
        paths = [line.split(" ")[1] for line in f]
    return sorted((path for path in paths if path.startswith(folder + "/")),
                  reverse=True)


def unmount(path):
    lazily = ["umount", "-l"] if os.getuid() == 0 else ["fusermount", "-uz"]
    with open(os.devnull, "r+") as null:
        subprocess.call(lazily + [path], stdin=null, stdout=null, stderr=null)


if __name__ == "__main__":
    sys.exit(main())
