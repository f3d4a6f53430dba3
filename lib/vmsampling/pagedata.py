# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What the page in a browser is told of a snapshot: plain data, much smaller
than the snapshot, and of bounded size.

What is not known is None. Texts from outside are cleaned and cut.
"""

from __future__ import absolute_import, division, print_function

import re
import sys

from vmsampling import hostline
from vmsampling import table
from vmsampling import text
from vmsampling import trends as _trends

# More VMs than anybody reads in a list; the stuck ones come first.
MAX_VMS = 1000
_MAX_DEVICES = 32
_MAX_POINTS = 60
_MAX_CALLS = 5
_MAX_TEXT = 200

# The levels of a line of some 20 pixels. JavaScript reads them by
# parseInt(digit, 36).
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_UNKNOWN = "-"

_DEVICE = re.compile(r"(block|net)\.(\d+)\.(?:name|rd\.bytes|wr\.bytes"
                     r"|rx\.bytes|tx\.bytes)$")
_DIRECTIONS = {"block": ("rd", "wr"), "net": ("rx", "tx")}

_PLAIN = re.compile(r"[\x20-\x7e]*\Z")

# Letters of /proc/PID/stat.
_STATES = {
    "D": "waits for a device or a file, and no signal ends that",
    "R": "is running",
    "S": "sleeps",
    "T": "is stopped",
    "Z": "has ended",
    "t": "is held by a debugger",
}


def compact(snapshot, trends):
    """
    Return the data; page.html is what reads it.

    snapshot: see Sampler.snapshot(). trends: a trends.Trends.
    """
    period = snapshot.get("period")
    vms = snapshot["vms"]
    order = sorted(vms, key=lambda uuid: _rank(vms[uuid]))
    budget = snapshot["budget"]
    pool = snapshot["pool"]
    return {
        "time": _number(snapshot["time"], 1),
        "period": period,
        "round": snapshot["round"],
        "elapsed": _number(snapshot["elapsed"], 3),
        "late": _number((snapshot.get("sampler") or {}).get("late"), 3),
        "machine": _machine(snapshot, period or 0),
        "threads": snapshot["threads"],
        "connected": snapshot["connected"],
        "troubles": table.troubles(snapshot, period or 0),
        "calls": [
            {"call": _text(call["call"]),
             "seconds": _number(call["seconds"], 1)}
            for call in snapshot.get("hung", ())[:_MAX_CALLS]],
        "pool": dict((name, pool[name]) for name in (
            "threads", "free", "late", "stuck", "queued")),
        "budget": dict((name, budget[name]) for name in (
            "hung", "max_hung", "withheld")),
        "count": len(vms),
        "stuck": sum(1 for vm in vms.values() if vm["stuck"]),
        "fresh": period and sum(
            1 for vm in vms.values() if table.fresh(vm, period)),
        "vms": [_vm(uuid, vms[uuid], trends.of(uuid))
                for uuid in order[:MAX_VMS]],
    }


def _machine(snapshot, period):
    host = snapshot.get("host")
    return host and hostline.line(host, table.FRESH_PERIODS * period)


def _rank(vm):
    # The stuck ones first, of these the oldest.
    stuck = vm["stuck"]
    return (not stuck, -((stuck or {}).get("seconds") or 0), vm["name"])


def _vm(uuid, vm, lines):
    stats = vm["stats"]
    levels = _trends.levels(vm["rates"])
    found = {
        "uuid": _text(uuid),
        "name": _text(vm["name"]),
        "state": vm["state"],
        "age": dict((tier, _number(age, 2))
                    for tier, age in vm["age"].items()),
        "stuck": vm["stuck"] and _stuck(vm["stuck"]),
        "holder": _text(vm.get("holder")),
        "cpu": _number(levels["cpu"], 4),
        "disk": _number(levels["disk"], 0),
        "net": _number(levels["net"], 0),
        "memory": _bytes(stats.get("balloon.current")),
        "rss": _bytes(stats.get("balloon.rss")),
        "vcpus": stats.get("vcpu.current"),
        "lines": dict((name, _line(values, _trends.LEAST[name]))
                      for name, values in lines.items()),
        "storage": _storage(vm["storage"]),
    }
    found.update(_devices(vm))
    return found


def _stuck(stuck):
    said = stuck.get("kernel")
    return {
        "seconds": _number(stuck.get("seconds"), 1),
        "call": _text(stuck.get("call")),
        "why": _text(stuck.get("why")),
        # Of the QEMU if it was looked at, else of our thread that waits.
        "kernel": _text(_kernel(said, stuck.get("why")) if said else None),
    }


def _kernel(said, why):
    words = "%s %s" % (
        "the QEMU" if why else "the thread of the call",
        _STATES.get(said.get("state"), "is in a state that is not known"))
    return "%s: %s" % (words, table.kernel(said))


def _storage(storage):
    groups = storage["groups"]
    return {
        "groups": [_text(group) for group in groups[:_MAX_DEVICES]],
        "canary": storage["canary"],
        "why": _text(storage["why"]),
    }


def _devices(vm):
    """
    Return {"disks" and "nics": lists of [name, read or received, written or
    sent], both in bytes a second}.
    """
    numbers = {"block": set(), "net": set()}
    for fields in (vm["stats"], vm["rates"]):
        for field in fields:
            match = _DEVICE.match(field)
            if match:
                numbers[match.group(1)].add(int(match.group(2)))
    found = {}
    for key, kind in (("disks", "block"), ("nics", "net")):
        found[key] = [
            _device(vm, kind, number)
            for number in sorted(numbers[kind])[:_MAX_DEVICES]]
    return found


def _device(vm, kind, number):
    field = "%s.%d." % (kind, number)
    name = vm["stats"].get(field + "name")
    return [_text(str(number) if name is None else name)] + [
        _number(vm["rates"].get(field + direction + ".bytes"), 0)
        for direction in _DIRECTIONS[kind]]


def _line(values, least):
    """
    Return [what the highest digit stands for, a digit for each value], the
    newest last.
    """
    # A number that is none has no level either.
    values = [value if value is not None and 0 <= value <= sys.float_info.max
              else None for value in values[-_MAX_POINTS:]]
    top = max([value for value in values if value is not None] + [least])
    scale = (len(_DIGITS) - 1) / top
    return [_number(top, 2), "".join(
        _UNKNOWN if value is None else _DIGITS[int(value * scale + 0.5)]
        for value in values)]


def _bytes(kib):
    return None if kib is None else _number(kib * 1024, 0)


def _number(value, digits):
    # Neither absent, nor infinite, nor NaN.
    if value is None or not abs(value) <= sys.float_info.max:
        return None
    return round(value, digits) if digits else int(round(value))


def _text(value):
    if value is None:
        return None
    if not (isinstance(value, str) and _PLAIN.match(value)):
        value = text.clean(value)
    if len(value) > _MAX_TEXT:
        value = value[:_MAX_TEXT - 1] + text.ellipsis("utf-8")
    return value
