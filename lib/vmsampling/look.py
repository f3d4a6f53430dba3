# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
One look at the VMs of a host: which ones are stuck, and why.

Without a probe no monitor is touched, so the look can hang in nothing but
libvirtd itself, and it leaves nothing behind. libvirt and /proc are asked on
a thread pool: whatever hangs there, the look goes on or ends.
"""

from __future__ import absolute_import, division, print_function

import threading
import time

import libvirt

from threadpool import errors as pool_errors
from threadpool import executor
from vmsampling import connection
from vmsampling import control
from vmsampling import errors
from vmsampling import qemu

# libvirtd answers what we ask of it in milliseconds, with hundreds of VMs,
# and a whole /proc is read in less than a second.
ANSWER_TIMEOUT = 10.0

_MONITOR = (libvirt.VIR_DOMAIN_STATS_BALLOON | libvirt.VIR_DOMAIN_STATS_VCPU |
            libvirt.VIR_DOMAIN_STATS_CPU_TOTAL)

_HELD = "the call of another client holds its job"


class _VM(object):

    def __init__(self, uuid, name, interface):
        """
        interface: a control.Control.
        """
        self.uuid = uuid
        self.name = name
        self.control = interface.state
        self.control_seconds = interface.seconds
        # Of two looks at /proc; empty where there is nothing to see.
        self.kernel = ({}, {})
        self.holder = None
        # Plain words; the VM is stuck if there are any.
        self.stuck = []
        # The same for what is no fault.
        self.busy = []

    @property
    def seconds(self):
        """
        How long it has been stuck, where libvirt knows.
        """
        return self.control_seconds if self.control == "occupied" else None


class Look(object):

    def __init__(self, settings, probe=False, scheduler=None):
        """
        settings: as config.load() returns them.
        probe: whether each VM is to be asked, too.
        """
        self._uri = settings["connect"]
        self._settings = settings
        self._probe = probe
        self._pool = executor.Executor(
            "look", workers=1, max_workers=1 + settings["max_hung"],
            timeout=ANSWER_TIMEOUT, scheduler=scheduler)
        # Set by the first answer of libvirt.
        self._canonical_uri = self._uri
        # The VMs that the probe has asked.
        self._asked = []
        # Their answers by UUID: None, or why it is no full one. Grows on the
        # pool's threads, by late answers too.
        self._answers = {}

    def take(self):
        """
        Return what there is to see as plain data. Raises ConnectFailed.
        Called once.
        """
        libvirt.registerErrorHandler(_ignore, None)
        self._pool.start()
        try:
            vms = self._list()
            self._look_at_processes(vms)
            for vm in vms:
                self._judge(vm)
            not_asked = self._ask_all(vms) if self._probe else 0
            return self._report(vms, not_asked)
        finally:
            self._pool.stop(wait=False)

    # All that follows is called in this order.

    def _list(self):
        found = []
        try:
            self._pool.submit(self._list_into, found).result()
        except pool_errors.TaskStuck:
            raise errors.ConnectFailed(
                self._uri, "no answer within %d s; is libvirtd hung?" %
                ANSWER_TIMEOUT)
        except libvirt.libvirtError as e:
            raise errors.ConnectFailed(self._uri, connection.explain(e))
        return found

    def _list_into(self, found):
        """
        Thread: the pool's. One call after another, none needs a QEMU.
        """
        virt = connection.open_virt(self._uri, readonly=True)
        try:
            self._canonical_uri = virt.getURI()
            for domain in virt.listAllDomains(
                    libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
                interface = control.read(domain)
                if interface is not None:
                    found.append(
                        _VM(domain.UUIDString(), domain.name(), interface))
        finally:
            virt.close()

    def _look_at_processes(self, vms):
        finder = qemu.Finder(self._canonical_uri)
        if not finder.local:
            return
        try:
            pids = self._pool.submit(_pids, finder, vms).result()
            first = self._pool.submit(_looks, pids).result()
            threading.Event().wait(qemu.LOOKS_APART)
            second = self._pool.submit(_looks, pids).result()
        except pool_errors.TaskStuck:
            # A command line that cannot be read: see qemu.py. The report
            # says of how many VMs /proc was seen.
            return
        for vm in vms:
            vm.kernel = first.get(vm.uuid, {}), second.get(vm.uuid, {})
            vm.holder = finder.holder(vm.name)

    def _judge(self, vm):
        why = qemu.why_stuck(*vm.kernel)
        if why:
            vm.stuck.append(why)
        if vm.control == "occupied" and (
                vm.seconds > self._settings["stuck_after"]):
            vm.stuck.append("a call has been waiting in its monitor for "
                            "%.1f s" % vm.seconds)
        elif vm.control == "job":
            vm.busy.append("a long job (%s) has been running for %.1f s" % (
                vm.holder or "of unknown kind", vm.control_seconds))
        elif vm.control == control.HELD:
            vm.busy.append(_HELD)

    def _ask_all(self, vms):
        """
        Ask those VMs that seem well, and return how many were left out.

        One after another: a call behind one that hangs starts a timeout
        later, and libvirtd has the time to start a worker for it.
        """
        # Other people's hung calls hold workers of libvirtd as well.
        budget = self._settings["max_hung"] - sum(
            1 for vm in vms if vm.control == "occupied" and vm.stuck)
        waiting = [vm for vm in vms if not vm.stuck]
        while waiting and len(self._hung()) < budget:
            self._ask(waiting.pop(0))
        for vm in self._hung():
            vm.stuck.append("it did not answer within %.1f s" %
                            self._settings["timeout"])
        return len(waiting)

    def _hung(self):
        return [vm for vm in self._asked if vm.uuid not in self._answers]

    def _ask(self, vm):
        self._asked.append(vm)
        pool = self._pool.bound(
            key=vm.uuid, timeout=self._settings["timeout"])
        try:
            pool.submit(self._question, vm.uuid).result()
        except pool_errors.TaskStuck:
            return
        answer = self._answers[vm.uuid]
        if answer is not None and answer not in vm.busy:
            vm.busy.append(answer)

    def _question(self, uuid):
        """
        Thread: the pool's. A hung call keeps its connection to itself.
        """
        try:
            virt = connection.open_virt(self._uri, readonly=True)
            try:
                self._answers[uuid] = _ask_monitor(virt, uuid)
            finally:
                virt.close()
        except libvirt.libvirtError as e:
            self._answers[uuid] = "libvirt says: %s" % e

    def _report(self, vms, not_asked):
        return {
            "time": time.time(),
            "uri": self._uri,
            "vms": len(vms),
            "looked": {
                "control": sum(1 for vm in vms if vm.control is not None),
                "proc": sum(1 for vm in vms if vm.kernel[1]),
                "probe": len(self._asked),
            },
            "not_asked": not_asked,
            "stuck": dict((vm.uuid, {
                "name": vm.name,
                "seconds": vm.seconds,
                "holder": vm.holder,
                "control": vm.control,
                "kernel": vm.kernel[1],
                "why": vm.stuck,
            }) for vm in vms if vm.stuck),
            "busy": dict((vm.uuid, {"name": vm.name, "why": vm.busy})
                         for vm in vms if vm.busy and not vm.stuck),
        }


def _ask_monitor(virt, uuid):
    """
    Have the VM's monitor asked; return None, or why it was not.
    """
    domain = virt.lookupByUUIDString(uuid)
    records = virt.domainListGetStats(
        [domain], _MONITOR, libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT)
    # A record that was made without the monitor, since another call holds
    # the VM's job, does not say so; but it never has this field. Drivers
    # without a monitor do not have it either.
    if virt.getType() == "QEMU" and not any(
            "balloon.rss" in record for _, record in records):
        return _HELD
    return None


def _pids(finder, vms):
    return dict((vm.uuid, finder.find(vm.name, vm.uuid)) for vm in vms)


def _looks(pids):
    return dict((uuid, qemu.look(pid))
                for uuid, pid in pids.items() if pid is not None)


def _ignore(_context, _error):
    # libvirt prints errors on stderr unless told otherwise; each of them is
    # raised as well.
    pass
