# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
In the place of python-ethtool: what sysfs tells of network interfaces, and no
addresses.
"""

from __future__ import absolute_import, division, print_function

import os

# As from its first release on libnl 3.
version = "python-ethtool v0.9"

IFF_UP = 0x1
IFF_RUNNING = 0x40
IFF_PROMISC = 0x100

_NET = "/sys/class/net"


class _Interface(object):

    def __init__(self, device):
        self.device = device
        self.mac_address = _read(device, "address")
        self.ipv4_address = None
        self.ipv4_netmask = 0
        self.ipv4_broadcast = None

    def get_ipv6_addresses(self):
        return []

    def get_ipv4_addresses(self):
        return []


def get_devices():
    # Not everything there is an interface.
    return sorted(name for name in os.listdir(_NET)
                  if os.path.exists(os.path.join(_NET, name, "flags")))


def get_active_devices():
    return [name for name in get_devices() if get_flags(name) & IFF_UP]


def get_flags(device):
    # IOError for what is not there, as with the original.
    flags = int(_read(device, "flags"), 16)
    if _read(device, "operstate") != "down":
        flags |= IFF_RUNNING
    return flags


def get_interfaces_info(devices):
    if isinstance(devices, str):
        devices = [devices]
    return [_Interface(device) for device in devices
            if os.path.exists(os.path.join(_NET, device))]


def _read(device, name):
    with open(os.path.join(_NET, device, name)) as f:
        return f.read().strip()
