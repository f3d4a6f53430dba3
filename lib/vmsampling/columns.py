# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The columns of "top", and which of them fit into a terminal.
"""

from __future__ import absolute_import, division, print_function

import collections

from vmsampling import table
from vmsampling import vmfigures

# cell: text for one VM; None for a line of its last values, and trend is what
# they are then, one of trends.NAMES.
Column = collections.namedtuple("Column", "name title width cell trend")

# Modes: whether figures or trends are left out first.
SOME, MANY, NONE = MODES = ("some", "all", "none")

_NAME_MIN = 8
_NAME_USUAL = 20
_NAME_MAX = 48
_TREND_MIN = 8
_TREND_MAX = 60


def _state(vm):
    if not vm["stuck"]:
        return vm["state"]
    seconds = vmfigures.number(vm["stuck"].get("seconds"))
    return u"stuck" if seconds is None else u"stuck " + span(seconds)


def span(seconds):
    """
    Return a span of time in at most three columns.
    """
    for unit, size, limit in ((u"s", 1, 100), (u"m", 60, 100),
                              (u"h", 3600, 72)):
        if seconds < limit * size:
            return u"%d%s" % (seconds // size, unit)
    return u"%dd" % (seconds // 86400)


def percent(value):
    """
    Return a percentage in at most five columns.
    """
    if value is None:
        return table.MISSING
    return (u"%.1f" if value < 999.95 else u"%.0f") % value


def count(value):
    """
    Return a number of something a second in at most five columns.
    """
    if value is None:
        return table.MISSING
    if value < 9.95:
        return u"%.1f" % value
    for unit in (u"", u"k", u"M"):
        if round(value) < 10000:
            return u"%.0f%s" % (value, unit)
        value /= 1000.0
    return u"%.0fG" % value


def _figure(name, title, take, show=table.amount):
    return Column(name, title, 5, lambda vm: show(take(vm)), None)


def _trend(name, title):
    return Column(name + " trend", title, _TREND_MIN, None, name)


# As they stand on the screen, right of the name.
ALL = (
    Column("state", u"STATE", 9, _state, None),
    _figure("age", u"AGE", vmfigures.age, table.seconds),
    _figure("cpu", u"CPU%", vmfigures.cpu, percent),
    _trend("cpu", u"CPU"),
    _figure("steal", u"STEAL", vmfigures.steal, percent),
    _figure("mem", u"MEM", vmfigures.memory),
    _figure("rss", u"RSS", vmfigures.resident),
    _figure("read", u"RD/s", vmfigures.read),
    _figure("write", u"WR/s", vmfigures.written),
    _trend("disk", u"DISK"),
    _figure("iops", u"IOPS", vmfigures.requests, count),
    _figure("receive", u"RX/s", vmfigures.received),
    _figure("send", u"TX/s", vmfigures.sent),
    _trend("net", u"NET"),
    _figure("storage", u"STOR", lambda vm: vmfigures.age(vm, "storage"),
            table.seconds),
)

# Which come first where not all of them fit; "name" is room for the names.
_FIGURES = ("state", "cpu", "age", "read", "write", "receive", "send", "mem")
_MORE = ("iops", "steal", "storage", "rss")
_TRENDS = ("cpu trend", "disk trend", "net trend")
_WANTED = {
    SOME: (_FIGURES + _TRENDS[:1] + ("name",) + _MORE[:2] + _TRENDS[1:] +
           _MORE[2:]),
    MANY: _FIGURES[:3] + _TRENDS + ("name",) + _FIGURES[3:] + _MORE,
    NONE: _FIGURES + ("name",) + _MORE,
}


def choose(room, longest, mode, first=()):
    """
    Return (columns for the name, [(Column, its width)]).

    room: columns of the terminal.
    longest: columns of the longest name.
    first: names of columns that are shown if any are.
    """
    name = min(_NAME_MIN, room)
    left = room - name
    chosen = set()
    for wanted in tuple(first) + _WANTED[mode]:
        if wanted == "name":
            # A row of which one cannot tell whose it is helps nobody.
            more = min(max(min(longest, _NAME_USUAL) - name, 0), left)
            name, left = name + more, left - more
        elif wanted not in chosen:
            needed = 1 + _width(wanted)
            if needed <= left:
                chosen.add(wanted)
                left -= needed
    more = min(max(min(longest, _NAME_MAX) - name, 0), left)
    shown = [column for column in ALL if column.name in chosen]
    return name + more, _widened(shown, left - more)


def _widened(shown, left):
    """
    Give trends the room that is left.
    """
    trends = sum(1 for column in shown if column.trend)
    more = min(left // trends, _TREND_MAX - _TREND_MIN) if trends else 0
    return [(column, column.width + (more if column.trend else 0))
            for column in shown]


def _width(name):
    # The name of the VM is always there.
    return next((column.width for column in ALL if column.name == name), 0)
