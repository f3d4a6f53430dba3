# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The state of a VM's control interface: whether a call waits in its monitor.

libvirtd answers from its own memory. So it says nothing of a QEMU that hangs
and that nobody has asked since.
"""

from __future__ import absolute_import, division, print_function

import collections

import libvirt

OK = "ok"
JOB = "job"
OCCUPIED = "occupied"
HELD = "held"

_STATES = {
    libvirt.VIR_DOMAIN_CONTROL_OK: OK,
    libvirt.VIR_DOMAIN_CONTROL_JOB: JOB,
    libvirt.VIR_DOMAIN_CONTROL_OCCUPIED: OCCUPIED,
    libvirt.VIR_DOMAIN_CONTROL_ERROR: "error",
}

# What libvirtd says of a job whose holder is not in the monitor, but waits for
# an event of the QEMU: it takes that for a fault of its own.
_JOB_IS_HELD = (
    libvirt.VIR_DOMAIN_CONTROL_ERROR,
    getattr(libvirt, "VIR_DOMAIN_CONTROL_ERROR_REASON_INTERNAL", 3))

_GONE = (libvirt.VIR_ERR_NO_DOMAIN, libvirt.VIR_ERR_OPERATION_INVALID)

# state: a word, None if the driver does not know; seconds: how long it has
# been so.
Control = collections.namedtuple("Control", "state seconds")


def read(domain):
    """
    Return the Control of a libvirt.virDomain, None if the VM is gone.
    """
    try:
        state, details, milliseconds = domain.controlInfo()
    except libvirt.libvirtError as e:
        if e.get_error_code() in _GONE:
            return None
        return Control(None, None)
    if (state, details) == _JOB_IS_HELD:
        return Control(HELD, milliseconds / 1000.0)
    return Control(_STATES.get(state, "state %d" % state),
                   milliseconds / 1000.0)
