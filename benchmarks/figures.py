# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The figures as text.
"""

from __future__ import absolute_import, division, print_function

import collections

_COLUMN = "%24s"
_LABEL = "  %-28s"

_SUMMARY = "%-9s %-27s %10s %10s %10s  %-15s %5s  %s"


def median(values):
    """
    The middle one of numbers, the most frequent one of words.
    """
    if any(not isinstance(value, (int, float)) for value in values):
        return collections.Counter(values).most_common(1)[0][0]
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def details(row, samples):
    """
    Return the lines of one row: median [least-most] of each candidate.

    samples: by candidate, then by the key of the metric; lists.
    """
    candidates = [name for name in row.candidates if name in samples]
    lines = [row.name + ": " + row.title,
             _LABEL % "" + "".join(_COLUMN % name for name in candidates)]
    for metric in row.metrics:
        lines.append(_LABEL % metric.label + "".join(
            _COLUMN % _range(metric.form, samples[name][metric.key])
            for name in candidates))
    return lines


def header():
    return _SUMMARY % (
        "row", "", "ours", "VDSM", "TPE", "target", "ratio", "")


def summary(row, samples):
    """
    Return a line for each target of the row.
    """
    lines = []
    for metric in row.metrics:
        if metric.target is None or "ours" not in samples:
            continue
        values = dict((name, median(found[metric.key]))
                      for name, found in samples.items())
        lines.append(_SUMMARY % (
            row.name, metric.label,
            _value(metric.form, values.get("ours")),
            _value(metric.form, values.get("VDSM")),
            _value(metric.form, values.get("TPE", values.get("bulk"))),
            metric.target, _ratio(metric.target, values),
            _WORDS[metric.target.met(values)]))
    return lines


_WORDS = {True: "met", False: "MISSED", None: "-"}


def _ratio(target, values):
    peer = getattr(target, "peer", None)
    if peer not in values:
        return ""
    return "%.2f" % (values["ours"] / values[peer])


def _range(form, values):
    middle = _value(form, median(values))
    if len(set(values)) == 1 or len(set(map(type, values))) > 1:
        return middle
    if isinstance(values[0], (int, float)):
        return "%s [%s..%s]" % (
            middle, _value(form, min(values)), _value(form, max(values)))
    # Words: others came as well.
    return middle + " [not always]"


def _value(form, value):
    if value is None:
        return "-"
    if value == float("inf"):
        return "never"
    return form % value
