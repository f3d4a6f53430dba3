# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A snapshot of the sampler as lines for people.

What was not measured is shown as "-", never as a zero. Names, calls and
whatever else comes from outside is cleaned before it is measured and cut.
"""

from __future__ import absolute_import, division, print_function

import collections
import re
import sys
import time

import six

from vmsampling import hostline
from vmsampling import text

MISSING = u"-"

_NUMBER = six.integer_types + (float,)

# A sample of a VM is fresh until it has missed two rounds.
FRESH_PERIODS = 2

_NAME_MIN = 12
_UNITS = u"KMGTPE"

_Column = collections.namedtuple("_Column", "title width show spare")


def lines(snapshot, period, columns=None, rows=None, encoding="utf-8"):
    """
    Return the lines for one round.

    Columns and rows are what there is room for, None without limit.
    """
    vms = _by_name(snapshot["vms"])
    top = (_origin(snapshot) + _header(snapshot, vms, period) +
           _host(snapshot, period) + troubles(snapshot, period))
    table = _table(vms, columns, encoding)
    stuck = [_stuck(vm, encoding) for vm in vms if vm["stuck"]]
    if rows is not None:
        # The stuck VMs are what people look for: they get up to a half.
        room = max(rows - len(top), 2)
        stuck = _fit(stuck, max(room // 2, room - len(table)), u"stuck VMs")
        table = _fit(table, room - len(stuck), u"VMs")
    found = top + table + stuck
    if columns is not None:
        found = [text.cut(line, columns, encoding) for line in found]
    return found


def fresh(vm, period):
    """
    Say whether the VM itself has answered in the last rounds.
    """
    return _is_young(vm, "monitor", period)


def _is_young(vm, tier, period):
    age = vm["age"][tier]
    return age is not None and age < FRESH_PERIODS * period


def seconds(value):
    """
    Return a span of time in at most five columns.
    """
    if not _known(value):
        return MISSING
    if value < 99.95:
        return u"%.1fs" % value
    for unit, size, limit in ((u"m", 60, 100), (u"h", 3600, 72)):
        if value < limit * size:
            return u"%d%s" % (value / size, unit)
    # Not "//", which rounds large numbers in another way than browsers do.
    return u"%dd" % (value / 86400)


def amount(value):
    """
    Return bytes, or bytes a second, in at most five columns.
    """
    if not _known(value):
        return MISSING
    if round(value) < 1024:
        return u"%d" % round(value)
    for unit in _UNITS:
        value /= 1024.0
        if value < 9.95:
            return u"%.1f%s" % (value, unit)
        if round(value) < 1024:
            break
    return u"%d%s" % (round(value), unit)


def troubles(snapshot, period):
    """
    Return a line for each thing that keeps all VMs from being asked.
    """
    return (_gone(snapshot, snapshot["vms"].values(), period) +
            _withheld(snapshot))


def verdict(report, encoding="utf-8"):
    """
    Return the lines for one look at the host: who is stuck, and why.
    """
    found = []
    for vm in _by_name(report["stuck"]):
        found.append((vm["name"], u"is stuck" + _for(vm["seconds"])))
        found.extend((None, why) for why in vm["why"])
        if vm["holder"]:
            found.append((None, "job: " + vm["holder"]))
        if vm["kernel"]:
            found.append((None, "kernel: " + kernel(vm["kernel"])))
    for vm in _by_name(report["busy"]):
        found.append((vm["name"], u"is busy, not stuck"))
        found.extend((None, why) for why in vm["why"])
    found = [(u"    " if name is None else
              text.clean(name, encoding) + u" ") + text.clean(what, encoding)
             for name, what in found]
    return found + [_summary(report)]


def kernel(said):
    """
    Return in words what the kernel says of a thread, see evidence.kernel().
    """
    words = ["%s %s" % (name, said[key]) for key, name in (
        ("state", "state"), ("wchan", "in"), ("syscall_name", "system call"),
        ("file", "file"), ("switches", "context switches")) if key in said]
    return ", ".join(words)


def findings(report, encoding="utf-8"):
    """
    Return the lines for one check of the host, one for each finding.
    """
    rows = report["checks"]
    width = max(len(row["name"]) for row in rows)
    found = []
    for row in rows:
        line = u"%-4s  %s  %s" % (
            row["verdict"], row["name"].ljust(width),
            text.clean(row["found"], encoding))
        if row["advice"] is not None:
            line += u" -> " + text.clean(row["advice"], encoding)
        found.append(line)
    open_ = sum(1 for row in rows if row["advice"] is not None)
    return found + [
        u"%d of %d checks ask for a change" % (open_, len(rows)) if open_
        else u"all is well"]


def _summary(report):
    looked = report["looked"]
    source = report.get("source")
    if source is not None:
        return u"%d of %d VMs stuck; by process %d, the service, %s ago" % (
            len(report["stuck"]), report["vms"], source["pid"],
            seconds(source["age"]))
    line = u"%d of %d VMs stuck; looked at the control interface of %d" % (
        len(report["stuck"]), report["vms"], looked["control"])
    line += u", at /proc of %d" % looked["proc"]
    if looked["probe"] or report["not_asked"]:
        line += u", asked %d" % looked["probe"]
    if report["not_asked"]:
        line += u"; not asked for the calls that hang already: %d" % (
            report["not_asked"])
    return line


def _for(span):
    return u"" if span is None else u" for " + seconds(span)


def _by_name(vms):
    return sorted(vms.values(), key=lambda vm: vm["name"])


def _known(value):
    # Neither absent, nor infinite, nor NaN, nor what a file may have instead.
    return isinstance(value, _NUMBER) and abs(value) <= sys.float_info.max


def _header(snapshot, vms, period):
    pool = snapshot["pool"]
    elapsed = snapshot["elapsed"]
    alive = sum(1 for vm in vms if fresh(vm, period))
    return [u"round %d  %s  %s  threads %d  free %d  late %d  stuck %d  "
            u"fresh %d/%d" % (
                snapshot["round"],
                time.strftime("%H:%M:%S", time.localtime(snapshot["time"])),
                MISSING if elapsed is None else u"%.3f s" % elapsed,
                snapshot["threads"], pool["free"], pool["late"],
                sum(1 for vm in vms if vm["stuck"]), alive, len(vms))]


def _host(snapshot, period):
    host = snapshot.get("host")
    return [hostline.line(host, FRESH_PERIODS * period)] if host else []


def _origin(snapshot):
    text_ = (snapshot.get("source") or {}).get("text")
    return [] if text_ is None else [text.clean(text_)]


def _gone(snapshot, vms, period):
    if snapshot.get("connected", True):
        return []
    if any(_is_young(vm, "host", period) for vm in vms):
        return [u"libvirtd answers for no VM, its workers may all hang; only "
                u"the states stay fresh"]
    return [u"libvirt does not answer; what is shown gets older until it does"]


def _withheld(snapshot):
    budget = snapshot["budget"]
    if budget["hung"] < budget["max_hung"] - 1:
        return []
    return [u"%d calls hang, %d may (max_hung); %s" % (
        budget["hung"], budget["max_hung"],
        u"no VM is asked until one returns"
        if budget["hung"] >= budget["max_hung"] else
        u"only VMs that are known to answer are asked")]


def _table(vms, columns, encoding):
    names = [text.clean(vm["name"], encoding) for vm in vms]
    width = max([text.width(name) for name in names] + [_NAME_MIN])
    shown = _COLUMNS
    if columns is not None:
        shown = _narrowed(columns - _NAME_MIN)
        width = min(width, max(columns - _taken(shown), _NAME_MIN))
    found = [_line(u"NAME", width, shown, [c.title for c in shown], encoding)]
    for vm, name in zip(vms, names):
        cells = [text.clean(column.show(vm), encoding) for column in shown]
        found.append(_line(name, width, shown, cells, encoding))
    return found


def _line(name, width, shown, cells, encoding):
    parts = [text.pad(text.cut(name, width, encoding), width)]
    for column, cell in zip(shown, cells):
        cell = text.cut(cell, column.width, encoding)
        parts.append(u" " * (column.width - text.width(cell)) + cell)
    return u" ".join(parts)


def _narrowed(room):
    """
    Leave out the columns that can be spared, the last one first.
    """
    shown = list(_COLUMNS)
    for column in reversed(_COLUMNS):
        if column.spare and _taken(shown) > room:
            shown.remove(column)
    return shown


def _taken(shown):
    return sum(column.width + 1 for column in shown)


def _fit(found, room, what):
    if len(found) <= room:
        return found
    kept = max(room - 1, 0)
    return found[:kept] + [u"(%d more %s)" % (len(found) - kept, what)]


def _stuck(vm, encoding):
    stuck = vm["stuck"]
    line = u"stuck: %s%s" % (
        text.clean(vm["name"], encoding), _for(stuck.get("seconds")))
    if stuck.get("why"):
        line += u", %s: %s" % (text.clean(stuck.get("call"), encoding),
                               text.clean(stuck["why"], encoding))
    elif stuck.get("call"):
        line += u" in " + text.clean(stuck["call"], encoding)
    return line


def _cpu(vm):
    # Nanoseconds of CPU time a second: 100 % is one core.
    rate = vm["rates"].get("cpu.time")
    return u"%.1f" % (rate / 1e7) if _known(rate) else MISSING


def _kib(field):
    def show(vm):
        value = vm["stats"].get(field)
        return amount(value * 1024 if _known(value) else None)
    return show


def _rate(pattern):
    match = re.compile(pattern + "$").match

    def show(vm):
        rates = [rate for field, rate in vm["rates"].items()
                 if match(field) and _known(rate)]
        return amount(sum(rates) if rates else None)
    return show


def _age(tier):
    def show(vm):
        return seconds(vm["age"][tier])
    return show


_COLUMNS = (
    _Column(u"STATE", 8, lambda vm: vm["state"], False),
    _Column(u"CPU%", 6, _cpu, False),
    _Column(u"MEM", 5, _kib("balloon.current"), False),
    _Column(u"RSS", 5, _kib("balloon.rss"), True),
    _Column(u"RD/s", 5, _rate(r"block\.[0-9]+\.rd\.bytes"), False),
    _Column(u"WR/s", 5, _rate(r"block\.[0-9]+\.wr\.bytes"), False),
    _Column(u"RX/s", 5, _rate(r"net\.[0-9]+\.rx\.bytes"), False),
    _Column(u"TX/s", 5, _rate(r"net\.[0-9]+\.tx\.bytes"), False),
    _Column(u"HOST", 5, _age("host"), False),
    _Column(u"MON", 5, _age("monitor"), False),
    _Column(u"STOR", 5, _age("storage"), False),
)
