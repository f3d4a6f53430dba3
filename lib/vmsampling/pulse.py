# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What a service tells its service manager: that it serves, in a line how it
goes, and, for as long as its rounds go on, that it is alive.

Who has not heard the last for as long as WatchdogSec= restarts us. libvirt
that hangs is no reason for that, since rounds go on without it; a sampler
whose own threads hang is one.
"""

from __future__ import absolute_import, division, print_function

from vmsampling import table

# Seconds between two lines for people, if nothing asks for more.
_SELDOM = 15.0

# A part of what the watchdog waits: a late thread alone must not end us.
_PARTS = 4


class Pulse(object):
    """
    Thread: the main one, which proves by it that it does not hang itself.
    """

    def __init__(self, notifier, health, snapshot):
        """
        notifier: notify.Notifier; health: exporter.Health; snapshot: called,
            returns a Sampler's.
        """
        self._notifier = notifier
        self._health = health
        self._snapshot = snapshot
        # One way.
        self._ready = False
        # Seconds until the next beat(); None: there is nobody to tell.
        self.seconds = None
        if notifier:
            self.seconds = min(
                _SELDOM, (notifier.watchdog or _SELDOM * _PARTS) / _PARTS)

    def begin(self):
        """
        Tell what start() waits for.
        """
        self._notifier.tell("STATUS=Connecting to libvirt")

    def beat(self):
        """
        Tell how it goes, once we have started, at least every so many
        seconds.
        """
        if self.seconds is None:
            return
        lines = ["STATUS=" + status(self._snapshot())]
        if not self._ready:
            lines.append("READY=1")
        # What has happened between two beats is soon enough, however short
        # the period is.
        if self._health.goes_on(2 * self.seconds):
            lines.append("WATCHDOG=1")
        # If it was not taken, the next one says it.
        self._ready |= self._notifier.tell(*lines)

    def end(self):
        self._notifier.tell("STOPPING=1")


def status(snapshot):
    """
    Return it in one line.
    """
    vms = list(snapshot["vms"].values())
    found = "no VMs"
    if vms:
        fresh = sum(1 for vm in vms if table.fresh(vm, snapshot["period"]))
        found = "%d of %d VMs fresh" % (fresh, len(vms))
    stuck = sum(1 for vm in vms if vm["stuck"])
    if stuck:
        found += ", %d stuck" % stuck
    if not snapshot["connected"]:
        found += "; libvirt does not answer"
    return found
