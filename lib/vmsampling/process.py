# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Looking at a QEMU before it is asked.

A question to a QEMU that hangs costs a thread here and one of libvirtd's
workers, until it goes on. /proc often tells that it hangs, at the price of a
few reads that nothing can delay:

    process = sight.process("vm1")
    if process.look() == GO:
        ... ask the VM ...

Where /proc does not tell, for lack of permission or since the VM runs on
another host, each look says GO, and the pool deals with what hangs.
"""

from __future__ import absolute_import, division, print_function

import collections

from threadpool import clock as _clock
from vmsampling import qemu

# What to do after a look: ask; look again after qemu.LOOKS_APART; do not ask.
GO = "go"
AGAIN = "again"
HOLD = "hold"

# since: time of the first look that found it so; looked: of the last one.
# kernel: what /proc says, see evidence.kernel(); why: the same in words.
Held = collections.namedtuple("Held", "since looked why kernel")

_First = collections.namedtuple("_First", "time kernel")


class Sight(object):
    """
    What can be seen of the VMs of one libvirt.
    """

    def __init__(self, clock=_clock.monotonic, proc="/proc"):
        self.clock = clock
        self._proc = proc
        # False: do not look, and let each look say GO. The processes are
        # found all the same. Set before see().
        self.enabled = True
        # None while there is nothing to see. Set by see(), read by any
        # thread.
        self._finder = None

    def see(self, uri):
        """
        This is the URI that we are connected to.
        """
        finder = qemu.Finder(uri, proc=self._proc)
        if finder.local:
            self._finder = finder

    def process(self, name):
        """
        Return the Process of a VM.
        """
        return Process(name, self)

    def find(self, name):
        """
        Return the PID of the VM's QEMU, or None.
        """
        finder = self._finder
        return finder and finder.pid_from_file(name)

    def job_stamp(self, name):
        """
        See qemu.Finder.holder_stamp().
        """
        finder = self._finder
        return finder and finder.holder_stamp(name)

    def job(self, name):
        """
        Return the long job of a VM as words, or None.
        """
        finder = self._finder
        return finder and finder.holder(name)

    def kernel(self, pid):
        """
        Return what the kernel says of it; empty if it says nothing.
        """
        return qemu.glance(pid, self._proc) if self.enabled else {}


class Process(object):
    """
    The QEMU of one VM from its start to its end. Thread: that of the VM's
    task, but for held.
    """

    def __init__(self, name, sight):
        self._name = name
        self._sight = sight
        # None until it is found.
        self._pid = None
        # The look before, if it found what a second one may find too.
        self._first = None
        # A Held while looks say HOLD, else None. Read by any thread.
        self.held = None
        # The last look has seen it wait for events, or run. False is not
        # the contrary: there may be nothing to see.
        self.well = False

    def look(self):
        """
        Return GO, AGAIN or HOLD.
        """
        kernel = self._kernel()
        now = self._sight.clock()
        self.well = qemu.is_well(kernel)
        why = qemu.why_stuck(kernel, kernel)
        first = self._first
        if why is None:
            self._first = self.held = None
            return GO
        if first is None:
            first = self._first = _First(now, kernel)
        # A QEMU that is stopped does nothing until it is continued. In all
        # other states a QEMU that is well can be for a moment.
        if not kernel["stopped"]:
            if now - first.time < qemu.LOOKS_APART:
                return AGAIN
            if qemu.why_stuck(first.kernel, kernel) is None:
                # It moves, however slowly.
                self._first = self.held = None
                return GO
        self.held = Held(first.time, now, why, kernel)
        return HOLD

    def _kernel(self):
        if self._pid is None:
            self._pid = self._sight.find(self._name)
        return self._sight.kernel(self._pid) if self._pid else {}


class _Unseen(object):
    """
    A process of which nothing is to be seen.
    """

    held = None
    well = False

    def look(self):
        return GO


UNSEEN = _Unseen()
