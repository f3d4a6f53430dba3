# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
VDSM's pool, imported from where the user has VDSM. Nothing of it is here.
"""

from __future__ import absolute_import, division, print_function

import importlib
import sys
import types

# What vdsm.virt.periodic imports and its Operation has no use for. Most of it
# needs a host that is set up for VDSM, or modules that VDSM's build makes.
_UNUSED = (
    "libvirt",
    "vdsm.common.libvirtconnection",
    "vdsm.config",
    "vdsm.host",
    "vdsm.virt.externaldata",
    "vdsm.virt.migration",
    "vdsm.virt.recovery",
    "vdsm.virt.sampling",
    "vdsm.virt.utils",
    "vdsm.virt.virdomain",
    "vdsm.virt.vmstatus",
)


class _Anything(types.ModuleType):
    """
    A module that has each name, a function that returns 1.
    """

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return _Anything(name)

    def __call__(self, *args, **kwargs):
        return 1


class Modules(object):
    """
    The modules that are measured. Raises ImportError.
    """

    def __init__(self, path):
        # Nothing is written where VDSM is.
        sys.dont_write_bytecode = True
        sys.path.insert(0, path)
        for name in _UNUSED:
            sys.modules[name] = _Anything(name)
        self.executor = importlib.import_module("vdsm.executor")
        self.schedule = importlib.import_module("vdsm.schedule")
        self.periodic = importlib.import_module("vdsm.virt.periodic")
        self.time = importlib.import_module("vdsm.common.time")
