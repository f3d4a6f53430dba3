# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The rows of the tables that are not about fields: what they say of a VM, or of
a whole snapshot.
"""

from __future__ import absolute_import, division, print_function

from vmsampling import metrics

_STAR = "*"
_MISSING = object()


class Path(object):

    def __init__(self, metric, slot):
        """
        slot: the number of the family.
        """
        self.metric = metric
        self.slot = slot
        self._steps = _steps(metric.source)
        self._divisor = metrics.UNITS[metric.unit]
        # Pairs of a label and the steps to it.
        self._texts = [(label, _steps(source))
                       for label, source in metric.texts or ()]

    def add(self, family, labels, around, kept):
        """
        Add what it says of what is around it to a series.Family.

        kept: a dict, to keep labels from one time to the next with the same
            labels.
        """
        taken = set()
        for bound, value in _walk(around, self._steps):
            for more, number in self._values(around, value):
                key = self.slot, bound, len(taken)
                before, own = kept.get(key, (None, None))
                if before != more:
                    own = labels.more(
                        tuple(zip(self.metric.labels, bound)) + tuple(more))
                    kept[key] = more, own
                # Two disks of a VM may claim the same name.
                if own.text not in taken:
                    taken.add(own.text)
                    family.add(own, number)

    def _values(self, around, value):
        metric = self.metric
        if value is None:
            return () if metric.absent is None else (((), metric.absent),)
        if metric.texts is not None:
            return ((self._found(value), 1.0),)
        if metric.special:
            return metric.special(around, value, ())
        if isinstance(value, (int, float)):
            return (((), value / self._divisor),)
        return ()

    def _found(self, value):
        found = []
        for label, steps in self._texts:
            inner = _inner(value, steps)
            if inner not in (_MISSING, None, ""):
                found.append((label, inner))
        return found


def _steps(source):
    return tuple(source.split(".")) if source else ()


def _walk(data, steps):
    """
    Return (keys for the stars, value) of all that is there. A None on the way
    is the value.
    """
    if _STAR not in steps:
        value = _inner(data, steps)
        return () if value is _MISSING else (((), value),)
    at = steps.index(_STAR)
    data = _inner(data, steps[:at])
    if isinstance(data, dict):
        items = sorted(data.items())
    else:
        items = enumerate(data if isinstance(data, list) else ())
    return [((key,) + bound, value) for key, inner in items
            for bound, value in _walk(inner, steps[at + 1:])]


def _inner(data, steps):
    for step in steps:
        if data is None:
            break
        if not isinstance(data, dict):
            return _MISSING
        data = data.get(step, _MISSING)
        if data is _MISSING:
            break
    return data
