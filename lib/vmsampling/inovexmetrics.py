# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What inovex' prometheus-libvirt-exporter has by a name of its own; the names
are those of its code, from which its README differs. Where it does not have a
figure it says 0 or NaN, which is not imitated; nor that it gives milliseconds
for the seconds of a job.
"""

from __future__ import absolute_import, division, print_function

from vmsampling import debianmetrics
from vmsampling import devicemetrics
from vmsampling import metrics

counter = metrics.counter
gauge = metrics.gauge
info = metrics.info

# The setting [exporter] metadata that makes its labels of OpenStack.
METADATA = (
    "instance_name=nova:instance/nova:name, "
    "flavor_name=nova:instance/nova:flavor/@name, "
    "user_name=nova:instance/nova:owner/nova:user, "
    "user_id=nova:instance/nova:owner/nova:user/@uuid, "
    "project_name=nova:instance/nova:owner/nova:project, "
    "project_id=nova:instance/nova:owner/nova:project/@uuid")

_STATES = (
    "no state", "the domain is running", "the domain is blocked on resource",
    "the domain is paused by user", "the domain is being shut down",
    "the domain is shut off", "the domain is crashed",
    "the domain is suspended by guest power management")


def _state(_stats, value, _numbers):
    found = _STATES[value] if 0 <= value < len(_STATES) else ""
    return [((("state_desc", found),), float(value))]


def _used(stats, usable, _numbers):
    available = stats.get("balloon.available")
    if not available:
        return []
    return [((), (available - usable) / available * 100)]


def _is_stuck(_vm, value, _numbers):
    return [((), 1.0)]


FIELDS = (
    gauge("libvirt_domain_info_state", "state.state",
          "State of the VM, as a number and in words.", special=_state),
    gauge("libvirt_domain_memory_stats_current_balloon_bytes",
          "balloon.current",
          "Memory that the balloon leaves to the guest.", "KiB"),
    gauge("libvirt_domain_memory_stats_maximum_bytes", "balloon.maximum",
          "Memory that the VM may have at most.", "KiB"),
    gauge("libvirt_domain_vcpu_current", "vcpu.current",
          "Virtual CPUs that the VM has now."),
    gauge("libvirt_domain_memory_stats_used_percent", "balloon.usable",
          "Memory that the guest cannot give away, in percent of what it "
          "sees.", special=_used),
    counter("libvirt_domain_block_stats_read_time_seconds_total",
            "block.*.rd.times", "Time that requests to read took.", "ns",
            devicemetrics.BLOCK),
    counter("libvirt_domain_block_stats_write_time_seconds_total",
            "block.*.wr.times", "Time that requests to write took.", "ns",
            devicemetrics.BLOCK),
    counter("libvirt_domain_block_stats_flush_time_seconds_total",
            "block.*.fl.times", "Time that requests to flush took.", "ns",
            devicemetrics.BLOCK),
)

VM_PATHS = (
    gauge("libvirt_domain_timed_out", "stuck", "1 while the VM hangs.",
          absent=0.0, special=_is_stuck),
    info("libvirt_domain_openstack_info", "",
         "What OpenStack says of the VM, if [exporter] metadata has these "
         "labels.",
         (("instance_id", "uuid"),
          ("instance_name", "about.metadata.instance_name"),
          ("flavor_name", "about.metadata.flavor_name"),
          ("user_name", "about.metadata.user_name"),
          ("user_id", "about.metadata.user_id"),
          ("project_name", "about.metadata.project_name"),
          ("project_id", "about.metadata.project_id"))),
)

PATHS = (
    gauge("libvirt_domains", "vms", "How many VMs there are.",
          special=debianmetrics.count),
)
