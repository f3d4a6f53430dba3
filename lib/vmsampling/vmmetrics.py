# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The metrics of a VM, without its devices.

A statistic that others export too has the name that it has there: first that
which all exporters for libvirt share, then the one of inovex' exporter, then
Tinkoff's. See metrics.py for what a row is.
"""

from __future__ import absolute_import, division, print_function

from vmsampling import metrics

counter = metrics.counter
gauge = metrics.gauge
info = metrics.info
word = metrics.word

_VCPU = (("vcpu", None),)
_IOTHREAD = (("iothread", None),)
_BANK = (("monitor", "cpu.cache.monitor.*.name"),
         ("bank", "cpu.cache.monitor.*.bank.*.id"))
_PACKAGE = (("monitor", "cpu.energy.monitor.*.name"),
            ("package", "cpu.energy.monitor.*.pkg.*.id"))
_NODE = (("monitor", "memory.bandwidth.monitor.*.name"),
         ("node", "memory.bandwidth.monitor.*.node.*.id"))

_STATE = (
    gauge("libvirt_domain_state_reason", "state.reason",
          "Why the VM is in its state, a number of the virDomain*Reason that "
          "belongs to the state."),
)

_CPU = (
    counter("libvirt_domain_info_cpu_time_seconds_total", "cpu.time",
            "CPU time of the VM.", "ns"),
    counter("libvirt_domain_cpu_user_seconds_total", "cpu.user",
            "CPU time of the VM's process in user mode.", "ns"),
    counter("libvirt_domain_cpu_system_seconds_total", "cpu.system",
            "CPU time of the VM's process in the kernel.", "ns"),
    counter("libvirt_domain_cpu_haltpoll_success_seconds_total",
            "cpu.haltpoll.success.time",
            "Time that was polled for an interrupt which then came.", "ns"),
    counter("libvirt_domain_cpu_haltpoll_fail_seconds_total",
            "cpu.haltpoll.fail.time",
            "Time that was polled for an interrupt in vain.", "ns"),
    gauge("libvirt_domain_cpu_cache_monitor_bytes",
          "cpu.cache.monitor.*.bank.*.bytes",
          "Last level cache in use by the virtual CPUs of a monitor.",
          labels=_BANK),
    counter("libvirt_domain_cpu_energy_joules_total",
            "cpu.energy.monitor.*.pkg.*.core_energy",
            "Energy used by the virtual CPUs of a monitor.", labels=_PACKAGE),
    counter("libvirt_domain_cpu_energy_activity_farads_total",
            "cpu.energy.monitor.*.pkg.*.activity",
            "Activity of the virtual CPUs of a monitor, whatever their "
            "frequency.", labels=_PACKAGE),
)

_MEMORY = (
    gauge("libvirt_domain_info_maximum_memory_bytes", "balloon.maximum",
          "Memory that the VM may have at most.", "KiB"),
    gauge("libvirt_domain_info_memory_usage_bytes", "balloon.current",
          "Memory that the VM has now.", "KiB"),
    gauge("libvirt_domain_memory_stats_swap_in_bytes", "balloon.swap_in",
          "Data that the guest has read from its swap since it started.",
          "KiB"),
    gauge("libvirt_domain_memory_stats_swap_out_bytes", "balloon.swap_out",
          "Data that the guest has written to its swap since it started.",
          "KiB"),
    counter("libvirt_domain_memory_stats_major_fault_total",
            "balloon.major_fault",
            "Page faults of the guest that needed its disk."),
    counter("libvirt_domain_memory_stats_minor_fault_total",
            "balloon.minor_fault", "Other page faults of the guest."),
    gauge("libvirt_domain_memory_stats_unused_bytes", "balloon.unused",
          "Memory that the guest does not use at all.", "KiB"),
    gauge("libvirt_domain_memory_stats_available_bytes", "balloon.available",
          "Memory that the guest sees.", "KiB"),
    gauge("libvirt_domain_memory_stats_usable_bytes", "balloon.usable",
          "Memory that the guest could give away without swapping.", "KiB"),
    gauge("libvirt_domain_memory_stats_last_update_timestamp_seconds",
          "balloon.last-update",
          "When the guest last told of its memory, in seconds since 1970."),
    gauge("libvirt_domain_memory_stats_disk_caches_bytes",
          "balloon.disk_caches",
          "Memory that the guest's caches could give away without I/O.",
          "KiB"),
    counter("libvirt_domain_memory_stats_hugetlb_pgalloc_total",
            "balloon.hugetlb_pgalloc",
            "Huge pages that were allocated in the guest."),
    counter("libvirt_domain_memory_stats_hugetlb_pgfail_total",
            "balloon.hugetlb_pgfail",
            "Huge pages that could not be allocated in the guest."),
    gauge("libvirt_domain_memory_stats_rss_bytes", "balloon.rss",
          "Memory of the host that the VM's process has.", "KiB"),
    counter("libvirt_domain_memory_bandwidth_local_bytes_total",
            "memory.bandwidth.monitor.*.node.*.bytes.local",
            "Data between the virtual CPUs of a monitor and the memory of "
            "their own node.", labels=_NODE),
    counter("libvirt_domain_memory_bandwidth_bytes_total",
            "memory.bandwidth.monitor.*.node.*.bytes.total",
            "Data between the virtual CPUs of a monitor and all memory.",
            labels=_NODE),
)

_VCPUS = (
    gauge("libvirt_domain_info_virtual_cpus", "vcpu.current",
          "Virtual CPUs of the VM."),
    gauge("libvirt_domain_vcpu_maximum", "vcpu.maximum",
          "Virtual CPUs that the VM may have at most."),
    gauge("libvirt_domain_vcpu_state", "vcpu.*.state",
          "State of a virtual CPU: 0 offline, 1 running, 2 blocked.",
          labels=_VCPU),
    counter("libvirt_domain_vcpu_time_seconds_total", "vcpu.*.time",
            "CPU time of a virtual CPU.", "ns", _VCPU),
    counter("libvirt_domain_vcpu_wait_seconds_total", "vcpu.*.wait",
            "Time that a virtual CPU waited for I/O of its thread.", "ns",
            _VCPU),
    counter("libvirt_domain_vcpu_delay_seconds_total", "vcpu.*.delay",
            "Time that a virtual CPU could have run, but the host ran "
            "something else: what its guest sees as stolen.", "ns", _VCPU),
    gauge("libvirt_domain_vcpu_halted", "vcpu.*.halted",
          "1 if a virtual CPU is halted, which an idle one is.",
          labels=_VCPU),
)

# What the hypervisor counts, by its own names: they differ between versions.
_HYPERVISOR = (
    counter("libvirt_domain_vm_stat_total", "vm.?.sum",
            "What the hypervisor counts for the VM, by its own name."),
    gauge("libvirt_domain_vm_stat", "vm.?.cur",
          "What the hypervisor says of the VM now, by its own name."),
    gauge("libvirt_domain_vm_stat_peak", "vm.?.max",
          "The most that the hypervisor has seen, by its own name."),
    counter("libvirt_domain_vcpu_stat_total", "vcpu.*.?.sum",
            "What the hypervisor counts for a virtual CPU, by its own name.",
            labels=_VCPU),
    gauge("libvirt_domain_vcpu_stat", "vcpu.*.?.cur",
          "What the hypervisor says of a virtual CPU now, by its own name.",
          labels=_VCPU),
    gauge("libvirt_domain_vcpu_stat_peak", "vcpu.*.?.max",
          "The most that the hypervisor has seen of a virtual CPU, by its "
          "own name.", labels=_VCPU),
)

_IOTHREADS = (
    gauge("libvirt_domain_iothread_poll_max_seconds",
          "iothread.*.poll-max-ns",
          "How long an I/O thread polls at most; 0 if it does not.", "ns",
          _IOTHREAD),
    gauge("libvirt_domain_iothread_poll_grow", "iothread.*.poll-grow",
          "Factor by which the time of polling grows.", labels=_IOTHREAD),
    gauge("libvirt_domain_iothread_poll_shrink", "iothread.*.poll-shrink",
          "Divisor by which the time of polling shrinks.", labels=_IOTHREAD),
)

_DIRTYRATE = (
    gauge("libvirt_domain_dirtyrate_status", "dirtyrate.calc_status",
          "State of the last measurement of how fast memory changes: 0 not "
          "begun, 1 under way, 2 done."),
    gauge("libvirt_domain_dirtyrate_start_seconds",
          "dirtyrate.calc_start_time",
          "When it began, in seconds of the hypervisor's clock."),
    gauge("libvirt_domain_dirtyrate_period_seconds", "dirtyrate.calc_period",
          "How long it took."),
    gauge("libvirt_domain_dirtyrate_bytes_per_second",
          "dirtyrate.megabytes_per_second",
          "How fast memory changes.", "MiB"),
    gauge("libvirt_domain_dirtyrate_vcpu_bytes_per_second",
          "dirtyrate.vcpu.*.megabytes_per_second",
          "How fast memory is changed by one virtual CPU.", "MiB", _VCPU),
    gauge("libvirt_domain_dirtyrate_mode_info", "dirtyrate.calc_mode",
          "How it was measured.", special=word("mode")),
)


def _waits():
    """
    What /proc and the cgroups tell; no call of libvirt's does.
    """
    for resource in ("cpu", "io", "memory"):
        for kind in ("some", "full"):
            yield counter(
                "libvirt_domain_pressure_seconds_total",
                "pressure.%s.%s" % (resource, kind),
                "Time in which some threads of the VM, or in full all of "
                "them at once, had to wait for a resource of the host.",
                "us", constants=(("resource", resource), ("kind", kind)))


def _perf(event, text, name=None, unit=""):
    return counter("libvirt_domain_perf_%s_total" % (name or event),
                   "perf." + event, text, unit)


# Those that libvirt was told to count.
_PERF = (
    gauge("libvirt_domain_perf_cache_occupancy_bytes", "perf.cmt",
          "Last level cache in use by the VM."),
    _perf("mbmt", "Data between the VM's CPUs and all memory.",
          "memory_bandwidth_bytes"),
    _perf("mbml", "Data between the VM's CPUs and the memory of their own "
          "node.", "memory_bandwidth_local_bytes"),
    _perf("cpu_cycles", "CPU cycles."),
    _perf("instructions", "Instructions."),
    _perf("cache_references", "References to the cache."),
    _perf("cache_misses", "Misses of the cache."),
    _perf("branch_instructions", "Branches."),
    _perf("branch_misses", "Branches that were predicted wrong."),
    _perf("bus_cycles", "Bus cycles."),
    _perf("stalled_cycles_frontend", "Cycles stalled in the frontend."),
    _perf("stalled_cycles_backend", "Cycles stalled in the backend."),
    _perf("ref_cpu_cycles", "CPU cycles, whatever the frequency."),
    _perf("cpu_clock", "Time by the CPU clock.", "cpu_clock_seconds", "ns"),
    _perf("task_clock", "Time by the task clock.", "task_clock_seconds",
          "ns"),
    _perf("page_faults", "Page faults of the VM's process."),
    _perf("context_switches", "Context switches of the VM's process."),
    _perf("cpu_migrations", "Moves of the VM's threads to another CPU."),
    _perf("page_faults_min", "Page faults that needed no disk.",
          "minor_page_faults"),
    _perf("page_faults_maj", "Page faults that needed a disk.",
          "major_page_faults"),
    _perf("alignment_faults", "Accesses that were not aligned."),
    _perf("emulation_faults", "Instructions that had to be emulated."),
)

FIELDS = (_STATE + _CPU + _MEMORY + _VCPUS + _HYPERVISOR + _IOTHREADS +
          _DIRTYRATE + tuple(_waits()) + _PERF)


def _metadata(_vm, value, _numbers):
    return [(tuple(sorted(value.items())), 1.0)] if value else []


PATHS = (
    info("libvirt_domain_info", "",
         "What the VM is; to be joined by its label domain.",
         (("uuid", "uuid"), ("os_type", "about.os.type"),
          ("os_type_arch", "about.os.arch"),
          ("os_type_machine", "about.os.machine"))),
    info("libvirt_domain_state_info", "",
         "State of the VM, and why it is in it, in libvirt's words.",
         (("state", "state"), ("reason", "reason"))),
    gauge("libvirt_domain_metadata_info", "about.metadata",
          "What the owner of the VM has written down of it, by the labels of "
          "[exporter] metadata.", special=_metadata),
    gauge("libvirt_domain_vcpu_pinning_info", "about.pinning.*",
          "The CPUs that a virtual CPU, or the emulator, may run on.",
          labels=("vcpu",), special=word("cpus")),
    gauge("libvirt_domain_sample_age_seconds", "age.*",
          "How old the figures of the VM are: host are those of libvirtd "
          "alone, monitor those that its QEMU was asked for, storage those "
          "of its images, detail what is asked for as seldom, process those "
          "from /proc.", labels=("tier",),
          moving=True),
    gauge("libvirt_domain_stuck_seconds", "stuck.seconds",
          "For how long the VM has been hanging; 0 if it does not.",
          absent=0.0, moving=True),
    info("libvirt_domain_stuck_info", "stuck",
         "1 while the VM hangs: in which call, or why it is not asked.",
         (("call", "call"), ("why", "why"))),
    gauge("libvirt_domain_job_holder_info", "holder",
          "1 while libvirt has written down which long job holds the VM.",
          special=word("holder")),
    gauge("libvirt_domain_partial", "partial",
          "1 if the newest figures are only those that libvirtd has while "
          "something holds the VM."),
)
