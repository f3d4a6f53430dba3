# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A libvirt for unit tests: VMs that answer, hang, are busy, come and go.

It stands in behind connection.open_virt(), and fails a test that has more
than one call in flight on a connection.
"""

from __future__ import absolute_import, division, print_function

import contextlib
import itertools
import threading

import libvirt

import kit
from vmsampling import budget
from vmsampling import connection
from vmsampling import events
from vmsampling import groups
from vmsampling import process
from vmsampling import qemu

URI = "qemu:///system"

_DISK = """
<disk type='%s' device='disk'><source %s='%s'/><target dev='%s'/></disk>"""

_RUNNING = 1

# Answers to the calls for details.
_DETAILS = {"detail": {"iothread.count": 1, "dirtyrate.calc_status": 0},
            "iothread": {"iothread.count": 1},
            "other detail": {"dirtyrate.calc_status": 0}}


class Error(libvirt.libvirtError):

    def __init__(self, code, message="fake error"):
        # Not libvirtError's, which asks the library for its last error.
        Exception.__init__(self, message)
        self.err = (code, 0, message, 2, None, None, None, 0, 0)


class VM(object):

    def __init__(self, name, number):
        self.name = name
        self.uuid = "uuid-of-" + name
        self.number = number
        self.state = _RUNNING
        # Somebody holds its job: libvirtd answers for it.
        self.busy = False
        # What controlInfo() says: state, details, milliseconds.
        self.control = [libvirt.VIR_DOMAIN_CONTROL_OK, 0, 0]
        # What diskErrors() and jobStats() say.
        self.disk_errors = {}
        self.job = {"type": libvirt.VIR_DOMAIN_JOB_NONE}
        # What a counter says next; each answer takes one more.
        self.counter = itertools.count(1000, 10)
        # (type, attribute of <source>, value, target)
        self.disks = [("file", "file", "/images/" + name, "vda")]

    @property
    def xml(self):
        return "<domain><devices>%s</devices></domain>" % "".join(
            _DISK % disk for disk in self.disks)


class Host(object):
    """
    A libvirtd and its VMs.
    """

    def __init__(self):
        self.driver = "QEMU"
        self.uri = URI
        # name -> VM
        self.vms = {}
        # name -> what info() of a storage pool says.
        self.pools = {}
        # (call, name of the VM or None), in order. The calls: open, close,
        # host, list, state, lookup, vmhost, monitor, partial, storage,
        # XMLDesc, blockStatsFlags, controlInfo, jobStats, detail, iothread,
        # other detail, diskErrors, pools, pool, versions.
        self.calls = []
        # Calls that fail: call -> Error.
        self.errors = {}
        # Groups of the host's call that the driver refuses.
        self.refused_groups = 0
        # All that were ever opened.
        self.connections = []
        # What fails the test in the end.
        self.faults = []
        self.up = True
        self._numbers = itertools.count(1)
        # (call, name) -> kit.Gate
        self.gates = {}

    def add(self, name):
        """
        Start a VM; again, if there was one with this name.
        """
        self.vms[name] = VM(name, next(self._numbers))
        return self.vms[name]

    def count(self, *call):
        return self.calls.count(call)

    @contextlib.contextmanager
    def hang(self, call, name=None):
        """
        Have these calls hang inside the with statement; gives the Gate.
        """
        with kit.Gate() as gate:
            self.gates[call, name] = gate
            try:
                yield gate
            finally:
                del self.gates[call, name]

    def holds_job(self, name):
        """
        Return whether a call hangs in the monitor of this VM.
        """
        gate = self.gates.get(("monitor", name))
        return gate is not None and gate.calls > gate.left

    def die(self):
        """
        As a libvirtd that is killed: all connections break.
        """
        self.up = False
        for virt in self.connections:
            virt.broken = True

    def open(self, uri, readonly):
        self.calls.append(("open", None))
        self._pass("open", None)
        if not self.up:
            raise Error(libvirt.VIR_ERR_SYSTEM_ERROR,
                        "Failed to connect socket to '/x':\n"
                        "No such file or directory")
        virt = Connection(self, uri, readonly)
        self.connections.append(virt)
        return virt

    def event(self, name, *args):
        """
        Deliver an event to all who asked for it.
        """
        number = getattr(libvirt, "VIR_DOMAIN_EVENT_ID_" + name)
        for virt in self.connections:
            for wanted, callback in list(virt.callbacks.values()):
                if wanted == number:
                    callback(virt, *(args + (None,)))

    def enter(self, virt, call, name=None):
        """
        A call comes in.
        """
        self.calls.append((call, name))
        if not virt.lock.acquire(False):
            self.faults.append("two calls on a connection: %s" % call)
        try:
            self._check(virt)
            self._pass(call, name)
            self._check(virt)
            if call in self.errors:
                raise self.errors[call]
        finally:
            if virt.lock.locked():
                virt.lock.release()

    def _check(self, virt):
        if virt.closed:
            self.faults.append("a call on a closed connection")
        if virt.broken:
            raise Error(libvirt.VIR_ERR_INTERNAL_ERROR, "socket is closed")

    def _pass(self, call, name):
        gate = self.gates.get((call, name))
        if gate is not None:
            gate()


class Connection(object):

    def __init__(self, host, uri, readonly):
        self.host = host
        self.uri = uri
        self.readonly = readonly
        self.lock = threading.Lock()
        self.closed = False
        self.broken = False
        self.keepalive = None
        # number -> (event, callback)
        self.callbacks = {}

    def isAlive(self):
        return 0 if self.broken else 1

    def close(self):
        self.host.calls.append(("close", None))
        if self.callbacks:
            self.host.faults.append("closed with callbacks")
        if not self.lock.acquire(False):
            self.host.faults.append("closed with a call in flight")
        self.closed = True

    def getURI(self):
        return self.host.uri

    def getType(self):
        return self.host.driver

    def setKeepAlive(self, interval, count):
        self.keepalive = interval, count
        return 0

    def domainEventRegisterAny(self, _domain, event, callback, _opaque):
        number = len(self.callbacks)
        self.callbacks[number] = event, callback
        return number

    def domainEventDeregisterAny(self, number):
        del self.callbacks[number]

    def getLibVersion(self):
        self.host.enter(self, "versions")
        return 9000000

    def getVersion(self):
        return 7002017

    def listAllStoragePools(self, _flags):
        self.host.enter(self, "pools")
        return [Pool(self, name) for name in sorted(self.host.pools)]

    def listAllDomains(self, _flags):
        self.host.enter(self, "list")
        return [Domain(self, vm) for vm in self.host.vms.values()]

    def getAllDomainStats(self, wanted, _flags):
        self.host.enter(self, "host")
        if wanted & self.host.refused_groups:
            raise Error(libvirt.VIR_ERR_INVALID_ARG, "unsupported flags")
        return [(Domain(self, vm), {"state.state": vm.state, "net.count": 0})
                for vm in list(self.host.vms.values())]

    def lookupByUUIDString(self, uuid):
        vm = [vm for vm in self.host.vms.values() if vm.uuid == uuid]
        self.host.enter(self, "lookup", vm[0].name if vm else None)
        if not vm:
            raise Error(libvirt.VIR_ERR_NO_DOMAIN, "no domain " + uuid)
        return Domain(self, vm[0])

    def domainListGetStats(self, domains, wanted, flags):
        domain, = domains
        assert domain.virt is self and flags == groups.NOWAIT
        call = {groups.HOST[0].number: "vmhost",
                groups.MONITOR.number: "monitor",
                groups.STORAGE.number: "storage",
                libvirt.VIR_DOMAIN_STATS_IOTHREAD: "iothread",
                groups.DETAIL.number: "detail"}.get(wanted, "other detail")
        if call == "monitor" and self.host.holds_job(domain.vm.name):
            call = "partial"
        self.host.enter(self, call, domain.vm.name)
        if domain.vm.name not in self.host.vms:
            return []
        fields = (_DETAILS[call] if call in _DETAILS
                  else getattr(domain, call)())
        return [(domain, dict(fields))]


class Pool(object):

    def __init__(self, virt, name):
        self._virt = virt
        self._name = name

    def name(self):
        return self._name

    def info(self):
        self._virt.host.enter(self._virt, "pool", self._name)
        return self._virt.host.pools[self._name]


class Domain(object):

    def __init__(self, virt, vm):
        self.virt = virt
        self.vm = vm

    def UUIDString(self):
        return self.vm.uuid

    def name(self):
        return self.vm.name

    def ID(self):
        return self.vm.number

    def state(self):
        self.virt.host.enter(self.virt, "state", self.vm.name)
        return [self.vm.state, 1]

    def controlInfo(self):
        self.virt.host.enter(self.virt, "controlInfo", self.vm.name)
        if self.virt.host.holds_job(self.vm.name):
            return [libvirt.VIR_DOMAIN_CONTROL_OCCUPIED, 0, 0]
        return self.vm.control

    def XMLDesc(self, _flags):
        self.virt.host.enter(self.virt, "XMLDesc", self.vm.name)
        return self.vm.xml

    def blockStatsFlags(self, disk, _flags):
        self.virt.host.enter(self.virt, "blockStatsFlags", self.vm.name)
        if disk not in [d[3] for d in self.vm.disks]:
            raise Error(libvirt.VIR_ERR_INVALID_ARG, "invalid path: " + disk)
        return {"rd_bytes": 512, "rd_operations": 1, "errs": -1,
                "wr_bytes": -1, "flush_operations": 3}

    def diskErrors(self):
        self.virt.host.enter(self.virt, "diskErrors", self.vm.name)
        return self.vm.disk_errors

    def jobStats(self):
        self.virt.host.enter(self.virt, "jobStats", self.vm.name)
        return self.vm.job

    def vmhost(self):
        return {"state.state": self.vm.state, "net.count": 0}

    def monitor(self):
        found = self.partial()
        if not self.vm.busy:
            found["balloon.rss"] = 43244
        return found

    def partial(self):
        return {"cpu.time": next(self.vm.counter), "balloon.current": 16384}

    def storage(self):
        found = {"block.count": len(self.vm.disks)}
        for number, disk in enumerate(self.vm.disks):
            found["block.%d.name" % number] = disk[3]
            if not self.vm.busy:
                found["block.%d.capacity" % number] = 1048576
        return found


class Desk(object):
    """
    Looks like admission.Admission; a test runs what was dispatched.
    """

    def __init__(self):
        # key -> task; one without a key is its own.
        self.tasks = {}
        # Keys whose tasks are under way all the time.
        self.held = set()
        # key -> group of the last task with this key.
        self.groups = {}
        self.timeout = 1.0

    def dispatch(self, call, key=None, group=None, timeout=None):
        key = call if key is None else key
        if key in self.tasks or key in self.held:
            return False
        self.tasks[key] = call
        self.groups[key] = group
        return True

    def run(self, key=None):
        """
        Run one task, which holds its key until it ended; or all there are.
        """
        for found in list(self.tasks) if key is None else [key]:
            self.tasks[found]()
            del self.tasks[found]


class Loop(object):
    """
    Looks like events.Loop.
    """

    def __init__(self):
        self.holders = 0

    def acquire(self):
        self.holders += 1

    def release(self, timeout=None):
        self.holders -= 1


class Budget(object):
    """
    In place of budget.Budget: grants what the test says.
    """

    def __init__(self):
        self.verdict = budget.GRANTED
        # (name of the VM, seconds) of all that asked.
        self.asked = []
        self.occupied = frozenset()

    @contextlib.contextmanager
    def place(self, domain, seconds):
        self.asked.append((domain.name, seconds))
        yield self.verdict

    def reserve(self, uuids):
        self.occupied = frozenset(uuids)


class Process(object):
    """
    In place of process.Process: finds what the test says, in turn, and then
    that all is well.
    """

    held = None
    well = False

    def __init__(self, *found):
        self._found = list(found)

    def look(self):
        return self._found.pop(0) if self._found else process.GO


class Listener(object):
    """
    Notes what a host connection tells, in place of changes.Changes.
    """

    def __init__(self):
        self.told = []

    def lifecycle(self, *args):
        self.told.append(("lifecycle",) + args)

    def device_changed(self, uuid):
        self.told.append(("device", uuid))


class TestCase(kit.TestCase):
    """
    Has a libvirt on virtual time.
    """

    def setUp(self):
        super(TestCase, self).setUp()
        self.libvirt = Host()
        self.scheduler = kit.Scheduler()
        self.loop = Loop()
        self.patch(connection, "open_virt", self.libvirt.open)
        # How long the others waited for their turn.
        self.pauses = []
        self.patch(connection, "pause", self.pauses.append)
        self.patch(events, "loop", self.loop)
        # Real VMs of this machine may have the same names.
        self.patch(qemu, "state_dirs", lambda *_args: [])
        self.addCleanup(
            lambda: self.assertEqual(self.libvirt.faults, []))
        # A call that hung may return after all else, and its connection is
        # to be closed on this loop, not on the real one: that would count
        # one holder less than it has, and not end any more.
        self.addCleanup(self.await_threads)

    def patch(self, where, name, value):
        self.addCleanup(setattr, where, name, getattr(where, name))
        setattr(where, name, value)

    def connections(self, **settings):
        return connection.Connections(
            URI, clock=self.scheduler.clock, **settings)
