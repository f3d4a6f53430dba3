# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The question of the monitor tier: what the QEMU says on its monitor.
"""

from __future__ import absolute_import, division, print_function

import logging

import libvirt

from threadpool import throttle
from vmsampling import about as _about
from vmsampling import blockstats
from vmsampling import devices as _devices
from vmsampling import groups
from vmsampling import history as _history
from vmsampling import mounts as _mounts
from vmsampling import question

log = logging.getLogger("vmsampling.monitortier")

# blockStatsFlags() names on the left. It brings all the counters of the BLOCK
# group, and QEMU does not look at the image for them.
_COUNTERS = (
    ("rd_operations", "rd.reqs"),
    ("rd_bytes", "rd.bytes"),
    ("rd_total_times", "rd.times"),
    ("wr_operations", "wr.reqs"),
    ("wr_bytes", "wr.bytes"),
    ("wr_total_times", "wr.times"),
    ("flush_operations", "fl.reqs"),
    ("flush_total_times", "fl.times"),
)

# A VM that appears with a disk whose storage nobody can look at.
_opaque = throttle.Throttle(interval=600.0, burst=3)


class Monitor(question.Question):

    name = "Monitor"

    def __init__(self, domain, fallback, *args, **kwargs):
        """
        The other arguments: as for Question.
        """
        super(Monitor, self).__init__(domain, *args, **kwargs)
        self._fallback = fallback
        # Another client had the VM's job, so the QEMU was not asked.
        self.refused = False
        # Groups of the host tier, if the list of all VMs does not come and
        # this VM is to be asked by itself. Set before it is dispatched.
        self.host_groups = None
        # What is read of a VM's <metadata>, as metadata.parse() returns it.
        # Set before it is dispatched.
        self.wanted = ()
        # What else it is asked when it has answered, detailtier.Details.
        # Set before it is dispatched; None: nothing.
        self.details = None

    def ask(self, connection):
        virt_domain = self.look_up(connection)
        if self.host_groups is not None:
            self._ask_host(connection, virt_domain)
        self.touch(self._ask_monitor, connection, virt_domain)

    def _ask_host(self, connection, virt_domain):
        time = self.clock()
        fields = self.stats(connection, virt_domain, self.host_groups)
        if fields:
            self.domain.see_state(fields)
            self.history.put(self.domain, _history.HOST, time, fields)

    def _ask_monitor(self, connection, virt_domain):
        # From before the first call: see history.Sample.
        time = self.clock()
        fields = self.stats(connection, virt_domain, groups.MONITOR)
        if fields is None:
            return
        rich = connection.driver == groups.RICH_DRIVER
        if rich and not groups.is_complete(fields):
            # Somebody holds the VM's job, for a migration or because his
            # call hangs. blockStatsFlags() would wait 30 seconds for it.
            self.refused = True
            self.history.put(
                self.domain, _history.PARTIAL, time, fields)
            return
        self.domain.job.api = None
        self.read_devices(virt_domain)
        if rich:
            self._add_disks(connection, virt_domain, fields)
        else:
            self._fallback.add(self, connection, virt_domain, fields)
        due = rich and self.details and self.details.are_due(self.domain)
        self.history.put(self.domain, _history.MONITOR, time, fields)
        if rich:
            self._see_job(connection, virt_domain, due)
        if due:
            self.details.ask(self.domain, lambda wanted: self.attempt(
                connection, self.stats, connection, virt_domain, wanted))

    def _see_job(self, connection, virt_domain, due):
        """
        Ask how far the job is that libvirtd has written down, if there is
        one; where that cannot be read, if it is due. This waits for those who
        hold the VM for a moment, and may ask the QEMU.
        """
        fields = {}
        wanted = self.domain.job.has_progress
        if wanted is None and not due:
            return
        if wanted or wanted is None:
            time = self.clock()
            self.say("jobStats", of_vm=True)
            fields = self.attempt(connection, virt_domain.jobStats)
        if fields and fields["type"] != libvirt.VIR_DOMAIN_JOB_NONE:
            self.history.put(self.domain, _history.JOB, time, dict(
                ("job." + name, fields[name]) for name in fields))
        else:
            self.history.forget(self.domain, _history.JOB)

    def read_devices(self, virt_domain):
        """
        Read the XML, if it is new or has changed. May wait for a job, so
        only after an answer has shown that nobody holds it.
        """
        domain = self.domain
        if not domain.stale:
            return
        domain.stale = False
        self.say("XMLDesc", of_vm=True)
        about = None
        try:
            root = _devices.tree(virt_domain.XMLDesc(0))
            found = _devices.read(root, _mounts.read())
            about = _about.read(root, self.wanted)
        except (libvirt.libvirtError, EnvironmentError):
            domain.stale = True
            raise
        except ValueError as e:
            log.warning("%r: %s", domain, e)
            found = _devices.Devices(opaque=["unknown"])
        old = domain.devices or _devices.Devices()
        if found.disks != old.disks:
            # The numbers in its fields may mean other disks now.
            self.history.forget(domain, _history.STORAGE)
        if found.opaque and found.opaque != old.opaque:
            suppressed = _opaque.admit()
            if suppressed is not None:
                log.info("No storage tier for %r: %s (%d like it not logged)",
                         domain, found.why_opaque, suppressed)
        domain.devices = found
        domain.about = about

    def _add_disks(self, connection, virt_domain, fields):
        disks = self.domain.devices.disks
        fields["block.count"] = len(disks)
        for disk in disks:
            prefix = "block.%d." % disk.number
            fields[prefix + "name"] = disk.name
            self.say("blockStatsFlags(%s)" % disk.name, of_vm=True)
            try:
                counters = blockstats.ask(virt_domain, disk.name)
            except libvirt.libvirtError as e:
                if self.is_final(e, connection):
                    raise
                log.debug("%r: %s", self, e)
                if e.get_error_code() == libvirt.VIR_ERR_INVALID_ARG:
                    # There is no such disk any more.
                    self.domain.stale = True
                continue
            for name, field in _COUNTERS:
                # libvirt says -1 for what it does not know.
                if counters.get(name, -1) >= 0:
                    fields[prefix + field] = counters[name]
