# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What VDSM imports and only a host that is set up for VDSM has. A module that
is installed is used as it is; else one of stubs/, which does as much as
VDSM's tests ask of it; else, for the names below, one that can be imported
and has each name, and that is all.

Runs before VDSM's first statement: imports neither threading nor logging.
"""

from __future__ import absolute_import, division, print_function

import os
import sys
import types

STUBS = os.path.join(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "stubs")

# Nothing is asked of these but that they can be imported.
_EMPTY = (
    "M2Crypto",
    "augeas",
    "blivet",
    "dbus",
    "dmidecode",
    "dnf",
    "libnmstate",
    "magic",
    "mom",
    "ovirt_imageio",
    "ovirtnode",
    "parted",
    "pyinotify",
    "requests",
    "rpm",
    "rtslib",
    "seobject",
    "systemd",
    "yum",
)


def install():
    """
    Installed modules come first, on both Pythons.
    """
    sys.path.append(STUBS)
    sys.meta_path.append(_Finder())


class _Meta(type):
    """
    A class that has each name.
    """

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        value = _Thing()
        # The same one each time: some are keys.
        setattr(cls, name, value)
        return value


class _Thing(object):
    """
    A function or value in an empty module.
    """

    def __init__(self, *args, **kwargs):
        pass

    def __call__(self, *args, **kwargs):
        return _Thing()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return _Thing()

    def __iter__(self):
        return iter(())


class _Module(types.ModuleType):

    # Python looks for what is in a package along this.
    __path__ = ()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name.endswith(("Error", "Exception")):
            value = type(str(name), (Exception,), {})
        elif name[:1].isupper():
            value = _Meta(str(name), (_Thing,), {})
        else:
            value = _Thing()
        # The same one each time, as a base class or in an except clause.
        setattr(self, name, value)
        return value


class _Finder(object):

    def find_spec(self, name, path=None, target=None):
        # Python 3 asks us last.
        import importlib.machinery
        if name.split(".")[0] not in _EMPTY:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        return _Module(spec.name)

    def exec_module(self, module):
        pass

    def find_module(self, name, path=None):
        # Python 2 asks us first.
        top = name.split(".")[0]
        if top not in _EMPTY or _is_installed(top):
            return None
        return self

    def load_module(self, name):
        module = sys.modules.get(name)
        if module is None:
            module = sys.modules[name] = _Module(str(name))
            module.__loader__ = self
        return module


def _is_installed(name):
    import imp
    if name in sys.modules:
        return not isinstance(sys.modules[name], _Module)
    try:
        found = imp.find_module(name)
    except ImportError:
        return False
    if found[0]:
        found[0].close()
    return True
