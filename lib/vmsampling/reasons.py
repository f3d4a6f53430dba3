# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Why a VM is in its state, in virsh's words.
"""

from __future__ import absolute_import, division, print_function

import six

# virDomainState -> the words for its virDomain*Reason, by number. libvirt
# says 0 where it does not know.
_WORDS = {
    1: ("booted", "migrated", "restored", "from snapshot", "unpaused",
        "migration canceled", "save canceled", "wakeup", "crashed",
        "post-copy", "post-copy failed"),
    3: ("user", "migration", "save", "dump", "I/O error", "watchdog",
        "from snapshot", "shutting down", "snapshot", "crashed",
        "starting up", "post-copy", "post-copy failed", "api error"),
    4: ("user",),
    5: ("shutdown", "destroyed", "crashed", "migrated", "saved", "failed",
        "from snapshot", "daemon"),
    6: ("panicked",),
}


def word(fields):
    """
    Return the word for state.reason in the fields of a sample; for one of the
    future, its number; None if it is not known.
    """
    number = fields.get("state.reason")
    state = fields.get("state.state")
    if not number or not all(isinstance(value, six.integer_types)
                             for value in (number, state)):
        # In a file there may be anything.
        return None
    words = _WORDS.get(state, ())
    if 0 < number <= len(words):
        return words[number - 1]
    return "reason %d" % number
