# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
All that is known of one VM, as lines for a terminal: its evidence if it is
stuck, its ages, its devices, and each statistic with its rate.
"""

from __future__ import absolute_import, division, print_function

import re

import six

from vmsampling import history
from vmsampling import reasons
from vmsampling import spans
from vmsampling import sparkline
from vmsampling import table
from vmsampling import text
from vmsampling import trends
from vmsampling import vmfigures

_INDENT = u"  "
_LABEL = 12

_INDEXED = re.compile(r"(block|net|vcpu)\.(\d+)\.(.+)$")

# Titles, and fields of a device: those of stats, and those of rates.
_DEVICES = (
    ("block", u"Disks", (
        (u"RD/s", "rates", "rd.bytes"), (u"WR/s", "rates", "wr.bytes"),
        (u"rd/s", "rates", "rd.reqs"), (u"wr/s", "rates", "wr.reqs"),
        (u"ALLOC", "stats", "allocation"), (u"CAP", "stats", "capacity"),
        (u"PHYS", "stats", "physical"))),
    ("net", u"Interfaces", (
        (u"RX/s", "rates", "rx.bytes"), (u"TX/s", "rates", "tx.bytes"),
        (u"rx/s", "rates", "rx.pkts"), (u"tx/s", "rates", "tx.pkts"),
        (u"errs", "rates", "rx.errs"), (u"drop", "rates", "rx.drop"),
        (u"txdrp", "rates", "tx.drop"))),
    ("vcpu", u"Processors", (
        (u"CPU%", "percent", "time"), (u"STEAL", "percent", "delay"),
        (u"WAIT%", "percent", "wait"))),
)

_TRENDS = (("cpu", u"cores"), ("disk", u"bytes a second"),
           ("net", u"bytes a second"))

# What is shown of the kernel's words, in this order.
_KERNEL = (("state", u"state"), ("wchan", u"waits in"),
           ("syscall_name", u"system call"), ("syscall", u"number"),
           ("file", u"file"), ("ticks", u"CPU ticks"),
           ("switches", u"context switches"))


def lines(figures, uuid, columns, encoding="utf-8"):
    """
    Return the lines, each in at most so many columns if there are 20.

    figures: topview.Figures. uuid: of the VM, which may have left.
    """
    vm = figures.snapshot["vms"].get(uuid)
    if vm is None:
        return [[(u"This VM is not there any more.", spans.WARNING)]]
    page = _Page(columns, encoding)
    why = reasons.word(vm["stats"])
    page.title(u"%s  %s%s" % (
        text.clean(vm["name"], encoding), text.clean(vm["state"], encoding),
        u"" if why is None else u", " + why))
    page.say(u"UUID", uuid)
    _ages(page, vm)
    if vm.get("partial"):
        page.say(u"partial", "its job is held: some figures are libvirtd's "
                 "alone")
    _storage(page, vm.get("storage") or {})
    if vm.get("holder"):
        page.say(u"job", vm["holder"])
    if vm["stuck"]:
        _evidence(page, vm["stuck"])
    _trends(page, figures.trends(uuid))
    for group, title, fields in _DEVICES:
        _devices(page, vm, group, title, fields)
    if vm.get("about"):
        page.title(u"What it is")
        _plain(page, u"", vm["about"])
    _all_fields(page, vm)
    return page.lines


class _Page(object):
    """
    Lines that are added one after another.
    """

    def __init__(self, columns, encoding):
        self._columns = columns
        self._encoding = encoding
        self.lines = []

    def title(self, words):
        if self.lines:
            self.lines.append([])
        self.lines.append(spans.cut(
            [(words, spans.TITLE)], self._columns, self._encoding))

    def say(self, label, words, style=spans.PLAIN):
        """
        Add untrusted words, folded.
        """
        head = _INDENT + text.pad(
            text.clean(label, self._encoding), _LABEL) + u" "
        self.lines.extend([(line, style)] for line in spans.fold(
            head, text.clean(words, self._encoding), self._columns,
            u" " * text.width(head)))

    def row(self, words, style=spans.PLAIN):
        """
        Add a line of a table; it is cut.
        """
        self.lines.append(spans.cut(
            [(_INDENT + text.clean(words, self._encoding), style)],
            self._columns, self._encoding))

    def trend(self, label, values, top, words):
        room = max(min(self._columns - 50, 60), 8)
        drawn = sparkline.draw(values, room, top, self._encoding)
        self.row(u"%s %s  %s" % (label.ljust(_LABEL), drawn, words))


def _ages(page, vm):
    page.say(u"ages", u"  ".join(
        u"%s %s" % (tier, table.seconds(vmfigures.age(vm, tier)))
        for tier in history.TIERS))


def _evidence(page, stuck):
    page.title(u"Stuck")
    style = spans.STUCK
    page.say(u"for", table.seconds(vmfigures.number(stuck.get("seconds"))),
             style)
    for label, key in ((u"call", "call"), (u"why", "why"),
                       (u"job", "holder"), (u"thread", "thread"),
                       (u"thread ID", "native_id")):
        if stuck.get(key) is not None:
            page.say(label, stuck[key], style)
    late = vmfigures.number(stuck.get("late"))
    if late is not None:
        page.say(u"late by", table.seconds(late), style)
    kernel = stuck.get("kernel") or {}
    for key, label in _KERNEL:
        if kernel.get(key) is not None:
            page.say(label, kernel[key])
    since = stuck.get("since")
    if since:
        page.say(u"since seen", u"%s: %s" % (
            table.seconds(vmfigures.number(since.get("seconds"))),
            u", ".join(u"%s %s" % (since[key], label)
                       for key, label in _KERNEL if key in since)))
    for title, key, source in ((u"Kernel stack", "stack", kernel),
                               (u"Python stack", "stack", stuck)):
        if source.get(key):
            page.title(title)
            for line in source[key]:
                page.say(u"", line)


def _storage(page, storage):
    words = storage.get("canary")
    if words is None:
        return
    if storage.get("groups"):
        words += ": " + ", ".join(storage["groups"])
    if storage.get("why"):
        words += "; " + storage["why"]
    page.say(u"storage", words)


def _trends(page, values):
    page.title(u"Last rounds")
    for name, unit in _TRENDS:
        known = [value for value in values[name]
                 if vmfigures.number(value) is not None]
        shown = table.MISSING
        if known:
            show = (u"{:.2f}".format if name == "cpu" else table.amount)
            shown = u"now %s, most %s %s" % (
                show(known[-1]) if values[name][-1] is not None
                else table.MISSING, show(max(known)), unit)
        page.trend(name.upper(), values[name], trends.LEAST[name],
                   shown)


def _devices(page, vm, group, title, fields):
    found = {}
    for source in ("stats", "rates"):
        for field, value in vm[source].items():
            match = _INDEXED.match(field)
            if match and match.group(1) == group:
                device = found.setdefault(int(match.group(2)), {})
                device[source, match.group(3)] = value
    if not found:
        return
    page.title(title)
    page.row(u"%-16s" % u"" + u"".join(
        u" %6s" % name for name, _, _ in fields), spans.DIM)
    for number in sorted(found):
        name = text.clean(found[number].get(("stats", "name"), number))
        page.row(text.pad(text.cut(name, 16), 16) + u"".join(
            u" %6s" % _cell(found[number], source, field)
            for _, source, field in fields))


def _cell(device, source, field):
    if source == "percent":
        value = vmfigures.number(device.get(("rates", field)))
        return table.MISSING if value is None else u"%.1f" % (value / 1e7)
    return table.amount(vmfigures.number(device.get((source, field))))


def _plain(page, label, data):
    """
    Plain data: what has parts goes on lines of its own.
    """
    if isinstance(data, dict):
        simple = [key for key in sorted(data)
                  if not isinstance(data[key], (dict, list))]
        if simple:
            page.say(label, u", ".join(
                u"%s %s" % (text.clean(key), text.clean(data[key]))
                for key in simple))
        for key in sorted(set(data).difference(simple)):
            _plain(page, key, data[key])
    elif isinstance(data, list):
        for one in data:
            _plain(page, label, one)
    else:
        page.say(label, data)


def _all_fields(page, vm):
    page.title(u"All statistics, and what they grow by in a second")
    fields = sorted(set(vm["stats"]).union(vm["rates"]), key=_natural)
    width = max([20] + [text.width(text.clean(field)) for field in fields])
    for field in fields:
        line = text.pad(text.clean(field), width)
        line += u"  %16s" % text.clean(vm["stats"].get(field, table.MISSING))
        rate = vmfigures.number(vm["rates"].get(field))
        if rate is not None:
            line += u"  %14.1f/s" % rate
        page.row(line)
    if not fields:
        page.row(table.MISSING)


def _natural(field):
    """
    Sort 10 after 9.
    """
    return [(0, int(part), u"") if part.isdigit() else
            (1, 0, six.text_type(part)) for part in field.split(".")]
