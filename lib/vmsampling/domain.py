# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
One VM, and what the others of this package note of it.
"""

from __future__ import absolute_import, division, print_function

from vmsampling import deadline as _deadline
from vmsampling import job as _job
from vmsampling import process as _process

# virDomainState, by number.
STATES = ("nostate", "running", "blocked", "paused", "shutdown", "shutoff",
          "crashed", "pmsuspended")

# Before all lists.
_LONG_AGO = float("-inf")

# In these there is a QEMU that can be asked. A paused VM too: one that is
# out of space is paused until somebody reads that from its statistics.
_ASKABLE = frozenset((
    "running", "blocked", "paused", "shutdown", "pmsuspended"))


class Domain(object):
    """
    A VM from its start to its end. A VM that is started again is another
    one, with the same UUID.
    """

    def __init__(self, uuid, number, name, started=_LONG_AGO,
                 process=_process.UNSEEN):
        self.uuid = uuid
        # libvirt's ID: a new one with each start.
        self.number = number
        # When an event said that it was started, if one did.
        self.started = started
        # Its QEMU, a process.Process: looked at by the VM's own task.
        self.process = process
        # What libvirt said last. The name is untrusted text.
        self.name = name
        self.state = STATES[0]
        # devices.Devices as last read, None before; set by the VM's own task.
        self.devices = None
        # What about.read() returned with these devices, never changed but
        # replaced. None: not known.
        self.about = None
        # Who holds its job.
        self.job = _job.Job()
        # The XML is to be read again. Set by anybody; unset by the VM's own
        # task before it reads, so that no change in between is overlooked.
        self.stale = True
        # When its questions are late.
        self.deadline = _deadline.Deadline()
        # Questions that failed since the last that did not; set by them.
        self.failures = 0
        # The last storage question that was dispatched, or None. While it has
        # not ended it has the VM's key.
        self.storage_question = None
        # The question under way, a question.Question: set by the question
        # itself, and there is one at most since the UUID is its key.
        self.question = None

    @property
    def askable(self):
        return self.state in _ASKABLE

    def see_state(self, fields):
        """
        Take over the state from the fields of a sample, if it is there.
        """
        number = fields.get("state.state")
        if number is not None:
            self.state = state_name(number)

    def __repr__(self):
        return "<Domain %r %s>" % (self.name, self.uuid)


def state_name(number):
    """
    Return the word for a virDomainState; for one of the future, its number.
    """
    if 0 <= number < len(STATES):
        return STATES[number]
    return "state %d" % number
