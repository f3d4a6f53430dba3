# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What a pool does beside its work: idle, in a forked child, at the end.
"""

from __future__ import absolute_import, division, print_function

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time

import peers
import process
from threadpool import clock

_IDLE_SECONDS = 5.0

# Seconds after which something is taken to hang.
_NEVER = 5.0
_FORK_PATIENCE = 2.0


def idle(pool, options):
    """
    Wake-ups a second, with a deadline ahead that nothing is left of.
    """
    pool.dispatch_all(_nothing, ["vm"])
    peers.drain(pool)
    time.sleep(1.0)
    before, cpu = process.switches(), process.cpu_seconds()
    time.sleep(_IDLE_SECONDS)
    return {"wakeups": (process.switches() - before) / _IDLE_SECONDS,
            "cpu": 100 * (process.cpu_seconds() - cpu) / _IDLE_SECONDS}


def _nothing():
    pass


def fork(pool, options):
    """
    What a child gets that uses the pool of its parent.
    """
    peers.drain(pool)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, _use(pool).encode("ascii"))
        os._exit(0)
    outcome = "hangs"
    if select.select([reader], [], [], _NEVER)[0]:
        outcome = os.read(reader, 100).decode("ascii")
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return {"outcome": outcome}


def _use(pool):
    ran = threading.Event()
    try:
        pool.dispatch(ran.set)
    except pool.refusal as e:
        return type(e).__name__
    return "works" if ran.wait(_FORK_PATIENCE) else "hangs"


def exit(candidate, options):
    """
    Seconds that a program with a stuck task needs to end, more than one
    without a pool does.
    """
    return {"seconds": (_seconds_to_exit(candidate, options) -
                        _seconds_to_exit("nothing", options))}


def leave(pool):
    """
    The end of that program: tell when it was reached.
    """
    if pool is not None:
        entered = threading.Event()

        def hang():
            entered.set()
            threading.Event().wait()

        pool.dispatch(hang)
        entered.wait()
    print(json.dumps({"at": clock.monotonic()}))
    sys.stdout.flush()


def _seconds_to_exit(candidate, options):
    program = subprocess.Popen(
        [sys.executable, sys.argv[0], "leave", candidate,
         json.dumps(options)], stdout=subprocess.PIPE)
    began = json.loads(program.stdout.readline().decode("ascii"))["at"]
    program.stdout.close()
    while program.poll() is None:
        if clock.monotonic() - began > _NEVER:
            program.kill()
            program.wait()
            return float("inf")
        time.sleep(0.002)
    return clock.monotonic() - began
