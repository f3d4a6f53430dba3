# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The rows of the table: what is measured, of whom, and what is to be reached.
"""

from __future__ import absolute_import, division, print_function

import collections

# form: of a value. target: None, or one of those below; for "ours".
Metric = collections.namedtuple("Metric", "key label form target")

# What rows need beside the candidates.
REAL_VMS = "real VMs"
FOLDER = "folder"

# needs: None, or one of the above; the others: unless the command line says
# otherwise.
Setting = collections.namedtuple("Setting", "needs vms runs seconds")

_PLAIN = Setting(needs=None, vms=0, runs=5, seconds=10.0)


class Row(object):

    def __init__(self, name, title, candidates, metrics, measure=None,
                 setting=_PLAIN):
        """
        measure: of trial.py, if it has another name.
        """
        self.name = name
        self.title = title
        self.candidates = candidates
        self.metrics = metrics
        self.measure = measure or name
        self.setting = setting


class AtMost(object):

    def __init__(self, limit):
        self._limit = limit

    def __str__(self):
        return "<= %g" % self._limit

    def met(self, values):
        """
        values: by candidate. None if it cannot be told.
        """
        return values["ours"] <= self._limit


class AtLeast(AtMost):

    def __str__(self):
        return ">= %g" % self._limit

    def met(self, values):
        return values["ours"] >= self._limit


class Ratio(object):

    def __init__(self, limit, peer):
        self._limit = limit
        self.peer = peer

    def __str__(self):
        return "<= %.2f x %s" % (self._limit, self.peer)

    def met(self, values):
        if self.peer not in values:
            return None
        return values["ours"] <= self._limit * values[self.peer]


class IsNot(object):

    def __init__(self, word):
        self._word = word

    def __str__(self):
        return "not: " + self._word

    def met(self, values):
        return values["ours"] != self._word


_POOLS = ("ours", "VDSM", "TPE")
# What a VDSM gets that has our pool in the place of its executor.
_STANDIN = _POOLS + ("standin",)

_OPERATIONS = (
    Metric("p50", "late, median, ms", "%.2f", None),
    Metric("most", "late, most, ms", "%.1f", None),
    Metric("fire", "CPU, us a run", "%.1f", None),
    Metric("missed", "runs missed", "%.0f", AtMost(0)),
)

_SAMPLING = (
    Metric("vms", "VMs", "%d", None),
    Metric("period", "period, s", "%g", None),
    # 1 % of a core for 500 VMs at 15 s.
    Metric("cpu", "CPU, us a VM and round", "%.0f", AtMost(300)),
    Metric("sweep", "sweep, ms", "%.1f", Ratio(0.7, "bulk")),
    Metric("memory", "memory, KiB a VM", "%.0f", None),
    Metric("growth", "growth, bytes a VM and round", "%.0f", None),
    Metric("threads", "threads", "%.0f", None),
)

_SIMULATION = (
    Metric("vms", "VMs", "%d", None),
    Metric("hanging", "VMs that hang", "%d", None),
    Metric("hung", "calls that hang", "%d", None),
    Metric("stale", "others older than 2 periods", "%d", AtMost(0)),
    Metric("host", "host tiers as old", "%d", AtMost(0)),
    Metric("p50", "late, median, s", "%.2f", None),
    Metric("p99", "late, p99, s", "%.2f", None),
    Metric("most", "late, most, s", "%.2f", None),
    Metric("cpu", "CPU, us a VM and round", "%.0f", AtMost(300)),
    Metric("fake", "of that the simulation", "%.0f", None),
    Metric("sweep", "longest sweep, s", "%.1f", None),
    Metric("snapshot", "longest snapshot(), ms", "%.0f", None),
    Metric("memory", "memory, KiB a VM", "%.0f", None),
    Metric("growth", "growth, bytes a VM and round", "%.0f", None),
    Metric("threads", "threads", "%d", None),
    Metric("workers", "workers", "%d", None),
    Metric("max_hung", "max_hung", "%d", None),
    Metric("period", "period, s", "%g", None),
    Metric("seed", "seed", "%d", None),
)

_SCRAPING = (
    Metric("vms", "VMs", "%d", None),
    Metric("hanging", "VMs that hang", "%d", None),
    Metric("series", "series", "%d", None),
    Metric("size", "size, MiB", "%.2f", None),
    Metric("scrape", "scrape, ms of CPU", "%.1f", AtMost(100)),
    Metric("again", "again within 1 s, ms", "%.1f", None),
    Metric("begin", "the first one, ms", "%.1f", None),
    Metric("snapshot", "snapshot(), ms", "%.1f", None),
    Metric("memory", "memory, MiB", "%.1f", None),
)

ROWS = (
    Row("dispatch", "Dispatch and complete; timeout, key; 4 submitters",
        _STANDIN, (
            Metric("wall", "us a task", "%.2f", Ratio(0.25, "VDSM")),
            Metric("cpu", "CPU, us a task", "%.2f", None))),
    Row("submit", "Submit and complete; future, deadline; 4 submitters",
        ("ours", "TPE"), (
            Metric("wall", "us a task", "%.2f", Ratio(1.0, "TPE")),
            Metric("cpu", "CPU, us a task", "%.2f", None))),
    Row("memory", "Memory kept for a completed task with a deadline",
        _STANDIN, (
            Metric("bytes", "bytes a task", "%.1f", AtMost(0.5)),)),
    Row("spread", "1000 operations at 1 s, spread over the second",
        ("ours", "slack", "VDSM", "TPE", "bare"), (
            Metric("cpu", "CPU, %", "%.2f", Ratio(0.7, "VDSM")),
            Metric("p99", "late, p99, ms", "%.2f", AtMost(0.5)),
            # As exact as it can be measured beside other load.
            Metric("drift", "drift, ms a period", "%.3f", AtMost(0.02)),
            ) + _OPERATIONS),
    Row("burst", "1000 operations at 1 s, due together",
        _STANDIN, (
            Metric("cpu", "CPU, %", "%.2f", AtMost(1.0)),
            Metric("p99", "late, p99, ms", "%.1f", AtMost(10)),
            Metric("drift", "drift, ms a period", "%.3f", None),
            ) + _OPERATIONS),
    Row("stuck", "One operation stuck for 7 s, period 0.2 s, then quick tasks",
        _STANDIN, (
            Metric("held", "threads held", "%.0f", AtMost(1)),
            Metric("threads", "threads in all", "%.0f", None),
            Metric("quick", "quick tasks run, %", "%.0f", AtLeast(100)))),
    Row("exit", "Exit of the interpreter with a stuck worker",
        _POOLS, (
            Metric("seconds", "s more than without", "%.3f", AtMost(0.1)),)),
    Row("fork", "Pool made before a fork, used in the child",
        _POOLS, (
            Metric("outcome", "outcome", "%s", IsNot("hangs")),)),
    Row("idle", "Idle, after a task with a deadline",
        _POOLS, (
            Metric("wakeups", "wake-ups a second", "%.1f", AtMost(0)),
            Metric("cpu", "CPU, %", "%.2f", None))),
    Row("metrics", "A scrape of the metrics of many VMs",
        ("ours", "hanging", "client"), _SCRAPING, "scraped",
        _PLAIN._replace(vms=500)),
    Row("sampler", "Sampling real QEMUs", ("ours", "bulk"), _SAMPLING,
        "poll", _PLAIN._replace(needs=REAL_VMS, vms=60)),
    Row("scale", "Sampling many real QEMUs", ("ours", "bulk"), _SAMPLING,
        "poll", _PLAIN._replace(needs=REAL_VMS, vms=200, seconds=40.0)),
    Row("simulated", "Sampling simulated QEMUs, from some moment on 1 % hang",
        ("ours", "no look"), _SIMULATION, "simulate",
        Setting(needs=FOLDER, vms=10000, runs=1, seconds=60.0)),
)

NAMES = tuple(row.name for row in ROWS)
# Those that take no minutes each.
USUAL = tuple(name for name in NAMES if name not in ("scale", "simulated"))
