# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What a VM's XML says of its disks and network interfaces.

The XML is libvirt's own, formatted from what it has parsed, so no more is
needed than the standard library's parser.
"""

from __future__ import absolute_import, division, print_function

import collections
import xml.etree.ElementTree as etree

import six

from vmsampling import storages as _storages

# number: the N of libvirt's fields block.N.* and net.N.*; name: the target,
# by which libvirt knows the device.
Device = collections.namedtuple("Device", "number name")

# Types of sources that we can look at, and what names them.
_ATTRIBUTES = {_storages.FILE: "file", _storages.BLOCK: "dev"}


class Devices(object):
    """
    The devices of one VM, never changed.
    """

    def __init__(self, disks=(), interfaces=(), storages=None, opaque=(),
                 limits=None):
        self.disks = tuple(disks)
        # The limits that the disks have, by fields block.N.iotune.*, as
        # libvirt's call for them names them: which would wait for a job.
        self.limits = dict(limits or {})
        self.interfaces = tuple(interfaces)
        # Name of each storage -> tuple of the storages.Images on it: all
        # that QEMU has open for the disks, backing files and mirrors
        # included, since the BLOCK group looks at all of them.
        self.storages = dict(storages or {})
        self.images = tuple(sorted(
            image for images in self.storages.values() for image in images))
        # What fails together with this VM's storage, as one text; None
        # without images.
        self.group = ", ".join(sorted(self.storages)) or None
        # Types of sources that are neither files nor block devices, such as
        # "network": whether these answer we cannot ask without QEMU.
        self.opaque = tuple(opaque)

    @property
    def why_opaque(self):
        """
        Why the storage tier is not asked for, as text; None if it is.
        """
        if not self.opaque:
            return None
        return "%s disk: no look at it is possible without QEMU" % (
            ", ".join(self.opaque))


def parse(xml, mounts):
    """
    Return the Devices of a domain's XML. Raises ValueError.

    mounts: a mounts.Mounts.
    """
    return read(tree(xml), mounts)


def tree(xml):
    """
    Return the element <domain> of a domain's XML. Raises ValueError.
    """
    try:
        return etree.fromstring(xml)
    except etree.ParseError as e:
        raise ValueError("libvirt's XML: %s" % e)


def read(root, mounts):
    """
    Return the Devices of the element <domain>; the other as for parse().
    """
    disks = root.findall("./devices/disk")
    images = set()
    opaque = set()
    for disk in disks:
        for kind, path in _sources(disk):
            if kind in _ATTRIBUTES:
                images.add(_storages.Image(path, kind))
            else:
                opaque.add(_native(kind))
    return Devices(
        _numbered(disks), _numbered(root.findall("./devices/interface")),
        _storages.group(images, mounts), sorted(opaque), _limits(disks))


def _numbered(elements):
    # libvirt counts all of them, those that we cannot ask included.
    targets = [element.find("target") for element in elements]
    return [Device(number, _native(target.get("dev")))
            for number, target in enumerate(targets)
            if target is not None and target.get("dev")]


def _limits(disks):
    found = {}
    for number, disk in enumerate(disks):
        for limit in disk.findall("./iotune/*"):
            # The group's name may be a number, too.
            if limit.tag != "group_name" and (limit.text or "").isdigit():
                found["block.%d.iotune.%s" % (number, _native(limit.tag))] = (
                    int(limit.text))
    return found


def _sources(disk):
    """
    Yield (type, path or None) of all that a disk reads and writes. An empty
    drive has nothing.
    """
    layers = [disk]
    for tag in ("backingStore", "mirror", "dataStore"):
        layers.extend(disk.iter(tag))
    for layer in layers:
        source = layer.find("source")
        if source is None:
            continue
        kind = layer.get("type") or "unknown"
        path = source.get(_ATTRIBUTES.get(kind))
        if kind not in _ATTRIBUTES:
            yield kind, None
        elif path:
            yield kind, path.encode("utf-8")


def _native(text):
    # On Python 2 the parser gives unicode where it must; libvirt wants str.
    return text.encode("utf-8") if six.PY2 else text
