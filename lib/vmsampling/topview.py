# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The list of all VMs, as lines for a terminal of a given size.

What was not measured is shown as "-", never as a zero. Names and whatever else
comes from outside is cleaned before it is measured and cut.
"""

from __future__ import absolute_import, division, print_function

import collections
import time

from vmsampling import columns as _columns
from vmsampling import hostline
from vmsampling import ranking
from vmsampling import spans
from vmsampling import sparkline
from vmsampling import table
from vmsampling import text
from vmsampling import trends as _trends
from vmsampling import vmfigures

# snapshot: see Sampler.snapshot(). trends: function that returns what
# Trends.of() does. period: seconds between two rounds. where: the host and
# the URI, for people.
Figures = collections.namedtuple("Figures", "snapshot trends period where")

# What the user has chosen. order: a ranking.Order. mode: one of
# columns.MODES. part: of the names that are shown. typing: whether that is
# being typed. paused: whether newer figures are held back. selected: the UUID.
# first: number of the row that is shown first.
View = collections.namedtuple(
    "View", "order backwards mode part typing paused selected first")

# lines: what to draw. first: as in the view, if need be moved so that the
# selected VM is shown. room: how many rows were shown at most. ranked: all
# rows, shown or not.
Picture = collections.namedtuple("Picture", "lines first room ranked")

_HINTS = ((u"F1", u"help"), (u"Enter", u"info"), (u"/", u"filter"),
          (u"<>", u"sort"), (u"R", u"reverse"), (u"t", u"trends"),
          (u"p", u"pause"), (u"q", u"quit"))


def draw(figures, view, rows, columns, encoding="utf-8"):
    """
    Return the Picture.
    """
    vms = figures.snapshot["vms"]
    everyone = ranking.rank(vms, view.order, view.backwards)
    ranked = ranking.matching(everyone, view.part)
    hints = 1 if rows > 4 or view.typing else 0
    top = _top(figures, view, everyone, ranked, max(rows // 2 - 1, 1))
    room = max(rows - len(top) - hints - 1, 1)
    first = _first(view, ranked, room)
    shown = ranked[first:first + room]
    body = _table(figures, view, ranked, shown, columns, encoding)
    body += [[]] * (room + 1 - len(body))
    found = [spans.clean(line, encoding) for line in top] + body
    if hints:
        found.append(_footer(view, encoding))
    # The top was made for more rows than the smallest windows have.
    return Picture([spans.cut(line, columns, encoding)
                    for line in found[:rows]], first, room, ranked)


def _first(view, ranked, room):
    """
    Return which row is shown first: as few others as possible move.
    """
    first = min(view.first, max(len(ranked) - room, 0))
    for number, (uuid, _) in enumerate(ranked):
        if uuid == view.selected:
            return max(min(first, number), number - room + 1)
    return first


def _top(figures, view, everyone, ranked, room):
    """
    Return at most so many lines about all VMs.
    """
    stuck = [vm for _, vm in everyone if vm["stuck"]]
    found = [_title(figures, view),
             _counts(figures, view, everyone, ranked, stuck)]
    found = (found + _about_all(figures))[:room]
    return found + _stuck(stuck, max(room - len(found), 0))


def _title(figures, view):
    snapshot = figures.snapshot
    line = [(clock(snapshot), spans.STRONG)]
    if view.paused:
        line += [(u" ", spans.PLAIN), (u"PAUSED", spans.WARNING)]
    line.append((u"  sorted by %s%s" % (
        view.order.name, u", backwards" if view.backwards else u""),
        spans.PLAIN))
    line.append((u"  " + figures.where, spans.DIM))
    return line


def clock(snapshot):
    """
    Return the time of day when it was taken.
    """
    return u"" + time.strftime("%H:%M:%S", time.localtime(snapshot["time"]))


def _counts(figures, view, everyone, ranked, stuck):
    snapshot = figures.snapshot
    if not snapshot["round"]:
        return [(u"waiting for the first round", spans.WARNING)]
    fresh = sum(1 for _, vm in everyone if table.fresh(vm, figures.period))
    line = [(u"VMs %d  " % len(everyone), spans.PLAIN)]
    if view.part:
        line.append((u"shown %d  " % len(ranked), spans.WARNING))
    line.append((u"stuck %d" % len(stuck),
                 spans.STUCK if stuck else spans.PLAIN))
    hidden = len(stuck) - sum(1 for _, vm in ranked if vm["stuck"])
    if hidden:
        line.append((u" (%d not shown)" % hidden, spans.STUCK))
    line.append((u"  ", spans.PLAIN))
    line.append((u"fresh %d/%d" % (fresh, len(everyone)),
                 spans.PLAIN if fresh == len(everyone) else spans.WARNING))
    elapsed = vmfigures.number(snapshot["elapsed"])
    pool, budget = snapshot["pool"], snapshot["budget"]
    line.append((u"  round %s of %g s  free %d  late %d  hung %d/%d" % (
        table.MISSING if elapsed is None else u"%.3f" % elapsed,
        figures.period, pool["free"], pool["late"], budget["hung"],
        budget["max_hung"]), spans.PLAIN))
    return line


def _about_all(figures):
    """
    Return lines about the host, whose figures these are, and what is wrong.
    """
    snapshot, period = figures.snapshot, figures.period
    found = []
    if snapshot.get("host"):
        found.append((hostline.line(
            snapshot["host"], table.FRESH_PERIODS * period), spans.PLAIN))
    source = snapshot.get("source") or {}
    if source.get("text"):
        found.append((source["text"], spans.DIM))
    for line in table.troubles(snapshot, period):
        found.append((line, spans.WARNING))
    return [[span] for span in found]


def _stuck(stuck, room):
    """
    Return at most so many lines that say which VMs hang, and who has them.
    """
    longest = sorted(stuck, key=lambda vm: vmfigures.stuck(vm) or 0.0,
                     reverse=True)
    if len(longest) > room:
        kept = max(room - 1, 0)
        left = len(longest) - kept
        longest = longest[:kept]
    else:
        left = 0
    found = [[(evidence(vm), spans.STUCK)] for vm in longest]
    if left and room:
        found.append([(u"(%d more stuck VMs)" % left, spans.STUCK)])
    return found


def evidence(vm):
    """
    Return in one line for how long this VM is stuck, and who has it. Not
    cleaned.
    """
    stuck = vm["stuck"]
    seconds = vmfigures.number(stuck.get("seconds"))
    parts = [u"stuck"] if seconds is None else [
        u"stuck for " + table.seconds(seconds)]
    if stuck.get("why"):
        parts.append(text.clean(stuck["why"]))
    elif stuck.get("call"):
        parts.append(u"in " + text.clean(stuck["call"]))
    holder = vm.get("holder") or stuck.get("holder")
    if holder:
        parts.append(u"job: " + text.clean(holder))
    wchan = (stuck.get("kernel") or {}).get("wchan")
    if wchan:
        parts.append(u"kernel: " + text.clean(wchan))
    return text.clean(vm["name"]) + u" " + u", ".join(parts)


def _table(figures, view, ranked, shown, columns, encoding):
    names = dict((uuid, text.clean(vm["name"], encoding))
                 for uuid, vm in ranked)
    width, chosen = _columns.choose(
        columns, max([text.width(name) for name in names.values()] or [0]),
        view.mode, view.order.columns)
    found = [_titles(view, width, chosen, columns, encoding)]
    for uuid, vm in shown:
        line = _row(names[uuid], vm, figures.trends(uuid), width, chosen,
                    encoding)
        if uuid == view.selected:
            style = (spans.SELECTED_STUCK if vm["stuck"] else spans.SELECTED)
            line = spans.restyled(spans.pad(line, columns), style)
        elif vm["stuck"]:
            line = spans.restyled(line, spans.STUCK)
        found.append(line)
    if not shown:
        found.append([(u"no VM" if not view.part else
                       u"no VM whose name has this part", spans.DIM)])
    return found


def _titles(view, width, chosen, columns, encoding):
    style = spans.SORTED if "name" in view.order.columns else spans.TITLE
    line = [(text.pad(text.cut(u"NAME", width, encoding), width), style)]
    for column, room in chosen:
        title = (text.pad(column.title, room) if column.trend else
                 u" " * (room - text.width(column.title)) + column.title)
        sorted_ = column.name in view.order.columns
        line += [(u" ", spans.TITLE),
                 (title, spans.SORTED if sorted_ else spans.TITLE)]
    return spans.pad(line, columns, spans.TITLE)


def _row(name, vm, trends, width, chosen, encoding):
    parts = [text.pad(text.cut(name, width, encoding), width)]
    for column, room in chosen:
        if column.trend:
            parts.append(sparkline.draw(
                trends[column.trend], room, _trends.LEAST[column.trend],
                encoding))
            continue
        cell = text.cut(text.clean(column.cell(vm), encoding), room, encoding)
        parts.append(u" " * (room - text.width(cell)) + cell)
    return [(u" ".join(parts), spans.PLAIN)]


def _footer(view, encoding):
    if view.typing:
        return [(u"Show names with: ", spans.STRONG),
                (text.clean(view.part, encoding) + u"_", spans.PLAIN),
                (u"   Enter keeps it, Esc shows all", spans.DIM)]
    line = []
    if view.part:
        line = [(u"names with \"%s\"" % text.clean(view.part, encoding),
                 spans.WARNING), (u"  ", spans.PLAIN)]
    return line + hints(_HINTS)


def hints(pairs):
    """
    Return spans that tell what these keys do.
    """
    found = []
    for key, words in pairs:
        found += [(u"  " if found else u"", spans.PLAIN),
                  (key, spans.STRONG), (u" " + words, spans.DIM)]
    return found
