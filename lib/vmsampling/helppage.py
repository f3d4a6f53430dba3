# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What "top" says of itself.
"""

from __future__ import absolute_import, division, print_function

from vmsampling import keys
from vmsampling import spans
from vmsampling import text

_ABOUT = (
    u"Stuck VMs are always on top: for how long, and in which call or why "
    u"they are not asked. Details say what the kernel tells of them.",
    u"AGE: seconds since the VM itself has answered; STOR: since the last "
    u"look at its images. CPU% and STEAL: 100 is one core. MEM: what the "
    u"guest has; RSS: what it takes of the host. RD/s, WR/s, RX/s, TX/s: "
    u"bytes a second, of all disks and interfaces; IOPS: requests a second.",
    u"CPU, DISK and NET are the last rounds, the newest on the right; full is "
    u"the most of those shown, at least a core, or 64K/s. \"-\" or a "
    u"gap: nothing is known.",
    u"Columns that have no room are left out; the one that is sorted by is "
    u"shown in any case.",
)

_INDENT = 24


def lines(columns, encoding="utf-8"):
    """
    Return the lines, each in at most so many columns if there are 20.
    """
    found = []
    for title, bindings in ((u"All VMs", keys.LIST),
                            (u"One VM, and this page", keys.PAGE)):
        found.append([(title, spans.TITLE)])
        for binding in bindings:
            if binding.text is not None:
                names = u"  " + u" ".join(
                    keys.shown(key) for key in binding.keys)
                found.append([
                    (text.pad(names, _INDENT), spans.STRONG),
                    (binding.text, spans.PLAIN)])
        found.append([])
    found.append([(u"What is shown", spans.TITLE)])
    for paragraph in _ABOUT:
        found.extend([(line, spans.PLAIN)] for line in spans.fold(
            u"  ", paragraph, columns, u"  "))
    return found
