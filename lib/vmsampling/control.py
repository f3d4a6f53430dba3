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

_STATES = {
    libvirt.VIR_DOMAIN_CONTROL_OK: OK,
    libvirt.VIR_DOMAIN_CONTROL_JOB: JOB,
    libvirt.VIR_DOMAIN_CONTROL_OCCUPIED: OCCUPIED,
    libvirt.VIR_DOMAIN_CONTROL_ERROR: "error",
}

_GONE = (libvirt.VIR_ERR_NO_DOMAIN, libvirt.VIR_ERR_OPERATION_INVALID)

# state: a word, None if the driver does not know; seconds: how long it has
# been so.
Control = collections.namedtuple("Control", "state seconds")


def read(domain):
    """
    Return the Control of a libvirt.virDomain, None if the VM is gone.
    """
    try:
        state, _details, milliseconds = domain.controlInfo()
    except libvirt.libvirtError as e:
        if e.get_error_code() in _GONE:
            return None
        return Control(None, None)
    return Control(_STATES.get(state, "state %d" % state),
                   milliseconds / 1000.0)
