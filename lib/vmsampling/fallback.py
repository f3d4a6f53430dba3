# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
For drivers whose groups of statistics bring little: the same fields, under
libvirt's names for them, from the older calls that ask for one thing each.

test:///default is one. Not for QEMU, where these calls wait for a job.
"""

from __future__ import absolute_import, division, print_function

import logging

import libvirt

from vmsampling import connection as _connection
from vmsampling import question as _question

log = logging.getLogger("vmsampling.fallback")

# memoryStats() has other names for these only.
_MEMORY_NAMES = {"actual": "current", "last_update": "last-update"}

_BLOCK_FIELDS = ("rd.reqs", "rd.bytes", "wr.reqs", "wr.bytes")

_NET_FIELDS = ("rx.bytes", "rx.pkts", "rx.errs", "rx.drop",
               "tx.bytes", "tx.pkts", "tx.errs", "tx.drop")


class Fallback(object):

    def __init__(self):
        # Names of calls that the driver does not have. Only grows.
        self._unsupported = set()

    def add(self, question, connection, virt_domain, fields):
        """
        Add what is missing in fields. Raises libvirtError.
        """
        def ask(name, *args):
            return self._ask(question, connection, virt_domain, name, args)

        devices = question.domain.devices
        for name, value in (_cpu(ask) + _memory(ask) + _vcpus(ask) +
                            _disks(ask, devices) + _interfaces(ask, devices)):
            # libvirt says -1 for what it does not know, or nothing.
            if value is not None and value != -1:
                fields.setdefault(name, value)

    def _ask(self, question, connection, virt_domain, name, args):
        """
        Return what the domain's method says, or None if it says nothing.
        """
        if name in self._unsupported:
            return None
        question.say(name, of_vm=True)
        try:
            return getattr(virt_domain, name)(*args)
        except libvirt.libvirtError as e:
            if (e.get_error_code() in _question.GONE or
                    not _connection.is_alive(connection.virt)):
                raise
            log.debug("%r: %s", question, e)
            if e.get_error_code() == libvirt.VIR_ERR_NO_SUPPORT:
                self._unsupported.add(name)
            return None


def _cpu(ask):
    # libvirt's names are cpu_time, user_time and system_time.
    return [("cpu.time" if name == "cpu_time" else
             "cpu." + name[:-len("_time")], value)
            for total in ask("getCPUStats", True) or ()
            for name, value in total.items() if name.endswith("_time")]


def _memory(ask):
    found = [("balloon." + _MEMORY_NAMES.get(name, name), value)
             for name, value in (ask("memoryStats") or {}).items()]
    info = ask("info")
    if info is not None:
        _, maximum, current, vcpus, cpu_time = info
        found += [("balloon.maximum", maximum), ("balloon.current", current),
                  ("vcpu.current", vcpus), ("cpu.time", cpu_time)]
    return found


def _vcpus(ask):
    found = [("vcpu.maximum", ask("maxVcpus"))]
    for number, state, cpu_time, _ in (ask("vcpus") or ((),))[0]:
        found += [("vcpu.%d.state" % number, state),
                  ("vcpu.%d.time" % number, cpu_time)]
    return found


def _disks(ask, devices):
    found = [("block.count", len(devices.disks))]
    for disk in devices.disks:
        prefix = "block.%d." % disk.number
        found.append((prefix + "name", disk.name))
        # The last one, errors, has no name in the groups.
        found += _prefixed(prefix, _BLOCK_FIELDS, ask("blockStats", disk.name))
    return found


def _interfaces(ask, devices):
    found = [("net.count", len(devices.interfaces))]
    for interface in devices.interfaces:
        prefix = "net.%d." % interface.number
        found.append((prefix + "name", interface.name))
        found += _prefixed(
            prefix, _NET_FIELDS, ask("interfaceStats", interface.name))
    return found


def _prefixed(prefix, names, values):
    return [(prefix + name, value)
            for name, value in zip(names, values or ())]
