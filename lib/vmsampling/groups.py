# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
libvirt's groups of statistics, by what can make a call for them hang.

A call that asks for several groups waits for all that any of them waits for:
groups of different tiers are never asked together.
"""

from __future__ import absolute_import, division, print_function

import libvirt

# The driver whose groups we know. Of others we ask each VM one thing at a
# time, as far as their groups bring nothing.
RICH_DRIVER = "QEMU"

# Without this a call waits 30 seconds for a job that somebody else holds. It
# does not protect the first caller who touches a QEMU that hangs.
NOWAIT = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT

# The call with which one VM is asked for groups.
STATS_CALL = "domainListGetStats"

ACTIVE = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE


class Groups(object):
    """
    Some groups: the number for libvirt, and the calls as text for people.
    The binding has no number for those that are missing.
    """

    def __init__(self, names):
        # A binding that is older than a group does not have its number.
        known = [name for name in names.split()
                 if hasattr(libvirt, "VIR_DOMAIN_STATS_" + name)]
        self.missing = [name for name in names.split() if name not in known]
        self.number = 0
        for name in known:
            self.number |= getattr(libvirt, "VIR_DOMAIN_STATS_" + name)
        self.text = "|".join(known)
        self.call = "%s(%s, NOWAIT)" % (STATS_CALL, self.text)
        self.bulk_call = "getAllDomainStats(%s, ACTIVE)" % self.text


# Only libvirtd answers; the shorter lists are for drivers that refuse more.
HOST = (
    Groups("STATE INTERFACE PERF MEMORY"),
    Groups("STATE INTERFACE"),
    Groups("STATE"),
)

# The QEMU answers on its monitor.
MONITOR = Groups("BALLOON VCPU CPU_TOTAL")

# So it does for these. VM has counters of KVM; those of the virtual CPUs come
# with VCPU.
DETAIL = Groups("IOTHREAD DIRTYRATE VM")

# The QEMU looks at the images of its disks, from its main thread: if the
# storage does not answer, it is this question that freezes the VM.
STORAGE = Groups("BLOCK")

# The driver, the library in between, or the server is too old, or too simple.
UNSUPPORTED = frozenset((
    libvirt.VIR_ERR_INVALID_ARG,
    libvirt.VIR_ERR_NO_SUPPORT,
    libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED,
    libvirt.VIR_ERR_CONFIG_UNSUPPORTED,
    libvirt.VIR_ERR_OPERATION_UNSUPPORTED,
))


def is_complete(record):
    """
    False if libvirtd found the QEMU busy with something else and gave what
    it knows itself: nothing else tells.

    libvirt takes the memory of the QEMU's process last, after the monitor
    has answered; 0 is the memory of a process that ended meanwhile.
    """
    return record.get("balloon.rss", 0) > 0


def is_storage_complete(record):
    """
    As is_complete(), for the STORAGE groups.
    """
    return (record.get("block.count") == 0 or
            any(name.endswith(".capacity") for name in record))
