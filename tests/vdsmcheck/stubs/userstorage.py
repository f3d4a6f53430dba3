# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
In the place of userstorage: none of its loop devices and mounts is there, so
a test that asks for one is told so.
"""

from __future__ import absolute_import, division, print_function

import os
import runpy
import types


def missing_handler(reason):
    raise RuntimeError(reason)


class _Missing(object):

    def __init__(self, *args, **kwargs):
        self.name = kwargs.get("name")
        # A mount lies on a loop device, a file on a mount.
        for part in args:
            self.name = self.name or part.name
        self.sector_size = kwargs.get("sector_size", 512)
        self.path = os.devnull

    def __str__(self):
        return "%s" % self.name

    def exists(self):
        return False

    def __enter__(self):
        missing_handler("Storage %s is not available" % self.name)
        return self

    def __exit__(self, *exc_info):
        pass


class LoopDevice(_Missing):
    pass


class Mount(_Missing):
    pass


class File(_Missing):
    pass


def load_config(path):
    """
    Return what that file of Python sets.
    """
    config = types.ModuleType("userstorage_config")
    config.__dict__.update(runpy.run_path(path))
    return config
