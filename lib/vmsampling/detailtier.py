# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What the QEMU says on its monitor besides, and what changes seldom or is
wanted seldom: asked for once in a storage period only, since together it costs
half as much as all of the monitor tier.

libvirt gives no field at all if one of the groups of a call fails, as IOTHREAD
and DIRTYRATE may with some VMs: then each is asked for by itself.
"""

from __future__ import absolute_import, division, print_function

import zlib

from vmsampling import groups
from vmsampling import history as _history


class Details(object):
    """
    When a VM's turn is, and what it is asked. Thread: that of the VM's task.
    """

    def __init__(self, period, history):
        """
        period: seconds between two turns of a VM.
        """
        self._period = period
        self._history = history
        self._all = groups.DETAIL
        # Not those that the binding does not know: without a number they
        # would be all groups that there are.
        self._each = [groups.Groups(name) for name in self._all.text.split("|")
                      if name]

    def are_due(self, domain):
        """
        Return whether it is the VM's turn.

        VMs have turns at different times, so that they do not all make the
        same round longer; and none before its second answer, since many
        VMs may be waiting for their first one.
        """
        if self._history.last(domain, _history.MONITOR) is None:
            return False
        last = self._history.last(domain, _history.DETAIL)
        return last is None or (
            self._turn(domain, last.time) <
            self._turn(domain, self._history.clock()))

    def ask(self, domain, ask):
        """
        Ask, and store the answers.

        ask: called with a groups.Groups, returns the fields; None if there
            are none.
        """
        time = self._history.clock()
        fields = ask(self._all) if self._each else {}
        if fields is None:
            fields = {}
            for wanted in self._each:
                fields.update(ask(wanted) or {})
        elif not fields and self._has_some(domain):
            # Somebody has taken the VM's job since its last answer. It is
            # still due.
            return
        self._history.put(domain, _history.DETAIL, time, fields)

    def _has_some(self, domain):
        last = self._history.last(domain, _history.DETAIL)
        return last is not None and bool(last.fields)

    def _turn(self, domain, time):
        phase = zlib.crc32(domain.uuid.encode("utf-8")) % 1024 / 1024
        return int(time / self._period + phase)
