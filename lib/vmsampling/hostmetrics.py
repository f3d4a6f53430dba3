# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The metrics of the host itself; see metrics.py for what a row is.
"""

from __future__ import absolute_import, division, print_function

from vmsampling import metrics

counter = metrics.counter
gauge = metrics.gauge

_DEVICE = ("device",)
_NODE = ("node",)

# The averages of the load are over so many minutes.
_MINUTES = ("1", "5", "15")


def _load(_snapshot, value, _numbers):
    return [((("minutes", minutes),), load)
            for minutes, load in zip(_MINUTES, value)]


def _memory(part, field, text):
    return gauge("libvirt_host_%s_%s_bytes" % (part, field),
                 "host.%s.%s" % (part, field), text)


def _network(field, text):
    return counter("libvirt_host_network_%s_total" % field,
                   "host.network.*." + field, text, labels=_DEVICE)


def _disk(field, text):
    return counter("libvirt_host_disk_%s_total" % field,
                   "host.disk.*." + field, text, labels=_DEVICE)


PATHS = (
    gauge("libvirt_host_sample_age_seconds", "host.age",
          "How old the figures of the host are.", moving=True),
    counter("libvirt_host_cpu_seconds_total", "host.cpu.*.*",
            "What a processor of the host has done. The time of guests is in "
            "user and nice too.", labels=("cpu", "mode")),
    gauge("libvirt_host_load", "host.load",
          "Average number of tasks that run or cannot be interrupted, over "
          "so many minutes.", special=_load),
    _memory("memory", "total", "Memory of the host."),
    _memory("memory", "available",
            "What could be used of it without swapping."),
    _memory("memory", "free", "What is not used at all."),
    _memory("memory", "buffers", "What is used for raw blocks of disks."),
    _memory("memory", "cached", "What is used for contents of files."),
    _memory("swap", "total", "Swap of the host."),
    _memory("swap", "free", "What of it is free."),
    gauge("libvirt_host_numa_memory_total_bytes", "host.numa.*.total",
          "Memory of a NUMA node.", labels=_NODE),
    gauge("libvirt_host_numa_memory_free_bytes", "host.numa.*.free",
          "What of it is not used at all.", labels=_NODE),
    _network("receive_bytes", "Data that the host has received."),
    _network("receive_packets", "Packets that the host has received."),
    _network("receive_errors", "Errors of receiving."),
    _network("receive_drops", "Packets that were dropped on the way in."),
    _network("transmit_bytes", "Data that the host has sent."),
    _network("transmit_packets", "Packets that the host has sent."),
    _network("transmit_errors", "Errors of sending."),
    _network("transmit_drops", "Packets that were dropped on the way out."),
    _disk("read_bytes", "Data that was read from a disk of the host."),
    _disk("read_requests", "Requests to read."),
    _disk("read_seconds", "Time that these took."),
    _disk("write_bytes", "Data that was written to a disk of the host."),
    _disk("write_requests", "Requests to write."),
    _disk("write_seconds", "Time that these took."),
    counter("libvirt_host_pressure_seconds_total", "host.pressure.*.*",
            "Time in which some task, or in full all of them at once, had to "
            "wait for a resource.", labels=("resource", "kind")),
)
