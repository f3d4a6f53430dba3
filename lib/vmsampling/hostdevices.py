# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Which devices of this host are worth to be shown.

A host of 300 VMs has 300 taps, and maybe as many logical volumes. They come
and go with the VMs, and libvirt counts for each VM what passes there. What is
shown is what stays: network cards, bonds and VLANs, as VDSM shows them, and
disks; none of the devices that only lead to others, such as bridges, loops,
device mapper and RAID.
"""

from __future__ import absolute_import, division, print_function

import os

# As the kernel calls them.
_TYPES = ("bond", "vlan")


class Devices(object):
    """
    Thread: one at a time.
    """

    def __init__(self, is_shown):
        """
        is_shown: function that judges the name of a device.
        """
        self._is_shown = is_shown
        # Of the devices that were there last time: a file is read for each
        # of them, and taps are many.
        self._known = {}

    def select(self, names):
        """
        Return those to be shown, sorted.
        """
        known = self._known
        self._known = dict(
            (name, known[name] if name in known else self._is_shown(name))
            for name in names)
        return sorted(name for name in names if self._known[name])


def interfaces(sys="/sys"):
    folder = sys + "/class/net/"

    def is_shown(name):
        return (_has_hardware(folder + name) or
                _type(folder + name) in _TYPES)
    return Devices(is_shown)


def disks(sys="/sys"):
    folder = sys + "/block/"

    def is_shown(name):
        # Partitions are not there. A slash in a name is written so.
        return _has_hardware(folder + name.replace("/", "!"))
    return Devices(is_shown)


def _has_hardware(path):
    return os.path.exists(path + "/device")


def _type(path):
    try:
        with open(path + "/uevent") as f:
            for line in f:
                key, _, value = line.strip().partition("=")
                if key == "DEVTYPE":
                    return value
    except EnvironmentError:
        pass
    return None
