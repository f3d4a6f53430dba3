# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Whether a canary reaches the images of VMs, found out without asking a QEMU.

A look at storage may hang: it is for threads of a pool.
"""

from __future__ import absolute_import, division, print_function

from vmsampling import canary
from vmsampling import devices
from vmsampling import mounts

OK = "ok"
REFUSED = "refused"
HANGS = "hangs"
NOT_LOOKED_AT = "not looked at"


class Storage(object):
    """
    The images on one storage.
    """

    def __init__(self, name):
        # As storages.group() has it.
        self.name = name
        # storages.Image -> names of the VMs that have it.
        self.images = {}
        self.answer = NOT_LOOKED_AT
        # Why it was refused.
        self.reason = None
        # Path of the image that is being looked at, or was the last one, as
        # bytes. Set by the thread that looks.
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
        for image in sorted(self.images):
            self.path = image.path
            answers.look(image)
            refusal = answers.refusal(image)
            if refusal is not None:
                return refusal[1]
        return None


def disks(uuid, connection):
    """
    Return the Devices of a VM. Waits for its job, so it may hang. Raises
    libvirtError and ValueError.
    """
    return devices.parse(connection.domain(uuid).XMLDesc(0), mounts.read())


def storages(disks_by_name):
    """
    Return the Storages of these VMs: name -> Devices.
    """
    found = {}
    for name, devices_ in disks_by_name.items():
        for storage_name, images in devices_.storages.items():
            storage = found.setdefault(storage_name, Storage(storage_name))
            for image in images:
                storage.images.setdefault(image, []).append(name)
    return [found[name] for name in sorted(found)]
