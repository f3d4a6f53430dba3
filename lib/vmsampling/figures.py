# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
CPU time and memory of each VM, from /proc and the cgroups; and who holds its
job, from a file of libvirtd's.

Neither libvirtd nor a QEMU is asked, so these figures stay fresh whoever
hangs. But for the waits (pressure.*), which libvirt does not know, they have
libvirt's names and mean the same: libvirt takes the CPU time from the cgroup
that it made around a VM, or from /proc/PID/stat if it made none, and the
memory always from there.

Of /proc/PID nothing else is read again and again. In particular nothing that
waits for the lock of the process' memory, as cmdline, maps and smaps do: who
holds it may hang.
"""

from __future__ import absolute_import, division, print_function

import functools
import os
import re

from threadpool import clock as _clock
from vmsampling import history as _history
from vmsampling import job as _job

# One at a time, however long it takes.
KEY = "process"

# libvirt's cgroup around one VM, made by systemd or by libvirt itself. The
# main thread of QEMU is in "emulator" below it, and the threads that run the
# guest are beside that. Others than the VM's are not in there.
_OWN = re.compile(br"(.*/(?:machine-qemu[^/]*\.scope|[^/]+\.libvirt-qemu)"
                  br"(?:/libvirt)?)(?:/emulator)?$")

# Of which the kernel counts how long the processes of a cgroup have waited.
_RESOURCES = ("cpu", "io", "memory")

# More than any of the files has.
_READ_BYTES = 16384

_GONE = (EnvironmentError, LookupError, ValueError)


class Figures(object):
    """
    Reads the figures of all VMs: a task.
    """

    def __init__(self, sight, registry, history, hosts,
                 clock=_clock.monotonic, proc="/proc"):
        """
        sight: process.Sight of the VMs' processes.
        hosts: admission.Admission to the pool for what concerns all VMs.
        """
        self._sight = sight
        self._registry = registry
        self._history = history
        self._hosts = hosts
        self._clock = clock
        self._proc = proc
        self._cgroups = Cgroups(proc)
        # Domain -> (its Qemu, the job.File of it). For the task alone.
        self._qemus = {}

    def send(self):
        """
        Dispatch it. Never blocks. Thread: any.
        """
        self._hosts.dispatch(self, key=KEY)

    def __call__(self):
        known = self._qemus
        self._qemus = dict(
            (domain, known.get(domain) or self._qemu(domain))
            for domain in self._registry.all())
        for domain, (qemu, file_) in self._qemus.items():
            file_.look()
            time = self._clock()
            fields = qemu.read()
            if fields:
                self._history.put(domain, _history.PROCESS, time, fields)

    def _qemu(self, domain):
        return (Qemu(functools.partial(self._sight.find, domain.name),
                     self._cgroups, self._proc),
                _job.File(self._sight, domain))

    def __repr__(self):
        return "<Figures vms=%d>" % len(self._qemus)


class Qemu(object):
    """
    The process of one VM.
    """

    def __init__(self, find, cgroups, proc="/proc"):
        """
        find: function without arguments that returns the PID, or None.
        """
        self._find = find
        self._cgroups = cgroups
        self._proc = proc
        self._tick = 10 ** 9 // os.sysconf("SC_CLK_TCK")
        self._page = os.sysconf("SC_PAGE_SIZE") // 1024
        # Of the process that was found: its file, and when it was started,
        # which tells it from a later one with the same PID.
        self._path = None
        self._started = None
        # What reads the CPU times of its cgroup. None: they are in the file.
        self._cpu = None

    def read(self):
        """
        Return the fields; empty if there is nothing to see.
        """
        words = self._path and self._read()
        if not words or words[19] != self._started:
            words = self._start()
            if not words:
                return {}
        fields = self._times(words) if self._cpu is None else self._cpu()
        fields["balloon.rss"] = int(words[21]) * self._page
        return fields

    def _start(self):
        """
        Find the process, and read its file.
        """
        pid = self._find()
        if pid is None:
            self._path = None
            return None
        self._path = "%s/%d/stat" % (self._proc, pid)
        words = self._read()
        if words:
            self._started = words[19]
            # Not again for this process: counters must not jump from one
            # source to the other.
            self._cpu = self._cgroups.find(pid)
        return words

    def _read(self):
        """
        Return what follows the name in the file: the third field and all
        others; None if the process has ended.
        """
        try:
            text = _read(self._path)
            # The name may have spaces and parentheses itself.
            words = text[text.rindex(b")") + 1:].split()
            # One that has ended and waits for its parent has no memory.
            return words if int(words[21]) > 0 else None
        except _GONE:
            return None

    def _times(self, words):
        user = int(words[11]) * self._tick
        system = int(words[12]) * self._tick
        return {"cpu.time": user + system,
                "cpu.user": user,
                "cpu.system": system}


class Cgroups(object):
    """
    Finds the cgroup of a VM.
    """

    def __init__(self, proc="/proc"):
        self._proc = proc
        self._tick = 10 ** 9 // os.sysconf("SC_CLK_TCK")
        # Where the hierarchies are mounted that count CPU times: controller,
        # b"" for version 2 -> mount point. None: not looked up yet.
        self._mounts = None

    def find(self, pid):
        """
        Return a function which returns the CPU times of the process' cgroup,
        nothing if they cannot be read. None if the cgroup has others in it,
        or is none that we can read.
        """
        if self._mounts is None:
            self._mounts = self._read_mounts()
        try:
            lines = _read("%s/%d/cgroup" % (self._proc, pid)).splitlines()
        except EnvironmentError:
            return None
        for controller, read in ((b"cpuacct", self._read_v1),
                                 (b"", self._read_v2)):
            own = _own(lines, controller)
            if own and controller in self._mounts:
                folder = self._mounts[controller] + own
                found = functools.partial(read, folder)
                if found():
                    # What is not there now would cost an error each time.
                    waits = [one for one in _RESOURCES
                             if _pressure(folder, one)]
                    return functools.partial(read, folder, waits)
        return None

    def _read_mounts(self):
        found = {}
        try:
            with open(self._proc + "/self/mountinfo", "rb") as stream:
                lines = stream.readlines()
        except EnvironmentError:
            return found
        for line in lines:
            mount, _, system = line.partition(b" - ")
            # ID, parent, device, root, mount point, ...
            root, point = mount.split()[3:5]
            # Type, source, options.
            words = system.split()
            if root != b"/":
                continue
            if words[0] == b"cgroup2":
                found.setdefault(b"", point)
            elif words[0] == b"cgroup" and b"cpuacct" in words[2].split(b","):
                found.setdefault(b"cpuacct", point)
        return found

    def _read_v1(self, folder, _waits=()):
        try:
            words = _read(folder + b"/cpuacct.stat").split()
            times = dict(zip(words[::2], words[1::2]))
            return {
                "cpu.time": int(_read(folder + b"/cpuacct.usage")),
                "cpu.user": int(times[b"user"]) * self._tick,
                "cpu.system": int(times[b"system"]) * self._tick,
            }
        except _GONE:
            return {}

    def _read_v2(self, folder, waits=()):
        try:
            words = _read(folder + b"/cpu.stat").split()
            times = dict(zip(words[::2], words[1::2]))
            found = dict((field, int(times[name]) * 1000) for field, name in (
                ("cpu.time", b"usage_usec"),
                ("cpu.user", b"user_usec"),
                ("cpu.system", b"system_usec")))
            for resource in waits:
                found.update(_pressure(folder, resource))
            return found
        except _GONE:
            return {}


def _pressure(folder, resource):
    """
    Return {pressure.RESOURCE.some: microseconds in which some of a cgroup's
    processes have waited for it, pressure.RESOURCE.full: or all of them};
    empty if the kernel does not count that.
    """
    try:
        lines = _read(folder + b"/%s.pressure" % resource.encode("ascii"))
        return dict(
            (str("pressure.%s.%s" % (resource, words[0].decode("ascii"))),
             int(words[-1].partition(b"=")[2]))
            for words in map(bytes.split, lines.splitlines()))
    except _GONE:
        return {}


def _own(lines, controller):
    """
    Return the path of libvirt's cgroup in this hierarchy, None if the
    process is in another one.
    """
    for line in lines:
        # Number, controllers, path.
        words = line.split(b":", 2)
        if len(words) == 3 and controller in words[1].split(b","):
            match = _OWN.match(words[2])
            return match and match.group(1)
    return None


def _read(path):
    # Buffered files cost three times as much.
    fd = os.open(path, os.O_RDONLY)
    try:
        return os.read(fd, _READ_BYTES)
    finally:
        os.close(fd)
