# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What events say of the VMs, ahead of the next list.
"""

from __future__ import absolute_import, division, print_function

import threading

import libvirt

from vmsampling import admission

# Seconds from an event to the look at the list: a VM's start or end brings
# several events.
_SETTLE = 0.05

# And so many times what a look takes: with thousands of VMs some of which come
# and go all the time, not more than a tenth of it is spent on lists.
_REST = 10


class Changes(object):
    """
    Listens to the host connection. Thread: the event loop's, so nothing here
    may block.
    """

    def __init__(self, registry, scheduler, look, cost):
        """
        look: called without arguments to have the list asked for; it must
            not block.
        cost: called without arguments, returns seconds that the last list
            took.
        """
        self._registry = registry
        self._scheduler = scheduler
        self._look = look
        self._cost = cost
        self._lock = threading.Lock()
        # A look at the list is scheduled. Under the lock.
        self._scheduled = False

    def lifecycle(self, event, uuid, number, name):
        """
        A VM is in another state, see virDomainEventType.
        """
        if event == libvirt.VIR_DOMAIN_EVENT_STARTED and number > 0:
            self._registry.start(uuid, number, name)
        elif event == libvirt.VIR_DOMAIN_EVENT_STOPPED:
            self._registry.end(uuid)
        with self._lock:
            if self._scheduled:
                return
            self._scheduled = True
        admission.later(self._scheduler, _SETTLE + _REST * self._cost(),
                        self._settled)

    def device_changed(self, uuid):
        """
        A VM has other devices now.
        """
        domain = self._registry.get(uuid)
        if domain is not None:
            domain.stale = True

    def _settled(self):
        with self._lock:
            self._scheduled = False
        # If the list is being asked for, the next round comes.
        self._look()
