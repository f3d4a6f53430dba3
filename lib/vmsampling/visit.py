# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Doing something with a VM that may hang, right after the VM has answered a
question of ours.

A visit is a task whose key is the VM. It asks the QEMU something small on a
connection of ours: if that hangs, it is our connection and our thread that
hang with it. If it answers, the visit goes on and does what it came for,
wherever that may hang.
"""

from __future__ import absolute_import, division, print_function

import libvirt

from vmsampling import groups
from vmsampling import history as _history
from vmsampling import monitortier
from vmsampling import process as _process

# What a probe finds out. The VM has answered; it must be left alone; nothing
# can be found out about it.
ANSWERED = "answered"
HELD = "held"
UNKNOWN = "unknown"

# Seconds for which an answer is good for what else is to be done.
RECENT = 0.2

# The job of the VM is held for 30 seconds or more: an answer of libvirtd, but
# none of the QEMU.
_BUSY = frozenset((libvirt.VIR_ERR_OPERATION_TIMEOUT,))


class Probe(monitortier.Monitor):
    """
    The question. What is to be done when it is answered counts as a part of
    it, since that may hang as well.
    """

    name = "Probe"

    def __init__(self, domain, sight, then, *args, **kwargs):
        """
        then: called with the time from before the question, when it is
            answered.
        The other arguments: as for Question.
        """
        super(Probe, self).__init__(domain, None, *args, **kwargs)
        self._sight = sight
        self._then = then
        self.verdict = UNKNOWN
        # Why it is unknown, a libvirtError; None: the VM is not there.
        self.error = None
        # Whether there was a connection.
        self.connected = False
        # libvirtd has answered in the place of the QEMU.
        self._is_partial = False

    def ask(self, connection):
        self.connected = True
        virt_domain = self.look_up(connection)
        if self.domain.process is _process.UNSEEN:
            self.domain.name = virt_domain.name()
            self.domain.process = self._sight.process(self.domain.name)
        self.verdict = HELD
        self.touch(self._ask_monitor, connection, virt_domain)
        # Somebody holds its job: in a moment he may not.
        self.again = self.again or self._is_partial

    def _ask_monitor(self, connection, virt_domain):
        time = self.clock()
        last = self.history.last(self.domain, _history.MONITOR)
        if last is not None and time - last.time < RECENT:
            self._go_on(last.time)
            return
        fields = self.stats(connection, virt_domain, groups.MONITOR)
        if fields is None:
            # It has ended.
            self.verdict = UNKNOWN
            return
        rich = connection.driver == groups.RICH_DRIVER
        if rich and not groups.is_complete(fields):
            self._is_partial = True
            return
        self.read_devices(virt_domain)
        self.history.put(self.domain, _history.MONITOR, time, fields)
        self._go_on(time)

    def _go_on(self, time):
        self.verdict = ANSWERED
        self.say("what it was asked for", of_vm=True)
        self._then(time)

    def _failed(self, error):
        super(Probe, self)._failed(error)
        self.error = error
        # What it was to be asked for raises no such errors.
        if error.get_error_code() not in _BUSY:
            self.verdict = UNKNOWN


class Visit(object):
    """
    A task. Its repr is what reports call it.
    """

    def __init__(self, domain, guard, work, done):
        """
        domain: domain.Domain, or None: there is nobody to ask.
        guard: what it needs to ask, a guard.Guard.
        work: its answered() is called with the time from before the
            question, or with that of now if nobody can be asked; then it is
            called itself, if there is a place; its poke is as for
            Lane.place(). Its repr is for reports.
        done: called with this visit in the end, whatever happened.
        """
        self.domain = domain
        self._guard = guard
        self._work = work
        self._done = done
        # See ANSWERED and the others.
        self.verdict = UNKNOWN
        # Come again in a moment.
        self.again = False
        # The Probe under way, or the last one.
        self._probe = None

    def __call__(self):
        try:
            if self.domain is not None and self._guard.reachable():
                self._ask()
            if self.verdict == UNKNOWN:
                self._perform(self._guard.clock())
        finally:
            self._done(self)

    def _ask(self):
        probe = self._probe = self._guard.probe(self.domain, self._perform)
        probe()
        self.verdict = probe.verdict
        self.again = self.again or probe.again
        self._guard.learn(probe)

    def _perform(self, time):
        self._work.answered(time)
        with self._guard.place(self._work.poke) as granted:
            if granted:
                self._work()
            else:
                self.again = True

    def __repr__(self):
        call = self._probe and self._probe.under_way
        return "<Visit %r work=%r call=%s>" % (
            self.domain, self._work, call and call.text)
