# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
libvirtd's own figures: its workers and clients, now and then.

Its pool of workers is what all that hangs eats up, so its state says before
the others how long it will go on. Only the admin socket tells, which mostly
only root may ask, and virt-admin asks there: a process each time, so it is
run seldom, and where it is of no use hardly ever.
"""

from __future__ import absolute_import, division, print_function

import logging

from threadpool import clock as _clock
from vmsampling import admin

log = logging.getLogger("vmsampling.serverfigures")

KEY = "server"

# Seconds until another thread does what comes next for the host.
_LATE = 0.05

# Seconds between two questions, the same where none was ever answered, and
# until virt-admin is killed: before it counts as stuck.
INTERVAL = 30.0
RELUCTANCE = 600.0
TIMEOUT = 1.5

# Nobody looks at figures that are older than this.
_MAX_AGE = 3 * INTERVAL


class Figures(object):
    """
    Asks for them: a task.
    """

    def __init__(self, hosts, clock=_clock.monotonic):
        """
        hosts: admission.Admission to the pool for what concerns all VMs.
        """
        self._hosts = hosts
        self._clock = clock
        # None while there is nobody to ask. Set by see().
        self._place = None
        # When to ask again; set by the task.
        self._due = clock()
        # (time, figures) of the last answer; None before. Replaced by the
        # task.
        self._last = None

    def see(self, uri):
        """
        This is the URI that we are connected to.
        """
        self._place = admin.find(uri)

    def send(self):
        """
        Dispatch it if it is time. Never blocks. Thread: any.
        """
        if self._place is not None and self._clock() >= self._due:
            self._hosts.dispatch(self, key=KEY, timeout=_LATE)

    def __call__(self):
        time = self._clock()
        answer = admin.ask(self._place, TIMEOUT)
        if answer.limits:
            self._last = time, answer.limits
        else:
            log.debug("No figures of %s: %s", self._place.daemon,
                      answer.refusal)
        # Where it has answered, it hangs now, or is started again.
        self._due = time + (RELUCTANCE if self._last is None else INTERVAL)

    def describe(self):
        """
        Return the figures by virt-admin's names and their age in seconds, as
        plain data; None if there are none. Thread: any.
        """
        if self._last is None:
            return None
        time, limits = self._last
        age = self._clock() - time
        if age > _MAX_AGE:
            return None
        return dict(limits, age=age)

    def __repr__(self):
        return "<serverfigures.Figures>"
