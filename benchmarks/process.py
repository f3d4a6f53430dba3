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


def threads(pid="self"):
    """
    Of this process or of another one; 0 when it has ended.
    """
    try:
        return len(os.listdir("/proc/%s/task" % pid))
    except EnvironmentError:
        return 0


def thread_seconds(tid):
    """
    CPU time of one of its threads, by the kernel's number.
    """
    with open("/proc/self/task/%d/stat" % tid) as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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
