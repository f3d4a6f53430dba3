# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Loading what stands in for VDSM's modules, under the names that they have
there.
"""

from __future__ import absolute_import, division, print_function

import os
import types

# Python 2.7 empties a module that nobody refers to.
_loaded = []

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER = os.path.join(ROOT, "vdsm")


def load(name):
    """
    Return a new module: such as vdsm.storage.threadPool, or
    storage.threadPool as it was before 4.19.
    """
    parts = name.split(".")
    if parts[0] == "vdsm":
        parts = parts[1:]
    path = os.path.join(FOLDER, *parts) + ".py"
    module = types.ModuleType(str(name))
    module.__file__ = path
    with open(path, "rb") as f:
        code = compile(f.read(), path, "exec", dont_inherit=True)
    exec(code, module.__dict__)
    _loaded.append(module)
    return module
