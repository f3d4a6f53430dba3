# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What a metric is: a row of the tables in the modules *metrics.py, which are
data only. Each tells a name, what it means, and where its value is found.

In the tables of fields the source is the name of a field of libvirt's, with a
* for each number in it. In the other tables it is the way to a value in the
snapshot of all, or in that of one VM; there, * is each item of a dict or list.
A value that is not there makes no sample.
"""

from __future__ import absolute_import, division, print_function

import collections

COUNTER = "counter"
GAUGE = "gauge"
HISTOGRAM = "histogram"

# What a value in this unit is divided by, so that it is in Prometheus' own.
UNITS = {
    "": 1.0,
    "ns": 1e9,
    "us": 1e6,
    "ms": 1e3,
    "KiB": 1 / 1024,
    "MiB": 1 / 1048576,
}

# name, type, help: as Prometheus has them.
# source: see the module. unit: that of the source, one of UNITS.
# labels: beside that of the VM, a pair for each * of the source. Of a field:
#     (label, name of the field that has its value, or None for the number);
#     otherwise just labels.
# constants: pairs of (label, value).
# absent: the value if there is a None on the way to the source.
# special: called with what surrounds the value (the fields of the VM, the VM,
#     or the snapshot), the value, and the numbers in the field's name; returns
#     [(pairs of further labels, value)].
# moving: a number of seconds until now, which grows while nothing happens.
# texts: of a metric whose value is 1, all that it says is in its labels:
#     pairs of (label, way to it from the source).
Metric = collections.namedtuple(
    "Metric", "name type help source unit labels constants absent special "
    "moving texts")
Metric.__new__.__defaults__ = ("", (), (), None, None, False, None)


def counter(name, source, text, unit="", labels=(), **more):
    """
    Return the row of a number that only grows.
    """
    return Metric(name, COUNTER, text, source, unit, labels, **more)


def gauge(name, source, text, unit="", labels=(), **more):
    """
    Return the row of a number that goes up and down.
    """
    return Metric(name, GAUGE, text, source, unit, labels, **more)


def info(name, source, text, texts, labels=(), **more):
    """
    Return the row of a metric that is 1 and has texts as labels.
    """
    return Metric(name, GAUGE, text, source, labels=labels, texts=texts,
                  **more)


def word(label):
    """
    Return the special of a value that is a text: it becomes this label.
    """
    def special(_around, value, _numbers):
        return [(((label, value),), 1.0)] if value else []
    return special
