# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Whether a canary reaches the images of VMs, found out without asking a QEMU.

A look at storage may hang: it is for threads of a pool.
"""

from __future__ import absolute_import, division, print_function

import os

from vmsampling import canary
from vmsampling import devices
from vmsampling import mounts as _mounts

OK = "ok"
REFUSED = "refused"
HANGS = "hangs"
NOT_LOOKED_AT = "not looked at"


class Mount(object):
    """
    The images on one mount.
    """

    def __init__(self, point):
        # As bytes, and so are the paths.
        self.point = point
        # path -> names of the VMs that have it.
        self.images = {}
        self.answer = NOT_LOOKED_AT
        # Why it was refused.
        self.reason = None
        # The image that is being looked at, or was the last one. Set by the
        # thread that looks.
        self.path = None

    @property
    def vms(self):
        return sorted(set(
            name for names in self.images.values() for name in names))

    def look(self):
        """
        Look at all images, up to the first that is refused; return why it
        was, None if none was. May hang.
        """
        answers = canary.Answers()
        for path in sorted(self.images):
            self.path = path
            answers.look(path)
            if answers.age(path) is None:
                return _why_refused(path)
        return None


def disks(uuid, connection):
    """
    Return the Devices of a VM. Waits for its job, so it may hang. Raises
    libvirtError and ValueError.
    """
    return devices.parse(connection.domain(uuid).XMLDesc(0))


def mounts(disks_by_name):
    """
    Return the Mounts of the images of these VMs: name -> Devices.
    """
    table = _mounts.read()
    found = {}
    for name, devices_ in disks_by_name.items():
        for path in devices_.images:
            point = table.find(path)
            mount = found.setdefault(point, Mount(point))
            mount.images.setdefault(path, []).append(name)
    return [found[point] for point in sorted(found)]


def _why_refused(path):
    # The canary keeps no reasons.
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
    except EnvironmentError as e:
        return e.strerror
    return "only at the second try it was not"
