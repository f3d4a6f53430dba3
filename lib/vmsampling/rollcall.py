# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Which VMs there are and in which state, asked by calls that libvirtd answers
also when all of its workers hang: it has some more for calls that never touch
a QEMU. Those for statistics are not among them, not even for the host tier.
"""

from __future__ import absolute_import, division, print_function

import logging

import libvirt

from vmsampling import hosttier

log = logging.getLogger("vmsampling.rollcall")


class RollCall(object):
    """
    A task for the hosts pool, sent when the list is late.
    """

    def __init__(self, connections, clock, answered):
        """
        answered: called with (time from before the call, list of
            hosttier.Record), on the worker.
        """
        self._connections = connections
        self._clock = clock
        self._answered = answered
        # The libvirt call under way, as text.
        self._call = None

    def __call__(self):
        try:
            with self._connections.lend(self._say) as connection:
                time = self._clock()
                self._say("listAllDomains(ACTIVE)")
                records = hosttier.states(connection.virt)
        except libvirt.libvirtError as e:
            log.debug("%r: %s", self, e)
            return
        self._answered(time, records)

    def _say(self, call):
        self._call = call

    def __repr__(self):
        return "<RollCall call=%s>" % self._call
