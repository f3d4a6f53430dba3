# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
How every thread of ours is made: a daemon, with a name that the system shows
too, its start and end logged at debug, and no exception lost.
"""

from __future__ import absolute_import, division, print_function

import atexit
import logging
import threading

from threadpool import evidence

log = logging.getLogger("threadpool.threads")

# What the kernel keeps of a thread's name (TASK_COMM_LEN less the final NUL).
_COMM_BYTES = 15

# Set when the interpreter exits. Python 2.7 then empties all modules while
# daemon threads still run; what they stumble over there is nobody's business.
_exiting = threading.Event()
atexit.register(_exiting.set)


def create(run, name):
    """
    Return a new thread, not started, that will call run().

    Raises whatever threading raises when start() is called and the system
    has no thread left to give.
    """
    thread = threading.Thread(target=_main, args=(run, name), name=name)
    # Interpreter exit must not wait for a stuck call.
    thread.daemon = True
    return thread


def _main(run, name, log=log, exiting=_exiting.is_set, errors=Exception):
    # The defaults stay when this module and the builtins are emptied.
    _set_system_name(name)
    log.debug("START thread %s", name)
    try:
        run()
    except errors:
        if not exiting():
            log.exception("FAILED thread %s", name)
    else:
        if not exiting():
            log.debug("FINISH thread %s", name)


def _set_system_name(name):
    """
    Show the name in top -H and /proc, for the one who has no Python there.
    """
    path = "/proc/self/task/%d/comm" % evidence.native_id()
    try:
        with open(path, "wb") as comm:
            comm.write(name.encode("utf-8")[:_COMM_BYTES])
    except EnvironmentError as e:
        log.debug("cannot name thread %s: %s", name, e)
