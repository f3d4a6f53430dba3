# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Families of series as the text that Prometheus reads, in either of its formats.

prometheus_client can write them too, and it is what says how they look: the
tests compare. But it takes each sample apart into an object and a dict of
labels and puts them together again, each time; here the labels of a VM or a
device are written once for all of its series.
"""

from __future__ import absolute_import, division, print_function

from vmsampling import metrics

_TOTAL = "_total"


def text(families, openmetrics=False):
    """
    Return the families as text; without the end mark of OpenMetrics.
    """
    lines = []
    for family in families:
        metric = family.metric
        name = metric.name
        if openmetrics and metric.type == metrics.COUNTER:
            # There, the family of a counter has the name without this.
            name = name[:-len(_TOTAL)]
        lines.append("# HELP %s %s\n# TYPE %s %s\n" % (
            name, metric.help, name, metric.type))
        if metric.type == metrics.HISTOGRAM:
            lines.extend(_buckets(family))
        else:
            lines.extend(_samples(family))
    return "".join(lines)


END = "# EOF\n"


def _samples(family):
    name = family.metric.name
    return ["%s{%s} %r\n" % (name, labels.text, value) if labels.text
            else "%s %r\n" % (name, value)
            for labels, value in zip(family.labels, family.values)]


def _buckets(family):
    name = family.metric.name
    for labels, buckets in zip(family.labels, family.values):
        for bound, count in buckets:
            yield "%s_bucket{%s} %r\n" % (
                name, labels.more((("le", bound),)).text, count)
