# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What a task costs.
"""

from __future__ import absolute_import, division, print_function

import functools
import gc
import itertools
import threading

import peers
import process
from threadpool import clock

# One submitter would fill the queue while the workers wait for the
# interpreter, and nobody would ever wait for a lock: that flatters all.
_SUBMITTERS = 4

# Few enough at a time that the queue itself needs no new memory.
_BATCH = 100


def dispatch(pool, options):
    return _rate(pool, pool.dispatch_all, options["tasks"])


def submit(pool, options):
    return _rate(pool, pool.submit_all, options["tasks"])


def memory(pool, options):
    """
    Bytes that stay in use for a task that has ended long before its deadline.
    """
    count = options["tasks"]
    keys = [str(n) for n in range(_BATCH)]

    def run_batches(tasks):
        for _ in range(tasks // _BATCH):
            pool.dispatch_all(_nothing, keys)
            peers.drain(pool)
        gc.collect()
        return process.resident()

    before = run_batches(count // 10)
    return {"bytes": (run_batches(count) - before) / count}


def _rate(pool, submit_all, count):
    counter = itertools.count()
    call = functools.partial(next, counter)
    keys = ["vm-%d" % n for n in range(count)]
    submitters = [
        threading.Thread(target=submit_all, args=(call, keys[n::_SUBMITTERS]))
        for n in range(_SUBMITTERS)]
    # Some pools start their workers only when there is work.
    peers.drain(pool)
    cpu, begin = process.cpu_seconds(), clock.monotonic()
    for submitter in submitters:
        submitter.start()
    for submitter in submitters:
        submitter.join()
    peers.drain(pool)
    wall, cpu = clock.monotonic() - begin, process.cpu_seconds() - cpu
    ran = next(counter)
    if ran != count:
        raise AssertionError("%d of %d tasks ran" % (ran, count))
    return {"wall": wall / count * 1e6, "cpu": cpu / count * 1e6}


def _nothing():
    pass
