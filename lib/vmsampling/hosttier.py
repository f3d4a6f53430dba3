# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The list of the VMs, with the tier that no QEMU can make hang.

No QEMU, but libvirtd: it holds a VM's lock while it starts or ends that VM,
for seconds, and the list waits for all the locks.
"""

from __future__ import absolute_import, division, print_function

import collections
import logging

import libvirt

from threadpool import throttle
from vmsampling import connection as _connection
from vmsampling import groups
from vmsampling import hostlink

log = logging.getLogger("vmsampling.hosttier")

# What libvirt says of one active VM.
Record = collections.namedtuple("Record", "uuid number name fields")


class Host(hostlink.HostLink):

    def __init__(self, *args, **kwargs):
        """
        Arguments: as for HostLink.
        """
        super(Host, self).__init__(*args, **kwargs)
        # Called without arguments when the connection is lost. Set before
        # connect().
        self.on_lost = _ignore
        # Called with the URI that is really used, once there is a first
        # connection. Complete before connect().
        self.seers = []
        # Whether they were.
        self._told = False
        # How many of the lists of groups the driver has refused.
        self._refused = 0
        self._throttle = throttle.Throttle(interval=60.0)

    def connect(self):
        """
        Open the connection. May hang. Raises libvirtError.
        """
        super(Host, self).connect()
        if not self._told:
            try:
                uri = self.uri()
            except libvirt.libvirtError:
                self.close()
                raise
            self._told = True
            for see in self.seers:
                see(uri)

    @property
    def groups(self):
        """
        The groups that the driver takes, or None.
        """
        if self._refused == len(groups.HOST):
            return None
        return groups.HOST[self._refused]

    def ask(self):
        """
        Return (time from before the call, list of Records), or None if
        there is no answer. Connects again when the connection was lost.
        """
        for _ in range(2):
            if not self.connected and not self._reconnect():
                return None
            try:
                return self._list()
            except libvirt.libvirtError as e:
                if _connection.is_alive(self.virt):
                    self._warn("The list of VMs failed: %s" % e)
                    return None
                self._lose(e)
        return None

    def _reconnect(self):
        try:
            self.connect()
        except libvirt.libvirtError as e:
            self._warn("Cannot connect to %s: %s" % (
                self.connections.uri, e))
            return False
        # Another server may take more.
        self._refused = 0
        log.info("Connected to %s", self.connections.uri)
        return True

    def _lose(self, error):
        log.warning("Connection to %s lost: %s", self.connections.uri, error)
        self.close()
        self.on_lost()

    def _list(self):
        """
        Ask for all active VMs, with as many groups as the driver takes.
        """
        while True:
            time = self._clock()
            try:
                return time, self._ask_groups()
            except libvirt.libvirtError as e:
                if (e.get_error_code() not in groups.UNSUPPORTED or
                        self.groups is None):
                    raise
                log.debug("%s: %s", self.call, e)
                self._refused += 1

    def _ask_groups(self):
        wanted = self.groups
        if wanted is None:
            with self.saying("listAllDomains(ACTIVE)"):
                return states(self.virt)
        with self.saying(wanted.bulk_call):
            records = self.virt.getAllDomainStats(
                wanted.number, groups.ACTIVE)
        return [_record(virt_domain, fields)
                for virt_domain, fields in records]

    def occupied(self):
        """
        Return the UUIDs of the VMs in whose monitor a call hangs, whoever
        made it. Touches no monitor. Raises libvirtError.
        """
        found = []
        with self.saying("controlInfo"):
            for virt_domain in _active(self.virt):
                try:
                    state, _, milliseconds = virt_domain.controlInfo()
                except libvirt.libvirtError as e:
                    # It ended since, or the driver has no such call.
                    log.debug("controlInfo: %s", e)
                    continue
                if (state == libvirt.VIR_DOMAIN_CONTROL_OCCUPIED and
                        milliseconds > 1000 * self.late):
                    found.append(virt_domain.UUIDString())
        return found

    def _warn(self, text):
        suppressed = self._throttle.admit()
        if suppressed is not None:
            log.warning("%s (%d more not logged)", text, suppressed)


def states(virt):
    """
    Return a list of Records with no more than the states, by calls that
    libvirtd answers also when all of its workers hang. Raises libvirtError.
    """
    records = []
    for virt_domain in _active(virt):
        try:
            state, reason = virt_domain.state()
        except libvirt.libvirtError as e:
            # It ended since.
            log.debug("state: %s", e)
            continue
        records.append(_record(virt_domain, {
            "state.state": state, "state.reason": reason}))
    return records


def _active(virt):
    return virt.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE)


def _ignore():
    pass


def _record(virt_domain, fields):
    return Record(virt_domain.UUIDString(), virt_domain.ID(),
                  virt_domain.name(), fields)
