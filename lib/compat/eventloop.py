# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Who runs libvirt's event loop in this process: a process has one only.
"""

from __future__ import absolute_import, division, print_function

import sys

# VDSM's modules that do, and how they name what runs it.
_MODULES = ("vdsm.common.libvirtconnection", "vdsm.libvirtconnection")
_NAME = "__event_loop"


def is_foreign():
    """
    Return whether VDSM runs it, so that nobody else may.
    """
    loops = [getattr(sys.modules.get(name), _NAME, None) for name in _MODULES]
    return any(getattr(loop, "run", False) for loop in loops)
