# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Our pool with the constructor of concurrent.futures.ThreadPoolExecutor: no
name, started at once, tasks never late, no bound on waiting tasks that a test
would meet.
"""

from __future__ import absolute_import, division, print_function

import concurrent.futures
import itertools
import threading

from threadpool import executor

_numbers = itertools.count()

# Pools that were made and not closed yet. See close_all().
_created = []


class ThreadPoolExecutor(executor.Executor):

    def __init__(self, max_workers=None, thread_name_prefix=""):
        # How many when nobody says, and what is refused, is not ours.
        model = concurrent.futures.ThreadPoolExecutor(max_workers)
        self._max_workers = model._max_workers
        super(ThreadPoolExecutor, self).__init__(
            thread_name_prefix or "ThreadPoolExecutor-%d" % next(_numbers),
            workers=self._max_workers, max_workers=self._max_workers,
            max_tasks=10000, timeout=None)
        _created.append(self)
        self.start()

    @property
    def _threads(self):
        """
        The workers that exist now.
        """
        return [thread for thread in threading.enumerate()
                if thread.name.startswith(self.name + "/") and
                not thread.name.endswith("/timer")]


def close_all():
    """
    Shut down what tests left: they rely on the garbage collector.
    """
    while _created:
        _created.pop().shutdown()
