# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The metrics of a VM's disks and network interfaces; see metrics.py for what a
row is, and vmmetrics.py for the names.
"""

from __future__ import absolute_import, division, print_function

from vmsampling import metrics

counter = metrics.counter
gauge = metrics.gauge
info = metrics.info

NET = (("target_device", "net.*.name"),)
BLOCK = (("target_device", "block.*.name"),)
_TIMED = BLOCK + (("interval", "block.*.timed_group.*.interval"),)

# More bins than this are no histogram for Prometheus.
_MAX_BINS = 200


def _net(direction, name, field, text):
    return counter("libvirt_domain_interface_stats_%s_total" % name,
                   "net.*.%s.%s" % (direction, field), text, labels=NET)


_NETS = (
    _net("rx", "receive_bytes", "bytes", "Data that the VM has received."),
    _net("rx", "receive_packets", "pkts",
         "Packets that the VM has received."),
    _net("rx", "receive_errors", "errs", "Errors of receiving."),
    _net("rx", "receive_drops", "drop",
         "Packets to the VM that were dropped."),
    _net("tx", "transmit_bytes", "bytes", "Data that the VM has sent."),
    _net("tx", "transmit_packets", "pkts", "Packets that the VM has sent."),
    _net("tx", "transmit_errors", "errs", "Errors of sending."),
    _net("tx", "transmit_drops", "drop",
         "Packets of the VM that were dropped."),
)

_COUNTERS = (
    counter("libvirt_domain_block_stats_read_bytes_total",
            "block.*.rd.bytes", "Data that was read.", labels=BLOCK),
    counter("libvirt_domain_block_stats_read_requests_total",
            "block.*.rd.reqs", "Requests to read.", labels=BLOCK),
    counter("libvirt_domain_block_stats_write_bytes_total",
            "block.*.wr.bytes", "Data that was written.", labels=BLOCK),
    counter("libvirt_domain_block_stats_write_requests_total",
            "block.*.wr.reqs", "Requests to write.", labels=BLOCK),
    counter("libvirt_domain_block_stats_flush_requests_total",
            "block.*.fl.reqs", "Requests to flush.", labels=BLOCK),
    counter("libvirt_domain_block_stats_errors_total", "block.*.errors",
            "Errors, if the hypervisor counts them.", labels=BLOCK),
)

_SIZES = (
    gauge("libvirt_domain_block_stats_capacity_bytes", "block.*.capacity",
          "Size of the disk as the guest sees it.", labels=BLOCK),
    # Without a unit, as Tinkoff's exporter has it.
    gauge("libvirt_domain_block_stats_allocation", "block.*.allocation",
          "Highest byte of the image that was written to.", labels=BLOCK),
    gauge("libvirt_domain_block_stats_physicalsize_bytes",
          "block.*.physical", "Size of the image on the host.",
          labels=BLOCK),
    gauge("libvirt_domain_block_stats_threshold_bytes", "block.*.threshold",
          "Where libvirt sends an event when the guest writes there.",
          labels=BLOCK),
)

_ERROR = (
    gauge("libvirt_domain_block_error", "block.*.error",
          "The error that has stopped the VM, of this disk: 0 none, 1 of no "
          "known kind, 2 no space.", labels=BLOCK),
)


def _limit(name, field, text):
    return gauge("libvirt_domain_block_stats_" + name,
                 "block.*.iotune." + field, text, labels=BLOCK)


def _limits():
    for way in ("total", "read", "write"):
        for short, name, text in (
                ("bytes", "bytes", "bytes a second"),
                ("iops", "requests", "requests a second")):
            field = "%s_%s_sec" % (way, short)
            what = "%s of the disk, %s" % (text, way)
            yield _limit("limit_%s_%s" % (way, name), field,
                         "The most %s; 0: no limit." % what)
            yield _limit("limit_burst_%s_%s" % (way, name), field + "_max",
                         "The most %s, for a short time; 0: no limit." % what)
    for way in ("total", "read", "write"):
        yield _limit(
            "limit_burst_%s_bytes_length_seconds" % way,
            way + "_bytes_sec_max_length",
            "How long the %s bytes may be as many as for a short time." % way)
        yield _limit(
            "limit_burst_length_%s_requests_seconds" % way,
            way + "_iops_sec_max_length",
            "How long the %s requests may be as many as for a short time."
            % way)
    yield _limit("size_iops_bytes", "size_iops_sec",
                 "Size from which on a request counts as several.")


def _host_limit(field, text, unit="_bytes"):
    return gauge("libvirt_domain_block_limits_%s%s" % (field, unit),
                 "block.*.limits." + field, text, labels=BLOCK)


# What the host's storage takes.
_HOST_LIMITS = (
    _host_limit("request_alignment", "What requests are aligned to."),
    _host_limit("discard_max", "The most that is discarded at once."),
    _host_limit("discard_alignment", "What discards are aligned to."),
    _host_limit("write_zeroes_max", "The most zeroes written at once."),
    _host_limit("write_zeroes_alignment", "What these are aligned to."),
    _host_limit("transfer_optimal", "The best size of a request."),
    _host_limit("transfer_max", "The largest size of a request."),
    _host_limit("transfer_hw_max", "The largest that the device takes."),
    _host_limit("iov_max", "The most pieces of a request.", ""),
    _host_limit("iov_hw_max", "The most that the device takes.", ""),
    _host_limit("memory_alignment_minimal", "What buffers must be aligned "
                "to."),
    _host_limit("memory_alignment_optimal", "What buffers are best aligned "
                "to."),
)

_OPERATIONS = (("rd", "read"), ("wr", "write"), ("flush", "flush"),
               ("zone_append", "zone_append"))


def _timed():
    """
    What QEMU keeps over intervals of some seconds, if it was told to.
    """
    for field, name in (("avg", "average"), ("min", "minimum"),
                        ("max", "maximum")):
        for short, operation in _OPERATIONS:
            yield gauge(
                "libvirt_domain_block_latency_%s_seconds" % name,
                "block.*.timed_group.*.%s_latency_%s" % (short, field),
                "The %s time of requests in the last interval; that label "
                "is in seconds." % name, "ns", _TIMED,
                constants=(("operation", operation),))
    for short, operation in _OPERATIONS:
        if short != "flush":
            yield gauge(
                "libvirt_domain_block_queue_depth",
                "block.*.timed_group.*.%s_queue_depth_avg" % short,
                "The average number of requests under way in the last "
                "interval; that label is in seconds.", "", _TIMED,
                constants=(("operation", operation),))


def _buckets(stats, count, numbers, operation):
    """
    libvirt tells where a bin begins and how many are in it; Prometheus wants
    where it ends, and how many were not slower.
    """
    prefix = "block.%s.latency_histogram.%s.bin." % (numbers[0], operation)
    if not 0 < count <= _MAX_BINS:
        return []
    found = []
    total = 0.0
    for number in range(count):
        value = stats.get("%s%d.value" % (prefix, number))
        end = stats.get("%s%d.start" % (prefix, number + 1))
        if value is None or (end is None) != (number == count - 1):
            return []
        total += value
        found.append(("+Inf" if end is None else repr(end / 1e9), total))
    return [((), found)]


def _histograms():
    for operation in ("read", "write", "flush", "zone_append"):
        def special(stats, count, numbers, operation=operation):
            return _buckets(stats, count, numbers, operation)
        yield metrics.Metric(
            "libvirt_domain_block_request_duration_seconds",
            metrics.HISTOGRAM,
            "How long requests took, if a histogram was configured.",
            "block.*.latency_histogram.%s.bin.count" % operation,
            labels=BLOCK, constants=(("operation", operation),),
            special=special)


FIELDS = (_NETS + _COUNTERS + _SIZES + _ERROR + tuple(_limits()) +
          _HOST_LIMITS + tuple(_timed()) + tuple(_histograms()))

PATHS = (
    info("libvirt_domain_block_stats_info", "about.disks.*",
         "What a disk is; to be joined by its labels domain and "
         "target_device.",
         (("target_device", "target"), ("source_file", "source"),
          ("source_protocol", "protocol"), ("target_bus", "bus"),
          ("disk_type", "type"), ("disk_device", "device"),
          ("driver_name", "driver_name"), ("driver_type", "driver"),
          ("driver_cache", "cache"), ("driver_discard", "discard"),
          ("serial", "serial"))),
    info("libvirt_domain_interface_stats_info", "about.interfaces.*",
         "What an interface is; to be joined by its labels domain and "
         "target_device.",
         (("target_device", "target"), ("interface_type", "type"),
          ("source", "source"), ("source_bridge", "bridge"),
          ("mac_address", "mac"), ("model_type", "model"),
          ("mtu_size", "mtu"), ("virtual_interface", "interfaceid"))),
)
