# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The state of a host's network interfaces as text, and what changes of it: for
a log that tells why a host could not be reached.
"""

from __future__ import absolute_import, division, print_function

# What is told of each interface.
_TOLD = ("operstate", "speed", "duplex")


def interface(sample, older=None):
    """
    Return what a sample of an interface says, or what is new beside an older
    one, as text. It is an object with the attributes above.
    """
    return " ".join(
        "%s:%s" % (name, getattr(sample, name)) for name in _TOLD
        if older is None or getattr(sample, name) != getattr(older, name))


def host(interfaces, seen, old=None, seen_before=None):
    """
    Return the same of all interfaces, {name: sample}; "" if nothing changed.

    seen: whether the host's manager was heard of lately.
    """
    known = old or {}
    found = []
    if seen != seen_before:
        found.append("recent_client:%s" % seen)
    for name, sample in sorted(interfaces.items()):
        text = interface(sample, known.get(name))
        if text:
            is_new = old is not None and name not in known
            found.append("%s%s:(%s)" % ("new " if is_new else "", name, text))
    for name in sorted(set(known).difference(interfaces)):
        found.append("dropped %s:(%s)" % (name, interface(known[name])))
    return ", ".join(found)
