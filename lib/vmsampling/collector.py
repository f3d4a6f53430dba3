# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The metrics as a custom collector of prometheus_client, for programs that have
a registry of their own:

    registry.register(collector.Collector(sampler.snapshot))
"""

from __future__ import absolute_import, division, print_function

import threading

from prometheus_client import core

from vmsampling import metrics
from vmsampling import series
from vmsampling import vocabulary


class Collector(object):
    """
    Thread: any.
    """

    def __init__(self, take, names=vocabulary.NAMES[0]):
        """
        take: returns a snapshot.
        names: one of vocabulary.NAMES.
        """
        self._take = take
        self._gatherer = series.Gatherer(vocabulary.named(names))
        # Registries collect on any thread, and on several at once.
        self._lock = threading.Lock()

    def describe(self):
        """
        Nothing: which metrics there are depends on the VMs, and a registry
        would ask for all of them to find out.
        """
        return []

    def collect(self):
        with self._lock:
            families = self._gatherer.gather(self._take() or {})
        return [converted(family) for family in families]


def converted(family):
    """
    Return a series.Family as one of prometheus_client's.
    """
    metric = family.metric
    found = core.Metric(
        metric.name[:-len("_total")] if metric.type == metrics.COUNTER
        else metric.name, metric.help, metric.type)
    for labels, value in zip(family.labels, family.values):
        if metric.type == metrics.HISTOGRAM:
            for bound, count in value:
                found.add_sample(metric.name + "_bucket",
                                 dict(labels.pairs, le=bound), count)
        else:
            found.add_sample(metric.name, dict(labels.pairs), value)
    return found
