# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What the kernel says of this host: processors, load, space, interfaces.

All of it is read from /proc and /sys, which do not hang; but for space(),
which asks a file system.
"""

from __future__ import absolute_import, division, print_function

import errno
import io
import logging
import os

log = logging.getLogger("vmsampling.hostsample")

PROC_STAT = "/proc/stat"

# What processors do, in the order of /proc/stat. An old kernel tells less.
# guest is in user too, and guest_nice in nice.
MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq",
         "steal", "guest", "guest_nice")

# Counters may be of 32 bits, and then begin again.
_WRAP = 2 ** 32

# Now and then a counter of an interface reads as an empty line.
_TRIES = 5


def cpus(path=PROC_STAT):
    """
    Return {name: {mode: clock ticks since the host was started}} of the
    processors that are online, such as "0", and of all of them together as
    "". Raises EnvironmentError, ValueError.
    """
    found = {}
    with io.open(path, encoding="ascii", errors="replace") as f:
        for line in f:
            if not line.startswith("cpu"):
                # They come first, and what follows is long.
                break
            words = line.split()
            found[str(words[0][len("cpu"):])] = dict(
                zip(MODES, map(int, words[1:])))
    return found


def process_ticks(pid):
    """
    Return the (user, system) ticks of a process. Raises EnvironmentError.
    """
    # Its name comes before, in parentheses, and may hold anything.
    with open("/proc/%s/stat" % pid, "rb") as f:
        words = f.read().rpartition(b")")[2].split()
    return int(words[11]), int(words[12])


def boot_time(path=PROC_STAT):
    """
    Return when the host was started, in whole seconds of the wall clock.
    Raises EnvironmentError, ValueError.
    """
    with io.open(path, encoding="ascii", errors="replace") as f:
        for line in f:
            words = line.split()
            if words and words[0] == "btime":
                if len(words) > 1:
                    return int(words[1])
                break
    raise ValueError("no boot time in " + path)


def loads(path="/proc/loadavg"):
    """
    Return the averages over 1, 5 and 15 minutes as text. Raises
    EnvironmentError.
    """
    with open(path) as f:
        return f.read().split()[:3]


def huge_pages(path):
    """
    Return the word in brackets: the state of transparent huge pages. Raises
    EnvironmentError, ValueError.
    """
    with open(path) as f:
        text = f.read()
    return text[text.index("[") + 1:text.index("]")]


def space(path):
    """
    Return the MiB that users may still fill. May hang. Raises OSError.
    """
    stat = os.statvfs(path)
    return stat.f_bavail * stat.f_bsize // 2 ** 20


def counter(interface, name):
    """
    Return a counter of an interface; 0 if it has none. Raises ValueError.
    """
    path = "/sys/class/net/%s/statistics/%s" % (interface, name)
    for _ in range(_TRIES):
        try:
            text = _read(path)
        except EnvironmentError as e:
            # Wireless ones lack some; and it may be gone.
            if e.errno != errno.ENOENT:
                log.debug("%s: %s", path, e)
            return 0
        if text:
            break
    return int(text)


def duplex(interface):
    """
    Return "full" or "half", or "unknown".
    """
    try:
        return _read("/sys/class/net/%s/duplex" % interface)
    except EnvironmentError:
        return "unknown"


def advance(new, old):
    """
    Return by how much a counter has grown.
    """
    return (new - old) % _WRAP


def attempt(read, otherwise):
    """
    Return read(), or this other value if it fails.
    """
    try:
        return read()
    except (EnvironmentError, ValueError, IndexError) as e:
        log.debug("%s", e)
        return otherwise


def _read(path):
    with open(path) as f:
        return f.read().strip()
