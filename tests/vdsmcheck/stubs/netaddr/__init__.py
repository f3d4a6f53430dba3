# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
In the place of netaddr: IPv4 and IPv6 addresses as text and as a number.
"""

from __future__ import absolute_import, division, print_function

import socket
import struct

from netaddr.core import AddrFormatError

__all__ = ("AddrFormatError", "IPAddress", "IPNetwork")


class IPAddress(object):
    """
    Raises AddrFormatError.
    """

    def __init__(self, text):
        self._text = str(text)
        self.version, self.value = _parse(self._text)

    def __str__(self):
        return self._text

    def __int__(self):
        return self.value


class IPNetwork(object):
    """
    address/length or address/mask; without either, that address alone.
    Raises AddrFormatError.
    """

    def __init__(self, text):
        address, _, mask = str(text).partition("/")
        self.ip = IPAddress(address)
        bits = 32 if self.ip.version == 4 else 128
        if not mask:
            self.prefixlen = bits
        elif mask.isdigit():
            self.prefixlen = int(mask)
        else:
            self.prefixlen = bin(_parse(mask)[1]).count("1")
        if self.prefixlen > bits:
            raise AddrFormatError("invalid network: %s" % text)
        ones = (1 << self.prefixlen) - 1
        first = self.ip.value & ones << (bits - self.prefixlen)
        self.network = IPAddress(_format(self.ip.version, first))

    def __str__(self):
        return "%s/%d" % (self.ip, self.prefixlen)


def _parse(text):
    for version, family in ((4, socket.AF_INET), (6, socket.AF_INET6)):
        try:
            packed = socket.inet_pton(family, text)
        except (socket.error, UnicodeError):
            continue
        value = 0
        for byte in bytearray(packed):
            value = value << 8 | byte
        return version, value
    raise AddrFormatError("invalid address: %s" % text)


def _format(version, value):
    if version == 4:
        return socket.inet_ntop(socket.AF_INET, struct.pack("!I", value))
    packed = struct.pack("!QQ", value >> 64, value & (1 << 64) - 1)
    return socket.inet_ntop(socket.AF_INET6, packed)
