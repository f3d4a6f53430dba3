# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The metrics of a VM's job: a migration, a backup, a save. They are there while
it lasts. See metrics.py for what a row is; what inovex' exporter has is named
as there, and the rest alike.
"""

from __future__ import absolute_import, division, print_function

from vmsampling import metrics

gauge = metrics.gauge


def _job(name, field, text, unit=""):
    return gauge("libvirt_domain_job_info_" + name, "job." + field, text,
                 unit)


def _amounts():
    for name, field, text in (("data", "data", "all data"),
                              ("memory", "memory", "memory"),
                              ("file", "disk", "disks")):
        for what, words in (("total", "to be done"), ("processed", "done"),
                            ("remaining", "left to do")):
            yield _job("%s_%s_bytes" % (name, what),
                       "%s_%s" % (field, what),
                       "What is %s, of %s." % (words, text))


FIELDS = (
    _job("type", "type", "Kind of the job, a virDomainJobType."),
    _job("operation", "operation",
         "What the job does, a virDomainJobOperation."),
    _job("time_elapsed_seconds", "time_elapsed",
         "For how long it has been running.", "ms"),
    _job("time_elapsed_net_seconds", "time_elapsed_net",
         "The same, without the difference of the two hosts' clocks.", "ms"),
    _job("time_remaining_seconds", "time_remaining",
         "How long it will still take.", "ms"),
    _job("downtime_seconds", "downtime",
         "For how long the VM will not run.", "ms"),
    _job("downtime_net_seconds", "downtime_net",
         "The same, without the difference of the two hosts' clocks.", "ms"),
    _job("setup_seconds", "setup_time", "How long its beginning took.",
         "ms"),
) + tuple(_amounts()) + (
    _job("memory_bytes_per_second", "memory_bps",
         "How fast memory is sent."),
    _job("file_bytes_per_second", "disk_bps", "How fast disks are sent."),
    _job("memory_constant_pages", "memory_constant",
         "Pages that had the same byte all over."),
    _job("memory_normal_pages", "memory_normal", "Pages that had not."),
    _job("memory_normal_bytes", "memory_normal_bytes",
         "What was sent for these."),
    _job("memory_dirty_pages_per_second", "memory_dirty_rate",
         "How fast the guest changes its memory."),
    _job("memory_page_size_bytes", "memory_page_size", "Size of a page."),
    _job("memory_iteration", "memory_iteration",
         "Which pass over the memory this is."),
    _job("memory_postcopy_requests", "memory_postcopy_requests",
         "Pages that the guest has waited for on its new host."),
    _job("compression_cache_bytes", "compression_cache",
         "Size of the cache for compression."),
    _job("compression_bytes", "compression_bytes",
         "What was sent compressed."),
    _job("compression_pages", "compression_pages",
         "Pages that were sent compressed."),
    _job("compression_cache_misses", "compression_cache_misses",
         "Pages that were not in the cache for compression."),
    _job("compression_overflow", "compression_overflow",
         "Pages that would have grown by compression."),
    _job("auto_converge_throttle_percent", "auto_converge_throttle",
         "By how much the guest is slowed down."),
    _job("file_temporary_used_bytes", "disk_temp_used",
         "Space that the job uses for a while."),
    _job("file_temporary_total_bytes", "disk_temp_total",
         "Space that the job may use for a while."),
    _job("vfio_transferred_bytes", "vfio_data_transferred",
         "What was sent of the state of the host's devices."),
)
