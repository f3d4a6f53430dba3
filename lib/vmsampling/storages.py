# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Which storage an image lies on, found out without touching it.

What lies on the same storage fails together. For a file the storage is the
mount, for a logical volume its volume group, and for any other block device
the device. Names of storages are text for people: a VM with two images on
/nfs and one in the volume group "data" has the storages "/nfs" and "vg data".
"""

from __future__ import absolute_import, division, print_function

import collections
import re

import six

from vmsampling import text

FILE = "file"
BLOCK = "block"

# path: as libvirt names it, in bytes; kind: FILE or BLOCK.
Image = collections.namedtuple("Image", "path kind")

# More links than this behind each other are a loop.
_MAX_LINKS = 8

_DEV = b"/dev/"

# /dev/VG/LV; and folders of /dev that are no volume groups.
_LV = re.compile(br"/dev/([^/]+)/[^/]+\Z")
_NO_VGS = frozenset((b"block", b"disk", b"mapper", b"md", b"shm"))

# /dev/mapper/VG-LV, where a hyphen within a name is doubled.
_DM = re.compile(br"/dev/mapper/((?:[^-/]|--)+)-(?:[^-/]|--)+\Z")


def group(images, mounts):
    """
    Return {name of the storage: tuple of those of the images on it}.

    mounts: a mounts.Mounts.
    """
    found = {}
    for image in sorted(images):
        found.setdefault(_storage(image, mounts), []).append(image)
    return dict((name, tuple(found[name])) for name in found)


def shown(path):
    """
    Return a path as text that moves no cursor, of the native type.
    """
    found = text.clean(path)
    return found.encode("utf-8") if six.PY2 else found


def _storage(image, mounts):
    path = image.path
    for _ in range(_MAX_LINKS):
        if image.kind == BLOCK:
            name = _volume_group(path)
            if name is not None:
                return "vg " + shown(name)
        target = mounts.follow(path)
        if target is None:
            break
        path = target
    if image.kind == BLOCK and path.startswith(_DEV):
        return shown(path)
    return shown(mounts.find(path))


def _volume_group(path):
    match = _LV.match(path)
    if match and match.group(1) not in _NO_VGS:
        return match.group(1)
    match = _DM.match(path)
    return match and match.group(1).replace(b"--", b"-")
