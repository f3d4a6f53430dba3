# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Lines for a terminal: a line is a list of (text, style).

The text is cleaned before, see text.py; the style is one of the words below.
"""

from __future__ import absolute_import, division, print_function

from vmsampling import text

PLAIN = "plain"
# What stands around the figures.
TITLE = "title"
# The title of the column that the list is sorted by.
SORTED = "sorted"
# What a user should know.
WARNING = "warning"
# A VM that is stuck.
STUCK = "stuck"
# The VM that the keys are about.
SELECTED = "selected"
SELECTED_STUCK = "selected stuck"
# What matters less.
DIM = "dim"
STRONG = "strong"

ALL = (PLAIN, TITLE, SORTED, WARNING, STUCK, SELECTED, SELECTED_STUCK, DIM,
       STRONG)


def width(line):
    """
    Return the number of columns that a line takes.
    """
    return sum(text.width(part) for part, _ in line)


def clean(line, encoding="utf-8"):
    """
    Return the line without anything but visible characters.
    """
    return [(text.clean(part, encoding), style) for part, style in line]


def cut(line, columns, encoding="utf-8"):
    """
    Return the line in at most so many columns, marked where cut.
    """
    if width(line) <= columns:
        return line
    found = []
    for part, style in line:
        room = columns - width(found)
        found.append((text.cut(part, room, encoding), style))
        if text.width(part) > room:
            break
    return found


def pad(line, columns, style=PLAIN):
    """
    Return the line with spaces up to so many columns.
    """
    missing = columns - width(line)
    return line + [(u" " * missing, style)] if missing > 0 else line


def restyled(line, style):
    """
    Return the line, all of it in one style.
    """
    return [(u"".join(part for part, _ in line), style)]


def plain(line):
    """
    Return its text.
    """
    return u"".join(part for part, _ in line)


def fold(head, words, columns, indent):
    """
    Return cleaned text as lines of at most so many columns, broken between
    words where that is possible. The first one begins with the head, the
    others are indented.
    """
    if columns - text.width(indent) < 2:
        indent = u""
    found, line, bare = [], head, True
    for word in words.split(u" "):
        longer = line + (u"" if bare else u" ") + word
        if text.width(longer) <= columns or bare:
            line = longer
        else:
            found.append(line)
            line = indent + word
        bare = False
        while text.width(line) > columns:
            part, line = _split(line, columns)
            found.append(part)
            line = indent + line
    return found + [line]


def _split(line, columns):
    room = columns
    for n, char in enumerate(line):
        room -= text.width(char)
        if room < 0:
            return line[:max(n, 1)], line[max(n, 1):]
    return line, u""
