# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Asking libvirt about one VM: a task for the monitor pool, whose key is the
VM's UUID.
"""

from __future__ import absolute_import, division, print_function

import collections
import logging

import libvirt

from threadpool import clock as _clock
from threadpool import throttle
from vmsampling import budget
from vmsampling import connection as _connection
from vmsampling import groups
from vmsampling import process

log = logging.getLogger("vmsampling.question")

# The VM ended. No error: the next list will not have it.
GONE = frozenset((
    libvirt.VIR_ERR_NO_DOMAIN,
    libvirt.VIR_ERR_OPERATION_INVALID,
))

# After these there is nothing more to ask: the VM ended, or its job was taken
# by somebody else after our first call, and we waited for it in vain.
_FINAL = GONE | frozenset((libvirt.VIR_ERR_OPERATION_TIMEOUT,))

# A VM's first failure may be its end, which breaks calls in many ways.
_TOLERATED = 1

_failures = throttle.Throttle(interval=60.0, burst=10)


# A call of libvirt: its text, when it began, and whether it waits for the VM.
Call = collections.namedtuple("Call", "text since of_vm")


class Question(object):
    """
    Base of the questions. Knows in which libvirt call it is, so that a VM
    that hangs is reported with the call in which it does.
    """

    name = "Question"

    def __init__(self, domain, connections, history, places, done=None,
                 clock=_clock.monotonic):
        """
        places: budget.Budget, asked before the QEMU is.
        done: called with this question in the end, whatever happened.
        """
        self.domain = domain
        self.history = history
        self.clock = clock
        self._connections = connections
        self._places = places
        self._done = done
        # Seconds until it is late. Set before it is dispatched.
        self.timeout = 1.0
        # Seconds that the QEMU took to answer; None if it did not.
        self.took = None
        # The libvirt call under way, a Call: replaced by say(), read by other
        # threads. None before the first.
        self.under_way = None
        # Ask in a moment: a look at the QEMU wants a second one before, or
        # there was no place among the calls that may hang.
        self.again = False
        # libvirtd has answered at least one call for statistics.
        self.answered = False
        # Set once, by its worker.
        self.ended = False

    def __call__(self):
        # There is no other one: the UUID is this task's key.
        self.domain.question = self
        try:
            with self._connections.lend(self.say) as connection:
                self.ask(connection)
            self.domain.failures = 0
        except libvirt.libvirtError as e:
            self._failed(e)
        finally:
            self.domain.question = None
            self.ended = True
            if self._done is not None:
                self._done(self)

    def ask(self, connection):
        """
        Ask, and store the answers. Raises libvirtError.
        """
        raise NotImplementedError

    def is_late(self, grace=0.0):
        """
        Return whether a call under way waits for the VM, and since so many
        seconds more than its timeout. Thread: any.
        """
        call = self.under_way
        return call is not None and call.of_vm and (
            self.clock() - call.since >= self.timeout + grace)

    def job_held(self):
        """
        Return the text of the call that holds the VM's job since it hangs;
        None if there is none that does for sure. Thread: any.
        """
        call = self.under_way
        # A call with NOWAIT hangs only if it has the job.
        if self.is_late() and call.text.startswith(groups.STATS_CALL):
            return call.text
        return None

    def say(self, text, of_vm=False):
        """
        The libvirt call with this text comes next.

        of_vm: the call waits for the VM; if False, only for libvirtd.
        """
        self.under_way = Call(text, self.clock(), of_vm)

    def touch(self, ask, *args):
        """
        Call ask(*args), which asks the QEMU: if a look at it, the last thing
        before it is asked, does not show that it hangs, and if one more call
        may hang.
        """
        found = self.domain.process.look()
        self.again = found == process.AGAIN
        if found != process.GO:
            return
        with self._places.place(self.domain, self.timeout) as verdict:
            if verdict == budget.GRANTED:
                began = self.clock()
                ask(*args)
                self.took = self.clock() - began
            self.again = verdict == budget.BUSY

    def look_up(self, connection):
        self.say("lookupByUUIDString")
        return connection.domain(self.domain.uuid)

    def stats(self, connection, virt_domain, wanted):
        """
        Return the record of these groups, or None if the VM is gone. Empty
        if the driver does not know such questions.
        """
        self.say(wanted.call, of_vm=wanted not in groups.HOST)
        try:
            records = connection.virt.domainListGetStats(
                [virt_domain], wanted.number, groups.NOWAIT)
        except libvirt.libvirtError as e:
            if e.get_error_code() == libvirt.VIR_ERR_NO_SUPPORT:
                return {}
            raise
        self.answered = True
        return records[0][1] if records else None

    def attempt(self, connection, call, *args):
        """
        Return what a call of libvirt's says, None if it fails and nothing but
        that is missing. Raises libvirtError.
        """
        try:
            return call(*args)
        except libvirt.libvirtError as e:
            if self.is_final(e, connection):
                raise
            log.debug("%r: %s", self, e)
            return None

    def is_final(self, error, connection):
        """
        Return whether after this libvirtError there is nothing more to ask.
        """
        return (error.get_error_code() in _FINAL or
                not _connection.is_alive(connection.virt))

    def _failed(self, error):
        domain = self.domain
        domain.job.see_error(error)
        domain.failures += 1
        if error.get_error_code() in GONE or domain.failures <= _TOLERATED:
            log.debug("%r: %s", self, error)
            return
        suppressed = _failures.admit()
        if suppressed is not None:
            log.warning("%r failed %d times: %s (%d like it not logged)",
                        self, domain.failures, error, suppressed)

    def __repr__(self):
        return "<%s vm=%r uuid=%s call=%s>" % (
            self.name, self.domain.name, self.domain.uuid,
            self.under_way and self.under_way.text)
