# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What Debian's prometheus-libvirt-exporter 0.2.0 (kumina's) has by a name of its
own. It puts uuid, source_file and source_bridge on each series; here they are
in info metrics, since each byte of a label costs as often as there are series,
and a series must not end because a snapshot gave the disk another file.
"""

from __future__ import absolute_import, division, print_function

from vmsampling import devicemetrics
from vmsampling import metrics

counter = metrics.counter
gauge = metrics.gauge


def count(_snapshot, value, _numbers):
    """
    A special: the value is how many there are.
    """
    return [((), float(len(value)))]


FIELDS = (
    gauge("libvirt_domain_state_code", "state.state",
          "State of the VM: 0 none, 1 running, 2 blocked, 3 paused, 4 being "
          "shut down, 5 off, 6 crashed, 7 suspended by its guest."),
    counter("libvirt_domain_block_stats_read_seconds_total",
            "block.*.rd.times", "Time that requests to read took.", "ns",
            devicemetrics.BLOCK),
    counter("libvirt_domain_block_stats_write_seconds_total",
            "block.*.wr.times", "Time that requests to write took.", "ns",
            devicemetrics.BLOCK),
    counter("libvirt_domain_block_stats_flush_seconds_total",
            "block.*.fl.times", "Time that requests to flush took.", "ns",
            devicemetrics.BLOCK),
)

VM_PATHS = ()

PATHS = (
    gauge("libvirt_domains_number", "vms", "How many VMs there are.",
          special=count),
)
