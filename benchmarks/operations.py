# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What periodic operations cost, how punctual they are, and what one that hangs
does to the others.
"""

from __future__ import absolute_import, division, print_function

import collections
import functools
import threading
import time

import process
from threadpool import clock

_OPERATIONS = 1000
_PERIOD = 1.0
_TIMEOUT = _PERIOD / 2

# Seconds to set all operations up, and from there those that do not count:
# not a time at which a run is due.
_SET_UP = 0.5
_WARM_UP = 1.9005

# For the last runs to happen.
_SETTLE = 0.3

# A run that is early by less than this is not taken for one that is late by
# almost a period.
_EARLY = 0.001

# When it was due, and how many seconds later it happened.
_Run = collections.namedtuple("_Run", "due late")

# One operation that hangs.
_STUCK_PERIOD = 0.2
_STUCK_TIMEOUT = 0.1
_STUCK_SECONDS = 7.0
_QUICK_TASKS = 20
_QUICK_SECONDS = 3.0


def spread(pool, options):
    return _operate(pool, _PERIOD / _OPERATIONS, options["seconds"])


def burst(pool, options):
    return _operate(pool, 0.0, options["seconds"])


def stuck(pool, options):
    entered = []

    def hang():
        entered.append(None)
        threading.Event().wait()

    pool.operate([(clock.monotonic() + _STUCK_PERIOD, hang)],
                 _STUCK_PERIOD, _STUCK_TIMEOUT)
    time.sleep(_STUCK_SECONDS)
    held = len(entered)
    ran = []
    for _ in range(_QUICK_TASKS):
        pool.dispatch(functools.partial(ran.append, None))
    limit = clock.monotonic() + _QUICK_SECONDS
    while len(ran) < _QUICK_TASKS and clock.monotonic() < limit:
        time.sleep(0.01)
    return {"held": held, "threads": process.threads() - 1,
            "quick": 100 * len(ran) / _QUICK_TASKS}


def _operate(pool, distance, seconds):
    """
    Run operations whose runs are due at this distance from each other.
    """
    base = clock.monotonic() + _SET_UP
    fires = [[] for _ in range(_OPERATIONS)]
    dues = pool.operate(
        [(base + n * distance, _recorder(fires[n]))
         for n in range(_OPERATIONS)], _PERIOD, _TIMEOUT)
    begin = base + _WARM_UP
    _sleep_until(begin)
    cpu = process.cpu_seconds()
    _sleep_until(begin + seconds)
    cpu = process.cpu_seconds() - cpu
    time.sleep(_SETTLE)
    runs = sorted(
        _run(due, fire) for due, times in zip(dues, fires)
        for fire in times)
    runs = [run for run in runs if begin <= run.due < begin + seconds]
    late = sorted(run.late for run in runs)
    return {
        "cpu": 100 * cpu / seconds,
        "fire": cpu / len(runs) * 1e6,
        "p50": 1000 * _percentile(late, 50),
        "p99": 1000 * _percentile(late, 99),
        "most": 1000 * late[-1],
        "drift": 1000 * _drift(runs),
        "missed": _OPERATIONS * seconds / _PERIOD - len(runs),
    }


def _recorder(times):
    append, now = times.append, clock.monotonic

    def record():
        append(now())

    return record


def _sleep_until(when):
    time.sleep(max(when - clock.monotonic(), 0))


def _run(first, fire):
    """
    first: when the first run of the operation was due.
    """
    due = first + int((fire - first + _EARLY) // _PERIOD) * _PERIOD
    return _Run(due, fire - due)


def _drift(runs):
    """
    Seconds a period by which the least late runs become later: the later
    ones are late for other reasons.
    """
    middle = len(runs) // 2
    halves = (runs[:middle], runs[middle:])
    first, second = [
        _percentile(sorted(run.late for run in half), 10) for half in halves]
    return (second - first) / ((runs[-1].due - runs[0].due) / _PERIOD / 2)


def _percentile(ordered, percent):
    return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)]
