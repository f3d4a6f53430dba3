# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The VMs that there are, by UUID. libvirt's list is the truth.
"""

from __future__ import absolute_import, division, print_function

import logging
import threading

from threadpool import clock as _clock
from vmsampling import domain as _domain
from vmsampling import process

log = logging.getLogger("vmsampling.registry")

# Before all lists.
_LONG_AGO = float("-inf")


class Registry(object):
    """
    Knows the VMs from lists and events; what an event says that comes after
    a list was asked for is newer than the list. The history follows.
    """

    def __init__(self, history, clock=_clock.monotonic, sight=None):
        """
        sight: process.Sight of the VMs' processes, None: one of its own.
        """
        self._history = history
        self._clock = clock
        self._sight = sight or process.Sight(clock)
        # Held while anything below changes, and while the history follows.
        self._lock = threading.Lock()
        # uuid -> Domain, never changed but replaced, so that readers need
        # no lock.
        self._domains = {}
        # (uuid, number) -> when an event said that it ended.
        self._ended = {}
        # When the last list was asked for that was taken over.
        self._listed = _LONG_AGO

    def see(self, uri):
        """
        The VMs are those of this URI.
        """
        self._sight.see(uri)

    def update(self, time, records):
        """
        Take over a list of the active VMs that was asked for at this time:
        (uuid, number, name, fields of the sample) each. It is ignored if it
        is older than one that came before.
        """
        with self._lock:
            if time < self._listed:
                return
            self._listed = time
            old = self._domains
            new = dict((uuid, domain) for uuid, domain in old.items()
                       if domain.started > time)
            for uuid, number, name, fields in records:
                # A VM that ends while the list is made is in it without an
                # ID.
                if (uuid in new or number < 0 or
                        self._ended.get((uuid, number), time) > time):
                    continue
                domain = old.get(uuid)
                if domain is None or domain.number != number:
                    domain = _domain.Domain(
                        uuid, number, name,
                        process=self._sight.process(name))
                domain.name = name
                domain.see_state(fields)
                new[uuid] = domain
            self._ended = dict((key, ended) for key, ended in
                               self._ended.items() if ended > time)
            self._replace(new)
        _log_changes(old, new)

    def start(self, uuid, number, name):
        """
        An event says that this VM was started.
        """
        with self._lock:
            old = self._domains
            if uuid in old and old[uuid].number == number:
                return
            domain = _domain.Domain(uuid, number, name, self._clock(),
                                    self._sight.process(name))
            domain.state = "running"
            new = dict(old)
            new[uuid] = domain
            self._replace(new)
        _log_changes(old, new)

    def end(self, uuid):
        """
        An event says that this VM ended.
        """
        with self._lock:
            old = self._domains
            if uuid not in old:
                return
            new = dict(old)
            self._ended[uuid, new.pop(uuid).number] = self._clock()
            self._replace(new)
        _log_changes(old, new)

    def all(self):
        return list(self._domains.values())

    def askable(self):
        """
        Return the domains that have a QEMU which can be asked.
        """
        return [domain for domain in self.all() if domain.askable]

    def get(self, uuid):
        """
        Return the Domain, or None.
        """
        return self._domains.get(uuid)

    def expire_devices(self):
        """
        Have all XML read again: we may have missed that it changed.
        """
        for domain in self.all():
            domain.stale = True

    def _replace(self, domains):
        self._domains = domains
        self._history.retain(domains.values())


def _log_changes(old, new):
    if not old:
        if new:
            log.info("%d VMs", len(new))
        return
    for uuid, domain in new.items():
        if domain is not old.get(uuid):
            log.info("VM appeared: name=%r uuid=%s", domain.name, uuid)
    for uuid in set(old).difference(new):
        log.info("VM gone: name=%r uuid=%s", old[uuid].name, uuid)
