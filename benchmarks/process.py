# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What the kernel says of this process.
"""

from __future__ import absolute_import, division, print_function

import os
import resource


def cpu_seconds():
    """
    CPU time of all its threads, without its children.
    """
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def resident():
    """
    Bytes of its memory that are in RAM.
    """
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * resource.getpagesize()


def threads():
    return len(os.listdir("/proc/self/task"))


def switches():
    """
    How often threads other than the main one were put to sleep or
    interrupted: a thread that sleeps on adds nothing.
    """
    total = 0
    for tid in os.listdir("/proc/self/task"):
        if int(tid) == os.getpid():
            continue
        with open("/proc/self/task/%s/status" % tid) as f:
            total += sum(int(line.split()[1]) for line in f
                         if "ctxt_switches" in line)
    return total
