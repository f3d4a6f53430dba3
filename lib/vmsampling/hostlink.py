# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The host connection with its events.
"""

from __future__ import absolute_import, division, print_function

import contextlib
import logging

import libvirt

from threadpool import clock as _clock
from vmsampling import connection as _connection

log = logging.getLogger("vmsampling.hostlink")

# After these a VM's XML may say something else.
_DEVICE_EVENTS = (
    "DEVICE_ADDED", "DEVICE_REMOVED", "DISK_CHANGE", "BLOCK_JOB", "TUNABLE",
    "METADATA_CHANGE",
)

# All that are asked for.
EVENTS = ("LIFECYCLE",) + _DEVICE_EVENTS


class HostLink(object):
    """
    Used by one thread at a time: first by who starts the sampler, then by
    the host's task. What says otherwise is for all.
    """

    def __init__(self, connections, late=1.0, clock=_clock.monotonic):
        """
        late: seconds after which a call is late.
        """
        self.late = late
        # The changes.Changes, told of events. Set before connect().
        self.listener = None
        # For other threads: text of the last call, and when the one that is
        # under way began, or None.
        self.call = None
        self._since = None
        self.connections = connections
        self._clock = clock
        # None while there is none. Read by other threads.
        self._connection = None
        self._callbacks = []

    @property
    def connected(self):
        """
        Thread: any.
        """
        return self._connection is not None

    @property
    def virt(self):
        """
        The libvirt.virConnect.
        """
        return self._connection.virt

    def remaining(self):
        """
        Return seconds until the call under way is late; 0 without one.
        Thread: any.
        """
        since = self._since
        if since is None:
            return 0.0
        return max(since + self.late - self._clock(), 0.0)

    def is_late(self):
        """
        Return whether a call is under way that is late. Thread: any.
        """
        return self._since is not None and not self.remaining()

    def connect(self):
        """
        Open the connection. May hang. Raises libvirtError.
        """
        with self.saying("open(%s)" % self.connections.uri):
            connection = self.connections.open(keepalive=True)
            try:
                self._callbacks = self._register(connection.virt)
            except libvirt.libvirtError:
                connection.close()
                raise
            self._connection = connection

    def uri(self):
        """
        Return the URI that is really used, not an alias of it.
        """
        return self.virt.getURI()

    def close(self):
        """
        Close the connection; idempotent. May hang if the server does.
        """
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with self.saying("close"):
            for callback in self._callbacks:
                # Each of them holds the connection open.
                try:
                    connection.virt.domainEventDeregisterAny(callback)
                except libvirt.libvirtError as e:
                    log.debug("deregistering: %s", e)
            self._callbacks = []
            connection.close()

    @contextlib.contextmanager
    def saying(self, call):
        """
        The libvirt call with this text is under way.
        """
        self.call = call
        self._since = self._clock()
        try:
            yield
        finally:
            self._since = None

    def _register(self, virt):
        """
        Ask for the events that the driver and the binding know.
        """
        wanted = [("LIFECYCLE", self._lifecycle)]
        wanted += [(name, self._device) for name in _DEVICE_EVENTS]
        callbacks = []
        for name, callback in wanted:
            number = getattr(libvirt, "VIR_DOMAIN_EVENT_ID_" + name, None)
            if number is None:
                continue
            try:
                callbacks.append(virt.domainEventRegisterAny(
                    None, number, callback, None))
            except libvirt.libvirtError as e:
                if not _connection.is_alive(virt):
                    raise
                log.debug("no events %s: %s", name, e)
        return callbacks

    def _lifecycle(self, _virt, virt_domain, event, *_args):
        self.listener.lifecycle(event, virt_domain.UUIDString(),
                                virt_domain.ID(), virt_domain.name())

    def _device(self, _virt, virt_domain, *_args):
        self.listener.device_changed(virt_domain.UUIDString())
