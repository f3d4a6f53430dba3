# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What "top" shows now, and what each key makes of that. Knows of no terminal.
"""

from __future__ import absolute_import, division, print_function

from vmsampling import columns as _columns
from vmsampling import details
from vmsampling import helppage
from vmsampling import keys
from vmsampling import ranking
from vmsampling import spans
from vmsampling import topview

# What press() asks of who has the terminal.
QUIT = "quit"
SUSPEND = "suspend"
REDRAW = "redraw"

_LIST = keys.actions(keys.LIST)
_PAGE = keys.actions(keys.PAGE)

# Longer than any name that somebody wants to type.
_MAX_PART = 100


class Screen(object):
    """
    Thread: one.
    """

    def __init__(self, encoding="utf-8"):
        self._encoding = encoding
        self._view = topview.View(
            ranking.order("cpu"), False, _columns.SOME, u"", False, False,
            None, 0)
        # The newest Figures, and those that are shown: the same unless
        # paused. None before show().
        self._newest = None
        self._figures = None
        # The last topview.Picture: what the keys move in. None before draw().
        self._picture = None
        # Whether the first row is selected whichever VM that is: until the
        # user goes to another one.
        self._first = True
        # Number of the row that was selected last.
        self._place = 0
        # What is read: "details" or "help"; None: the list.
        self._page = None
        # Which part of it is shown.
        self._scroll = _Scroll()

    def show(self, figures):
        """
        Take over new topview.Figures.
        """
        self._newest = figures
        if not self._view.paused:
            self._figures = figures

    def draw(self, rows, columns):
        """
        Return the lines, at most so many; none is wider than that.
        """
        # Also below a page: that is about the selected VM.
        self._list(rows, columns)
        if self._select():
            self._list(rows, columns)
        if self._page is None:
            return self._picture.lines
        return self._draw_page(rows, columns)

    def press(self, key):
        """
        Do what a key does; return QUIT, SUSPEND, REDRAW or None.
        """
        if self._view.typing:
            return self._type(key)
        action = (_LIST if self._page is None else _PAGE).get(key)
        if action in (QUIT, SUSPEND, REDRAW):
            return action
        if action == "pause":
            self._pause()
        elif action == "help":
            self._open("help" if self._page != "help" else None)
        elif action is not None and self._page is None:
            self._press_list(action)
        elif action is not None:
            self._press_page(action)
        return None

    def _press_list(self, action):
        view = self._view
        if action in ("down", "up", "pagedown", "pageup", "home", "end"):
            self._first = action == "home"
            self._move(_moved(action, self._number(), self._picture.room,
                              len(self._picture.ranked)))
        elif action == "open":
            if view.selected is not None:
                self._open("details")
        elif action in ("order-left", "order-right"):
            self._change(backwards=False, order=ranking.beside(
                view.order, -1 if action == "order-left" else 1))
        elif action.startswith("order "):
            self._change(backwards=False, order=ranking.order(
                action[len("order "):]))
        elif action == "reverse":
            self._change(backwards=not view.backwards)
        elif action == "filter":
            self._change(typing=True)
        elif action == "unfilter":
            self._change(part=u"")
        elif action == "trends":
            modes = _columns.MODES
            self._change(mode=modes[
                (modes.index(view.mode) + 1) % len(modes)])

    def _press_page(self, action):
        if action == "back":
            self._open(None)
        elif action in ("next", "previous"):
            if self._page == "details":
                number = self._number() + (1 if action == "next" else -1)
                self._move(min(max(number, 0), len(self._picture.ranked) - 1))
                self._scroll = _Scroll()
        else:
            self._scroll.press(action)

    def _type(self, key):
        part = self._view.part
        if key == "enter":
            self._change(typing=False)
        elif key == "esc":
            self._change(typing=False, part=u"")
        elif key == "backspace":
            self._change(part=part[:-1])
        elif key == "ctrl-u":
            self._change(part=u"")
        elif key == "f10":
            return QUIT
        elif key == "space":
            self._change(part=part + u" ")
        elif len(key) == 1 and len(part) < _MAX_PART:
            self._change(part=part + key)
        elif key in _LIST and len(key) > 1:
            # The arrows, among others.
            self._change(typing=False)
            return self.press(key)
        return None

    def _pause(self):
        figures = self._figures
        if self._view.paused:
            figures = self._newest
        elif figures is not None:
            # What is asked for later must be of now.
            kept = dict((uuid, figures.trends(uuid))
                        for uuid in figures.snapshot["vms"])
            figures = figures._replace(trends=kept.get)
        self._figures = figures
        self._change(paused=not self._view.paused)

    def _open(self, page):
        # Other VMs may come first now, but it is this one that is read of.
        self._first = self._first and page != "details"
        self._page = page
        self._scroll = _Scroll()

    def _change(self, **changes):
        self._view = self._view._replace(**changes)

    def _number(self):
        """
        Return the number of the selected row.
        """
        for number, (uuid, _) in enumerate(self._picture.ranked):
            if uuid == self._view.selected:
                return number
        return 0

    def _move(self, number):
        if self._picture.ranked:
            self._change(selected=self._picture.ranked[number][0])

    def _list(self, rows, columns):
        self._picture = topview.draw(
            self._figures, self._view, rows, columns, self._encoding)
        self._change(first=self._picture.first)

    def _select(self):
        """
        If the selected VM is not there any more, select the one that is in
        its place; true if that changes anything.
        """
        ranked = self._picture.ranked
        before = self._view.selected
        if self._first and ranked:
            self._move(0)
        elif before in [uuid for uuid, _ in ranked]:
            self._place = self._number()
        elif not ranked:
            self._change(selected=None)
        elif self._page != "details":
            self._move(min(self._place, len(ranked) - 1))
        return self._view.selected != before

    def _draw_page(self, rows, columns):
        if self._page == "help":
            lines = helppage.lines(columns, self._encoding)
        else:
            lines = details.lines(
                self._figures, self._view.selected, columns, self._encoding)
        hints = 1 if rows > 4 else 0
        shown = self._scroll.cut(lines, max(rows - hints, 1))
        if hints:
            shown.append(_footer(
                self._figures, self._view.paused, self._scroll))
        return [spans.cut(line, columns, self._encoding) for line in shown]


class _Scroll(object):
    """
    Which lines of a page are shown.
    """

    def __init__(self):
        # Number of the first one, how many there are, how many have room.
        self.first = 0
        self.length = 0
        self.room = 1

    @property
    def last(self):
        return min(self.first + self.room, self.length)

    def press(self, action):
        self.first = _moved(action, self.first, self.room,
                            self.length - self.room + 1)

    def cut(self, lines, room):
        """
        Return so many lines of these; empty ones follow where there are less.
        """
        self.length, self.room = len(lines), room
        self.first = min(self.first, max(self.length - room, 0))
        shown = lines[self.first:self.last]
        return shown + [[]] * (room - len(shown))


def _footer(figures, paused, scroll):
    line = [(topview.clock(figures.snapshot), spans.STRONG),
            (u"  ", spans.PLAIN)]
    if paused:
        line += [(u"PAUSED", spans.WARNING), (u"  ", spans.PLAIN)]
    line.append((u"lines %d-%d of %d  " % (
        scroll.first + 1, scroll.last, scroll.length), spans.DIM))
    return line + topview.hints((
        (u"q", u"back"), (u"Up/Down", u"scroll"),
        (u"Left/Right", u"other VMs")))


def _moved(action, number, page, count):
    """
    Return what a number from 0 up to count, not included, becomes.
    """
    steps = {"down": 1, "up": -1, "pagedown": page, "pageup": -page,
             "home": -count, "end": count}
    return min(max(number + steps[action], 0), max(count - 1, 0))
