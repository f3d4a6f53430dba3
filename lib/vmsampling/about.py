# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What a VM is, rather than what it does: its system, disks and interfaces, its
processors' pinning, and what its owner has written down of it. All of it is in
the XML that is read for its devices, so it costs no call.

What is not there is absent. All texts are untrusted, and bounded in length.
"""

from __future__ import absolute_import, division, print_function

from vmsampling import metadata

# No more of each kind are told of.
MAX_DEVICES = 256

# The longest path that Linux takes.
_MAX_PATH = 4096

# What of a source says most, by the type of the device that it belongs to; of
# other types, the first of these that is there.
_SOURCES = {"network": ("network", "name"), "bridge": ("bridge",)}
_ANY_SOURCE = ("file", "dev", "name", "dir", "bridge", "network", "path")


def read(root, wanted=()):
    """
    Return it as plain data.

    root: the element <domain>.
    wanted: metadata.Wanted that are to be read.
    """
    found = {
        "os": _os(root.find("os/type")),
        "disks": [_disk(disk) for disk in
                  root.findall("./devices/disk")[:MAX_DEVICES]],
        "interfaces": [_interface(interface) for interface in
                       root.findall("./devices/interface")[:MAX_DEVICES]],
        "metadata": metadata.read(root.find("metadata"), wanted),
    }
    pinning = _pinning(root.find("cputune"))
    if pinning:
        found["pinning"] = pinning
    return found


def _os(element):
    if element is None:
        return {}
    return _present(
        type=(element.text or "").strip(), arch=element.get("arch"),
        machine=element.get("machine"))


def _disk(disk):
    get = _getter(disk)
    return _present(
        target=get("target", "dev"), bus=get("target", "bus"),
        source=_source(disk), protocol=get("source", "protocol"),
        type=disk.get("type"), device=disk.get("device"),
        driver=get("driver", "type"), driver_name=get("driver", "name"),
        cache=get("driver", "cache"), discard=get("driver", "discard"),
        serial=(disk.findtext("serial") or "").strip())


def _interface(interface):
    get = _getter(interface)
    return _present(
        target=get("target", "dev"), type=interface.get("type"),
        source=_source(interface), bridge=get("source", "bridge"),
        mac=get("mac", "address"), model=get("model", "type"),
        mtu=get("mtu", "size"),
        interfaceid=get("virtualport/parameters", "interfaceid"))


def _pinning(cputune):
    """
    Return {number of a virtual CPU or "emulator": set of CPUs as libvirt
    writes it}.
    """
    found = {}
    if cputune is not None:
        for pin in cputune.findall("vcpupin")[:MAX_DEVICES]:
            found[pin.get("vcpu")] = pin.get("cpuset")
        pin = cputune.find("emulatorpin")
        if pin is not None:
            found["emulator"] = pin.get("cpuset")
    found.pop(None, None)
    return _present(**found)


def _source(device):
    source = device.find("source")
    if source is None:
        return None
    if source.get("pool") and source.get("volume"):
        return "%s/%s" % (source.get("pool"), source.get("volume"))
    names = _SOURCES.get(device.get("type"), ()) + _ANY_SOURCE
    return next((source.get(name) for name in names if source.get(name)), None)


def _getter(device):
    def get(path, name):
        element = device.find(path)
        return None if element is None else element.get(name)
    return get


def _present(**items):
    """
    Return those items that have a text, in a length that does no harm.
    """
    return dict((name, text[:_MAX_PATH if name == "source" else
                            metadata.MAX_TEXT])
                for name, text in items.items() if text)
