# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
VDSM's pool and sampling, imported from where the user has VDSM. Nothing of
it is here.
"""

from __future__ import absolute_import, division, print_function

import importlib
import os
import sys
import types

from vmsampling import config

_TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# As the periods of the two tiers relate by default.
STORAGE_PERIODS = 4

_CONF = """\
[vars]
vm_sample_interval = {period}
[sampling]
connect = {uri}
storage_period = {storage}
"""

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

# What vdsm.virt.sampling imports in addition, and the bulk call has no use
# for. It does use the other two, and the real libvirt.
_UNUSED_BY_SAMPLING = tuple(
    name for name in _UNUSED if name not in (
        "libvirt", "vdsm.virt.sampling", "vdsm.virt.utils")) + (
    "vdsm.common.cmdutils",
    "vdsm.common.commands",
    "vdsm.common.fileutils",
    "vdsm.common.supervdsm",
    "vdsm.constants",
    "vdsm.hugepages",
    "vdsm.numa",
    "vdsm.utils",
)

# What must be more than a function when these modules are imported: parts of
# paths, to nowhere, and a base class.
_NEEDED = {
    "vdsm.constants": (("P_VDSM_LOG", ""), ("P_VDSM_RUN", "")),
    "vdsm.common.cmdutils": (("Error", Exception),),
}


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

    def __init__(self, path, unused=_UNUSED):
        # Nothing is written where VDSM is.
        sys.dont_write_bytecode = True
        sys.path.insert(0, path)
        for name in unused:
            sys.modules[name] = _Anything(name)
            for attribute, value in _NEEDED.get(name, ()):
                setattr(sys.modules[name], attribute, value)
        self.executor = self._import_executor()
        self.schedule = importlib.import_module("vdsm.schedule")
        self.periodic = importlib.import_module("vdsm.virt.periodic")
        self.time = importlib.import_module("vdsm.common.time")

    def _import_executor(self):
        return importlib.import_module("vdsm.executor")


class StandIn(Modules):
    """
    The same, with what stands in for VDSM's executor.
    """

    def _import_executor(self):
        module = _load("vdsm.executor")
        importlib.import_module("vdsm").executor = module
        return module


class Sampling(Modules):
    """
    The same, and VDSM's sampling by bulk calls. Its own settings are those
    of a default installation as far as they matter here: calls do not wait
    for a job that somebody else holds.
    """

    def __init__(self, path):
        super(Sampling, self).__init__(path, _UNUSED_BY_SAMPLING)
        self.sampling = importlib.import_module("vdsm.virt.sampling")


class SamplingByOurs(Sampling, StandIn):
    """
    The same with all that stands in, as the plugin leaves it.
    """

    def __init__(self, path, uri, period, folder):
        """
        uri, period: for ours, which takes them from vdsm.conf; such a file
            is made in the folder.
        """
        super(SamplingByOurs, self).__init__(path)
        conf = os.path.join(folder, "vdsm.conf")
        with open(conf, "w") as f:
            f.write(_CONF.format(uri=uri, period=period,
                                 storage=STORAGE_PERIODS * period))
        config.MAIN_FILE = conf
        config.DROP_IN_DIRS = ()
        ours = getattr(_load("vdsm.virt.bulkstats"), "VMBulkstatsMonitor")
        ours.builtin = self.sampling.VMBulkstatsMonitor
        self.sampling.VMBulkstatsMonitor = ours


def _load(name):
    """
    Return what stands in for the module of VDSM's with this name.
    """
    path = os.path.join(_TREE, *name.split(".")) + ".py"
    module = types.ModuleType(name)
    module.__file__ = path
    with open(path, "rb") as f:
        code = compile(f.read(), path, "exec", dont_inherit=True)
    exec(code, module.__dict__)
    sys.modules[name] = module
    return module
