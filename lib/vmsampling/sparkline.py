# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Some numbers as a line of small columns.
"""

from __future__ import absolute_import, division, print_function

from vmsampling import text
from vmsampling import vmfigures

_BLOCKS = u"\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"
_ASCII = u"_.:=+*%#"

_MISSING = u" "


def draw(values, columns, top, encoding="utf-8"):
    """
    Return text of exactly so many columns, the last values on the right.

    values: numbers from 0, None where nothing is known: a gap.
    top: what fills a column at least; the greatest value that is shown, if
        that is more.
    """
    values = [vmfigures.number(value) for value in values[-columns:]]
    values = values[max(len(values) - columns, 0):] if columns > 0 else []
    top = max([top] + [value for value in values if value is not None])
    levels = _BLOCKS if text.has(encoding, _BLOCKS) else _ASCII
    drawn = u"".join(_level(value, top, levels) for value in values)
    return _MISSING * (max(columns, 0) - len(drawn)) + drawn


def _level(value, top, levels):
    if value is None:
        return _MISSING
    if top <= 0:
        return levels[0]
    level = int(max(value, 0) / top * len(levels))
    return levels[min(level, len(levels) - 1)]
