# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
One concurrent.futures for every Python that we serve.

From Python 3.9 on these are the standard library's own objects. Before, the
standard library's, or the futures backport's on Python 2.7, with what they
lack filled in by compat.oldfutures; those are subclasses, so wait() and
as_completed() of either side take futures of both.

There are no process pools here: a forked worker would carry the locks of all
our threads with it.
"""

from __future__ import absolute_import, division, print_function

import sys

# Facade: the one place that imports names, so that others need only this.
try:
    from concurrent.futures import (
        ALL_COMPLETED,
        CancelledError,
        FIRST_COMPLETED,
        FIRST_EXCEPTION,
        TimeoutError,
        as_completed,
    )
except ImportError:
    raise ImportError(
        "Python {0}.{1} has no concurrent.futures: install the package "
        "python2-futures or python-futures (Fedora, EL), "
        "python-concurrent.futures (Debian), or run: pip install futures"
        .format(*sys.version_info[:2]))

if sys.version_info >= (3, 9):
    from concurrent.futures import (
        BrokenExecutor,
        Executor,
        Future,
        InvalidStateError,
        ThreadPoolExecutor,
        wait,
    )
else:
    from compat.oldfutures import (
        BrokenExecutor,
        Executor,
        Future,
        InvalidStateError,
        ThreadPoolExecutor,
        wait,
    )

__all__ = (
    "ALL_COMPLETED",
    "BrokenExecutor",
    "CancelledError",
    "Executor",
    "FIRST_COMPLETED",
    "FIRST_EXCEPTION",
    "Future",
    "InvalidStateError",
    "ThreadPoolExecutor",
    "TimeoutError",
    "as_completed",
    "wait",
)
