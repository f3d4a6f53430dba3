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

# number: the N of libvirt's fields block.N.* and net.N.*; name: the target,
# by which libvirt knows the device.
Device = collections.namedtuple("Device", "number name")


class Devices(object):
    """
    The devices of one VM, never changed.
    """

    def __init__(self, disks=(), interfaces=(), images=(), opaque=()):
        self.disks = tuple(disks)
        self.interfaces = tuple(interfaces)
        # Paths, as bytes, of all image files that QEMU has open for the
        # disks, those of backing files and mirrors included: the BLOCK group
        # looks at all of them.
        self.images = tuple(images)
        # Types of sources that are no files, such as "network": whether
        # these answer we cannot ask without QEMU.
        self.opaque = tuple(opaque)


def parse(xml):
    """
    Return the Devices of a domain's XML. Raises ValueError.
    """
    try:
        root = etree.fromstring(xml)
    except etree.ParseError as e:
        raise ValueError("libvirt's XML: %s" % e)
    disks = root.findall("./devices/disk")
    images = []
    opaque = []
    for disk in disks:
        for source_type, path in _sources(disk):
            if source_type == "file":
                images.append(path)
            else:
                opaque.append(source_type)
    return Devices(
        _numbered(disks), _numbered(root.findall("./devices/interface")),
        sorted(set(images)), sorted(set(opaque)))


def _numbered(elements):
    # libvirt counts all of them, those that we cannot ask included.
    targets = [element.find("target") for element in elements]
    return [Device(number, _native(target.get("dev")))
            for number, target in enumerate(targets)
            if target is not None and target.get("dev")]


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
        path = source.get("file")
        if layer.get("type") != "file":
            yield layer.get("type"), None
        elif path:
            yield "file", path.encode("utf-8")


def _native(text):
    # On Python 2 the parser gives unicode where it must; libvirt wants str.
    return text.encode("utf-8") if six.PY2 else text
