# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What libvirtd itself knows of a VM in which a question of ours hangs.

While that question holds the VM's job, another one with NOWAIT comes back at
once, with the CPU times of the VM and of its virtual CPUs, for which nobody
needs the monitor. Without a holder the same question would be the one that
hangs. So it is asked only when libvirtd says that there is a holder, which it
does without touching the monitor.
"""

from __future__ import absolute_import, division, print_function

import logging

import libvirt

from vmsampling import groups
from vmsampling import history as _history
from vmsampling import question

log = logging.getLogger("vmsampling.partial")

# States in which somebody holds the job.
_HELD = (libvirt.VIR_DOMAIN_CONTROL_JOB, libvirt.VIR_DOMAIN_CONTROL_OCCUPIED)


class Partial(question.Question):
    """
    The question. It is not the domain's, which is the one that hangs, and no
    round waits for it.
    """

    name = "Partial"

    def __call__(self):
        try:
            with self._connections.lend(self.say) as connection:
                self.ask(connection)
        except libvirt.libvirtError as e:
            log.debug("%r: %s", self, e)

    def ask(self, connection):
        virt_domain = self.look_up(connection)
        self.say("controlInfo")
        state = virt_domain.controlInfo()[0]
        if state not in _HELD:
            return
        time = self.clock()
        fields = self.stats(connection, virt_domain, groups.MONITOR)
        if fields:
            self.history.put(self.domain, _history.PARTIAL, time, fields)


class Partials(object):
    """
    Has those VMs asked that hang.
    """

    def __init__(self, monitors, connections, history, clock):
        """
        monitors: admission.Admission to the pool.
        """
        self._monitors = monitors
        self._connections = connections
        self._history = history
        self._clock = clock

    def ask(self, domain):
        """
        Dispatch the question if the VM's own one hangs in the VM. Never
        blocks. Thread: any.
        """
        asked = domain.question
        if asked is not None and asked.is_late():
            # It takes no place of the budget, as it does not hang.
            self._monitors.dispatch(
                Partial(domain, self._connections, self._history,
                        places=None, clock=self._clock),
                key=(domain.uuid, "partial"))
