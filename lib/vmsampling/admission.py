# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Giving work to a pool or a scheduler that may refuse it.
"""

from __future__ import absolute_import, division, print_function

import logging

from threadpool import errors
from threadpool import throttle

log = logging.getLogger("vmsampling.admission")


class Admission(object):
    """
    Dispatches to one pool with one timeout. What is refused is counted, and
    is tried again by whoever comes at the next round.
    """

    def __init__(self, executor, timeout):
        # Seconds until a call is late, unless it says otherwise.
        self.timeout = timeout
        self._executor = executor
        # Refused because the one before is still under way, because too many
        # of its group are late, and because the pool has no room. Counted
        # without a lock: figures for people.
        self.busy = 0
        self.withheld = 0
        self.refused = 0
        self._throttle = throttle.Throttle(interval=60.0)

    def dispatch(self, call, key=None, group=None, timeout=None):
        """
        Return whether the pool took it. Never blocks. Thread: any.
        """
        if timeout is None:
            timeout = self.timeout
        try:
            self._executor.dispatch(
                call, timeout=timeout, key=key, group=group)
            return True
        except errors.KeyBusy:
            self.busy += 1
        except errors.GroupBusy as e:
            self.withheld += 1
            log.debug("%s", e)
        except errors.NotRunning as e:
            log.debug("%s", e)
        except (errors.QueueFull, errors.PoolStuck) as e:
            self.refused += 1
            suppressed = self._throttle.admit()
            if suppressed is not None:
                log.warning("%s (%d like it not logged)", e, suppressed)
        return False


def later(scheduler, delay, call):
    """
    Schedule a call, unless everything is being stopped. Thread: any.
    """
    try:
        scheduler.schedule(delay, call)
    except errors.NotRunning as e:
        log.debug("%s", e)
