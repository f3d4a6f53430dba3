# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
How many calls there may be at once on somebody else's connection.

libvirtd serves 5 calls of one connection at a time. When all of them hang it
reads no more from that connection, whatever is asked. So some are left free.
"""

from __future__ import absolute_import, division, print_function

import contextlib
import logging
import threading

from threadpool import clock as _clock
from threadpool import throttle

log = logging.getLogger("vmsampling.lane")


class Lane(object):

    def __init__(self, places, clock=_clock.monotonic):
        """
        places: how many callers there may be, those that hang included.
        """
        self._places = places
        self._throttle = throttle.Throttle(interval=60.0, clock=clock)
        self._lock = threading.Lock()
        # Callers inside. Under the lock.
        self._inside = 0

    @contextlib.contextmanager
    def place(self):
        """
        Gives whether there is a place inside the with statement. Waits for
        nothing. Thread: any.
        """
        with self._lock:
            granted = self._inside < self._places
            self._inside += granted
        if not granted:
            suppressed = self._throttle.admit()
            if suppressed is not None:
                log.warning("All %d places for calls on the connection are "
                            "taken (%d times like it not logged)",
                            self._places, suppressed)
        try:
            yield granted
        finally:
            if granted:
                with self._lock:
                    self._inside -= 1
