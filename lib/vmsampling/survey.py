# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What there is to see of a host, before anybody judges it.

No monitor is touched. Everything that may hang is asked on a thread pool,
with a deadline: libvirt, virt-admin, /proc, the storage. What does not come
in time is told apart from what is not there.
"""

from __future__ import absolute_import, division, print_function

import collections
import functools
import glob
import os

import libvirt

from threadpool import clock
from threadpool import errors as pool_errors
from threadpool import executor
from vmsampling import admin
from vmsampling import connection
from vmsampling import control
from vmsampling import errors
from vmsampling import events
from vmsampling import groups
from vmsampling import hostlink
from vmsampling import hostparts
from vmsampling import qemu
from vmsampling import reach

# Seconds for libvirtd's first answers. A libvirtd that never answers is told
# of within ten seconds.
CONNECT_TIMEOUT = 8.0

# libvirtd tries out all QEMUs that it finds when it is first asked about
# them, which takes seconds.
FIRST_TIMEOUT = 8.0

# Seconds for anything else, all of which usually takes milliseconds.
TIMEOUT = 2.0

# How many VMs' disks are looked at.
SAMPLE = 20

# So many hung calls of a kind tell enough, and each costs others something.
_MAX_HUNG = 3

# One that works, and those that hang: in XMLDesc and in storage _MAX_HUNG
# each, and one in each of the other calls.
_MAX_THREADS = 1 + 2 * _MAX_HUNG + 5

# No VM is both of them: so the driver judges the flags, and asks nobody.
_NOBODY = (libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_INACTIVE |
           libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_TRANSIENT)

_RESTART = "restart libvirtd, which leaves the VMs running"
_NO_ANSWER = "no answer within %d s; is it hung? then " + _RESTART
_NO_LIST = ("it answers, but has not listed its VMs within %d s; try again, "
            "as one may just be starting or ending; then " + _RESTART)

# The result of a call that has not come in time, and of one that failed.
LATE = "late"
Failed = collections.namedtuple("Failed", "reason")

VM = collections.namedtuple("VM", "uuid name control seconds")

# What libvirtd says at once. library and daemon: libvirt's versions.
Greeting = collections.namedtuple("Greeting", "uri driver library daemon vms")

# host: the groups.Groups of the host tier that the driver takes, or None;
# seconds: how long their call took; brought: first words of the fields that
# came; nowait: whether the driver takes NOWAIT, which is newer than all groups
# that ask a QEMU; refused: names of events.
Statistics = collections.namedtuple(
    "Statistics", "host seconds brought nowait refused")

# Looks at a process until its wchan is taken to be hidden from us.
_GLANCES = 5

# pid: None if it is not found; kernel: see evidence.kernel().
Process = collections.namedtuple("Process", "name pid kernel")

# version: psutil's, None if it is missing; found: names of the parts that can
# be read; failed: {part: error}.
Machine = collections.namedtuple("Machine", "version found failed")

# disks: name of VM -> devices.Devices; failed: [(name of VM, reason)];
# skipped: names of VMs whose control interface is not free; more: how many
# VMs were not looked at; storages: [reach.Storage].
Storage = collections.namedtuple(
    "Storage", "disks failed skipped more storages")


class Survey(object):
    """
    Construct, take, read the attributes.
    """

    def __init__(self, settings, scheduler=None):
        """
        settings: as config.load() returns them.
        """
        self._uri = settings["connect"]
        self._connections = connection.Connections(self._uri)
        self._pool = executor.Executor(
            "check", workers=1, max_workers=_MAX_THREADS, timeout=TIMEOUT,
            scheduler=scheduler)
        # What to say if nothing more comes; set by the pool's thread.
        self._silence = _NO_ANSWER
        # All below are set by take().
        self.greeting = None
        # A number, LATE or Failed; and a Statistics, LATE or Failed.
        self.hypervisor = None
        self.statistics = None
        # The admin.Place, None if there is none on this machine; and an
        # admin.Answer, None without a place.
        self.place = None
        self.answer = None
        # A list of Processes, None if they are not on this machine, or LATE.
        self.processes = None
        # A Storage, None if the images are not on this machine.
        self.storage = None
        # A Machine, None if libvirt is not on this machine, or LATE.
        self.machine = None

    def take(self):
        """
        Raises ConnectFailed. Called once.
        """
        events.loop.acquire()
        self._pool.start()
        try:
            self._greet()
            ask = self._ask
            self.hypervisor = ask(_hypervisor, FIRST_TIMEOUT)
            self.statistics = ask(_statistics, FIRST_TIMEOUT)
            uri = self.greeting.uri
            self.place = admin.find(uri)
            if self.place is not None:
                self.answer = self._admin()
            finder = qemu.Finder(uri)
            if finder.local:
                self.processes = self._in_time(
                    functools.partial(_processes, finder, self.greeting.vms))
            if not connection.is_remote(uri):
                self.storage = self._storage()
                self.machine = self._in_time(_machine)
        finally:
            self._pool.stop(wait=False)
            events.loop.release()

    def _greet(self):
        found = self._in_time(self._first_answers, CONNECT_TIMEOUT)
        if found is LATE:
            raise errors.ConnectFailed(
                self._uri, self._silence % CONNECT_TIMEOUT)
        if isinstance(found, Failed):
            raise errors.ConnectFailed(self._uri, found.reason)
        self.greeting = found

    def _first_answers(self):
        """
        Thread: the pool's.
        """
        own = self._connections.open()
        try:
            virt = own.virt
            greeting = Greeting(
                virt.getURI(), own.driver, libvirt.getVersion(),
                virt.getLibVersion(), [])
            self._silence = _NO_LIST
            for domain in virt.listAllDomains(
                    libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
                interface = control.read(domain)
                if interface is not None:
                    greeting.vms.append(VM(
                        domain.UUIDString(), domain.name(), interface.state,
                        interface.seconds))
        finally:
            own.close()
        greeting.vms.sort(key=lambda vm: vm.name)
        return greeting

    def _ask(self, call, timeout=TIMEOUT):
        """
        Return the result of call(connection), LATE or Failed.
        """
        return self._in_time(functools.partial(self._lend, call), timeout)

    def _lend(self, call):
        """
        Thread: the pool's. A hung call keeps its connection to itself.
        """
        own = self._connections.open()
        try:
            return call(own)
        finally:
            own.close()

    def _in_time(self, call, timeout=TIMEOUT):
        try:
            return self._pool.bound(timeout=timeout).submit(call).result()
        except pool_errors.TaskStuck:
            return LATE
        except libvirt.libvirtError as e:
            return Failed(connection.explain(e))
        except ValueError as e:
            # Of what cannot be parsed.
            return Failed(str(e))

    def _admin(self):
        # It keeps the time itself, to kill virt-admin.
        found = self._in_time(
            functools.partial(admin.ask, self.place, TIMEOUT), 2 * TIMEOUT)
        if found is LATE:
            return admin.Answer({}, admin.NO_ANSWER % TIMEOUT)
        return found

    def _storage(self):
        free = [vm for vm in self.greeting.vms
                if vm.control in (control.OK, None)]
        found = Storage({}, [], [
            vm.name for vm in self.greeting.vms if vm not in free], 0, [])
        # Without a free worker no XML comes; the call would only wait there.
        sample = [] if self.statistics is LATE else free[:SAMPLE]
        hung = 0
        for vm in sample:
            # One after another: each that hangs holds one of libvirtd's
            # workers.
            disks = self._ask(functools.partial(reach.disks, vm.uuid))
            if disks is LATE:
                hung += 1
                found.failed.append((vm.name, "not within %g s" % TIMEOUT))
            elif isinstance(disks, Failed):
                found.failed.append((vm.name, disks.reason))
            else:
                found.disks[vm.name] = disks
            if hung == _MAX_HUNG:
                break
        self._look_at_storages(found)
        seen = len(found.disks) + len(found.failed)
        return found._replace(more=len(free) - seen)

    def _look_at_storages(self, found):
        hung = 0
        for storage in reach.storages(found.disks):
            found.storages.append(storage)
            if hung == _MAX_HUNG:
                continue
            reason = self._in_time(storage.look)
            if reason is LATE:
                storage.answer = reach.HANGS
                hung += 1
            elif reason is None:
                storage.answer = reach.OK
            else:
                storage.answer, storage.reason = reach.REFUSED, reason


def binding_version():
    """
    Return the version of libvirt-python, None if it was not installed as a
    package that says.
    """
    # The module does not know it.
    folder = os.path.dirname(os.path.abspath(libvirt.__file__))
    for path in glob.glob(os.path.join(folder, "libvirt_python-*-info")):
        return os.path.basename(path).rpartition(".")[0].split("-")[1]
    return None


def _hypervisor(own):
    return own.virt.getVersion()


def _statistics(own):
    host = seconds = records = None
    for wanted in groups.HOST:
        began = clock.monotonic()
        records = _stats(own.virt, wanted.number, groups.ACTIVE)
        if records is not None:
            host, seconds = wanted, clock.monotonic() - began
            break
    brought = set(field.partition(".")[0]
                  for _, fields in records or () for field in fields)
    nowait = _stats(own.virt, groups.MONITOR.number,
                    groups.NOWAIT | _NOBODY) is not None
    return Statistics(host, seconds, sorted(brought), nowait,
                      _refused_events(own.virt))


def _stats(virt, wanted, flags):
    """
    Return the records, None if the driver does not take such a call.
    """
    try:
        return virt.getAllDomainStats(wanted, flags)
    except libvirt.libvirtError as e:
        if e.get_error_code() not in groups.UNSUPPORTED:
            raise
        return None


def _refused_events(virt):
    refused = []
    for name in hostlink.EVENTS:
        number = getattr(libvirt, "VIR_DOMAIN_EVENT_ID_" + name, None)
        if number is None:
            refused.append(name)
            continue
        try:
            virt.domainEventDeregisterAny(virt.domainEventRegisterAny(
                None, number, _ignore, None))
        except libvirt.libvirtError:
            if not connection.is_alive(virt):
                raise
            refused.append(name)
    return refused


def _ignore(*_args):
    pass


def _machine():
    library = hostparts.library()
    if library is None:
        return Machine(None, [], {})
    found, failed = hostparts.Parts(library).read()
    return Machine(library.__version__,
                   [name for name in hostparts.NAMES if name in found], failed)


def _processes(finder, vms):
    found = []
    for vm in vms:
        pid = finder.pid_from_file(vm.name)
        found.append(Process(vm.name, pid, _glance(pid) if pid else {}))
    return found


def _glance(pid):
    # The files are read one after the other: a thread that ran a moment ago
    # has no wchan, and waits by the time that its state is read.
    for _ in range(_GLANCES):
        kernel = qemu.glance(pid)
        if "wchan" in kernel or not kernel:
            break
    return kernel
