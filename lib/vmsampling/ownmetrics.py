# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The metrics of the sampling itself, of the libvirtd that it asks, and of
libvirt's storage pools; see metrics.py for what a row is.
"""

from __future__ import absolute_import, division, print_function

from vmsampling import metrics

counter = metrics.counter
gauge = metrics.gauge
info = metrics.info

_POOL = ("pool",)
_STORAGE_POOL = ("storage_pool",)

# virStoragePoolState, in the words of a snapshot; see inventory.py.
_STATES = ("inactive", "building", "running", "degraded", "inaccessible")


def _state(_snapshot, value, _numbers):
    return [((), float(_STATES.index(value)))] if value in _STATES else []


_LIBVIRT = (
    gauge("libvirt_up", "connected", "1 if libvirt answers."),
    info("libvirt_versions_info", "versions", "Versions of what is running.",
         (("hypervisor_running", "hypervisor"),
          ("libvirtd_running", "daemon"),
          ("libvirt_library", "library"), ("driver", "driver"))),
    gauge("libvirt_storage_pool_state", "pools.*.state",
          "State of a storage pool: 0 inactive, 1 being built, 2 running, 3 "
          "degraded, 4 inaccessible.", labels=_STORAGE_POOL, special=_state),
    gauge("libvirt_storage_pool_capacity_bytes", "pools.*.capacity",
          "Size of a storage pool.", labels=_STORAGE_POOL),
    gauge("libvirt_storage_pool_allocation_bytes", "pools.*.allocation",
          "What of it is given away.", labels=_STORAGE_POOL),
    gauge("libvirt_storage_pool_available_bytes", "pools.*.available",
          "What of it is free.", labels=_STORAGE_POOL),
    gauge("libvirt_storage_pool_sample_age_seconds", "pools.*.age",
          "How old the figures of a storage pool are.", labels=_STORAGE_POOL,
          moving=True),
    gauge("libvirt_storage_pool_timed_out", "pools.*.timed_out",
          "1 if libvirt did not answer in time for it.",
          labels=_STORAGE_POOL),
)

# Known where virt-admin is installed and may ask.
_LIBVIRTD = (
    gauge("libvirtd_sample_age_seconds", "server.age",
          "How old the figures of libvirtd are.", moving=True),
    gauge("libvirtd_workers", "server.nWorkers",
          "Threads that libvirtd has for calls."),
    gauge("libvirtd_workers_free", "server.freeWorkers",
          "Those of them that do nothing."),
    gauge("libvirtd_workers_max", "server.maxWorkers",
          "The most that it will have."),
    gauge("libvirtd_jobs_queued", "server.jobQueueDepth",
          "Calls that wait for a thread."),
    gauge("libvirtd_clients", "server.nclients",
          "Clients that are connected to libvirtd."),
    gauge("libvirtd_clients_max", "server.nclients_max",
          "The most that it will let in."),
)

_SAMPLER = (
    info("vdsm_sampler_build_info", "sampler", "What is running here.",
         (("version", "version"),)),
    gauge("vdsm_sampler_period_seconds", "period",
          "Time between two rounds."),
    counter("vdsm_sampler_rounds_total", "round",
            "Rounds that are over."),
    gauge("vdsm_sampler_round_seconds", "elapsed",
          "How long the last of them took."),
    gauge("vdsm_sampler_last_round_timestamp_seconds",
          "sampler.settled",
          "When it was over, in seconds since 1970."),
    gauge("vdsm_sampler_late_seconds", "sampler.late",
          "How late the last round began, or how overdue the next one is."),
    counter("vdsm_sampler_cpu_seconds_total", "sampler.cpu_seconds",
            "CPU time of this process."),
    gauge("vdsm_sampler_threads", "threads", "Threads of this process."),
    gauge("vdsm_sampler_resident_memory_bytes", "sampler.resident_bytes",
          "Memory of this process."),
    gauge("vdsm_sampler_pool_threads", "executors.*.threads",
          "Threads of a pool.", labels=_POOL),
    gauge("vdsm_sampler_pool_free_threads", "executors.*.free",
          "Those of them that are not late.", labels=_POOL),
    gauge("vdsm_sampler_pool_late_tasks", "executors.*.late",
          "Calls of a pool that take longer than they should.",
          labels=_POOL),
    gauge("vdsm_sampler_pool_stuck_tasks", "executors.*.stuck",
          "Those of them that seem to hang.", labels=_POOL),
    gauge("vdsm_sampler_pool_queued_tasks", "executors.*.queued",
          "Calls that wait for a thread.", labels=_POOL),
    gauge("vdsm_sampler_budget_max_hung", "budget.max_hung",
          "How many calls may hang in QEMUs at once."),
    gauge("vdsm_sampler_budget_places", "budget.places",
          "How many of them may be ours: those that hung before this began "
          "count."),
    gauge("vdsm_sampler_budget_hung", "budget.hung",
          "How many do, those from before this began included."),
    gauge("vdsm_sampler_budget_withheld", "budget.withheld",
          "Calls that were not made so far, for want of a place."),
    gauge("vdsm_sampler_renamed", "renamed",
          "VMs and devices that are shown under another name, since there "
          "is one more of theirs."),
)

PATHS = _LIBVIRT + _LIBVIRTD + _SAMPLER
