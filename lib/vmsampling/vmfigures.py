# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The few figures that people compare VMs by, out of one VM's part of a snapshot.

Each function returns a number, or None where nothing is known.
"""

from __future__ import absolute_import, division, print_function

import re
import sys

import six

_NUMBERS = six.integer_types + (float,)

_STEAL = re.compile(r"vcpu\.\d+\.delay$")
_READ = re.compile(r"block\.\d+\.rd\.bytes$")
_WRITTEN = re.compile(r"block\.\d+\.wr\.bytes$")
_REQUESTS = re.compile(r"block\.\d+\.(?:rd|wr)\.reqs$")
_RECEIVED = re.compile(r"net\.\d+\.rx\.bytes$")
_SENT = re.compile(r"net\.\d+\.tx\.bytes$")


def number(value):
    """
    Return it, None if it is no number, infinite or NaN.
    """
    if isinstance(value, _NUMBERS) and abs(value) <= sys.float_info.max:
        return value
    return None


def cpu(vm):
    """
    CPU time, in percent of one core.
    """
    return _percent(number(vm["rates"].get("cpu.time")))


def steal(vm):
    """
    Time in which its processors were ready to run, and did not, in percent of
    one core.
    """
    return _percent(_sum(vm, _STEAL))


def memory(vm):
    """
    Bytes that the guest has.
    """
    return _bytes(vm, "balloon.current")


def resident(vm):
    """
    Bytes that it takes of the host.
    """
    return _bytes(vm, "balloon.rss")


def read(vm):
    """
    Bytes a second from all disks.
    """
    return _sum(vm, _READ)


def written(vm):
    return _sum(vm, _WRITTEN)


def disk(vm):
    """
    Both.
    """
    return _both(read(vm), written(vm))


def requests(vm):
    """
    Requests a second to all disks.
    """
    return _sum(vm, _REQUESTS)


def received(vm):
    """
    Bytes a second from all networks.
    """
    return _sum(vm, _RECEIVED)


def sent(vm):
    return _sum(vm, _SENT)


def network(vm):
    """
    Both.
    """
    return _both(received(vm), sent(vm))


def age(vm, tier="monitor"):
    """
    Seconds since it has answered.
    """
    return number(vm["age"].get(tier))


def stuck(vm):
    """
    Seconds for which it is stuck; for others, since it has answered.
    """
    evidence = vm["stuck"]
    return number(evidence.get("seconds")) if evidence else age(vm)


def _sum(vm, pattern):
    found = [number(rate) for field, rate in vm["rates"].items()
             if pattern.match(field)]
    known = [rate for rate in found if rate is not None]
    return sum(known) if known else None


def _both(one, other):
    known = [value for value in (one, other) if value is not None]
    return sum(known) if known else None


def _bytes(vm, field):
    value = number(vm["stats"].get(field))
    return None if value is None else value * 1024


def _percent(rate):
    # Nanoseconds a second.
    return None if rate is None else rate / 1e7
