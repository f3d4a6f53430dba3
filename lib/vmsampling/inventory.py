# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What libvirt says of itself and of its storage pools.

The sizes of a pool are what libvirtd has noted of it, but while it refreshes
the pool, it holds the pool's lock: for as long as the storage hangs, and the
list of pools waits for that as well. So this is a task of its own, which holds
up nobody, and one that hangs is not sent again until it comes back.
"""

from __future__ import absolute_import, division, print_function

import logging

import libvirt

from threadpool import clock as _clock

log = logging.getLogger("vmsampling.inventory")

_KEY = "inventory"

# Seconds until another thread does what comes next for the host.
_TIMEOUT = 0.05

# No more of them are told of.
MAX_POOLS = 256

# virStoragePoolState, by number.
STATES = ("inactive", "building", "running", "degraded", "inaccessible")

# In these the sizes mean something.
_KNOWN = ("running", "degraded")

_SIZES = ("capacity", "allocation", "available")


class Inventory(object):
    """
    The task. Thread: one worker at a time, but for what says otherwise.
    """

    def __init__(self, connections, hosts, round_period, period,
                 clock=_clock.monotonic):
        """
        hosts: admission.Admission to the pool for what concerns the host.
        round_period: seconds between two calls of send().
        period: seconds between two questions.
        """
        self._connections = connections
        self._hosts = hosts
        # At a round that comes a little early it is due all the same.
        self._period = period - round_period / 2
        # Seconds after which a call has taken too long.
        self._late = hosts.timeout
        self._clock = clock
        # When it was last sent. None: never.
        self._sent = None
        # All below are replaced, never changed in place; read by others.
        # The call under way as (text, name of the pool or None, since), None
        # without one.
        self._under_way = None
        # Name of each pool -> (time from before the question, what it is).
        # None before the first list.
        self._pools = None
        # Words -> texts; None before the first answer.
        self._versions = None

    def send(self):
        """
        Dispatch it if it is due. Never blocks. Thread: the scheduler's.
        """
        now = self._clock()
        if self._sent is None or now - self._sent > self._period:
            if self._hosts.dispatch(self, key=_KEY, timeout=_TIMEOUT):
                self._sent = now

    def describe(self):
        """
        Return {"pools": ..., "versions": ...} as plain data, None for what is
        not known. Thread: any.
        """
        pools, call, now = self._pools, self._under_way, self._clock()
        late = call is not None and now - call[2] > self._late
        return {
            "pools": None if pools is None else dict(
                (name, dict(found, age=now - time, timed_out=late and
                            call[1] in (name, None)))
                for name, (time, found) in pools.items()),
            "versions": self._versions,
        }

    def __call__(self):
        try:
            with self._connections.lend(self._say) as connection:
                self._ask_pools(connection.virt)
                self._ask_versions(connection)
        except libvirt.libvirtError as e:
            log.debug("%r: %s", self, e)
        finally:
            self._under_way = None

    def _ask_pools(self, virt):
        self._say("listAllStoragePools")
        try:
            listed = virt.listAllStoragePools(0)[:MAX_POOLS]
        except libvirt.libvirtError as e:
            if e.get_error_code() != libvirt.VIR_ERR_NO_SUPPORT:
                raise
            return
        old = self._pools or {}
        # Those of before are shown until they are asked.
        self._pools = dict((pool.name(), old.get(pool.name()))
                           for pool in listed if pool.name() in old)
        for pool in listed:
            self._ask_pool(pool)

    def _ask_pool(self, pool):
        name, time = pool.name(), self._clock()
        self._say("storagePoolGetInfo(%s)" % name, name)
        try:
            info = pool.info()
        except libvirt.libvirtError as e:
            # It is gone, or has no backend here.
            log.debug("%r: %s", self, e)
            return
        found = {"state": _state(info[0])}
        if found["state"] in _KNOWN:
            found.update(zip(_SIZES, info[1:]))
        pools = dict(self._pools)
        pools[name] = time, found
        self._pools = pools

    def _ask_versions(self, connection):
        self._say("versions")
        found = {"library": _version(libvirt.getVersion()),
                 "driver": connection.driver,
                 "daemon": _version(connection.virt.getLibVersion())}
        try:
            found["hypervisor"] = _version(connection.virt.getVersion())
        except libvirt.libvirtError as e:
            log.debug("%r: %s", self, e)
        self._versions = found

    def _say(self, call, name=None):
        self._under_way = call, name, self._clock()

    def __repr__(self):
        call = self._under_way
        return "<Inventory call=%s>" % (call and call[0])


def _state(number):
    return STATES[number] if 0 <= number < len(STATES) else (
        "state %d" % number)


def _version(number):
    return "%d.%d.%d" % (
        number // 1000000, number // 1000 % 1000, number % 1000)
