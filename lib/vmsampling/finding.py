# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
One thing that was checked: its name, the verdict, what was found, and what to
do about it.
"""

from __future__ import absolute_import, division, print_function

import collections

OK = "ok"
# It works, but not all of it, or not all of the protection.
WARN = "warn"
# It does not work.
BAD = "bad"

_VERDICTS = (OK, WARN, BAD)

# How many names a line has room for.
_MAX_NAMES = 5

# advice: what to do, None if there is nothing.
Finding = collections.namedtuple("Finding", "name verdict found advice")


def ok(name, found):
    return Finding(name, OK, found, None)


def warn(name, found, advice):
    return Finding(name, WARN, found, advice)


def bad(name, found, advice):
    return Finding(name, BAD, found, advice)


def worst(findings):
    """
    Return the worst verdict.
    """
    return max((one.verdict for one in findings), key=_VERDICTS.index)


def names(words):
    """
    Return some words as a list for people; of many only the first ones.
    """
    words = list(words)
    shown = ", ".join(words[:_MAX_NAMES])
    if len(words) > _MAX_NAMES:
        shown += " and %d more" % (len(words) - _MAX_NAMES)
    return shown
