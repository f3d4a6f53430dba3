# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The samplers that are watched while VMs hang, with one face: ours, VDSM's,
collectd's, the exporter for Prometheus, and the simplest one.

Each samples all VMs once a period, and says how old the newest sample of each
VM is. Those who know no tiers have one age, which stands as the monitor's.
"""

from __future__ import absolute_import, division, print_function

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time

import libvirt

from six.moves import http_client

import process
import vdsmlib
from threadpool import clock
from vmsampling import events
from vmsampling import groups
from vmsampling import sampler

# Seconds that Prometheus gives a scrape by default.
_SCRAPE_TIMEOUT = 10.0

# Seconds for a daemon of somebody else's to begin or to end.
_PATIENCE = 10.0

# What VDSM's monitor asks for.
GROUPS = (
    libvirt.VIR_DOMAIN_STATS_STATE | libvirt.VIR_DOMAIN_STATS_CPU_TOTAL |
    libvirt.VIR_DOMAIN_STATS_BALLOON | libvirt.VIR_DOMAIN_STATS_VCPU |
    libvirt.VIR_DOMAIN_STATS_INTERFACE | libvirt.VIR_DOMAIN_STATS_BLOCK)

_COLLECTD_CONF = """\
Hostname "host"
FQDNLookup false
Interval {period}
# Values that come no more are kept, so that their age is seen.
Timeout 1000000
BaseDir "{folder}"
PIDFile "{folder}/pid"
LoadPlugin logfile
<Plugin logfile>
    LogLevel "warning"
    File "{folder}/log"
</Plugin>
LoadPlugin unixsock
<Plugin unixsock>
    SocketFile "{folder}/socket"
</Plugin>
LoadPlugin virt
<Plugin virt>
    Connection "{uri}"
    HostnameFormat name
</Plugin>
"""

_OF_DOMAIN = re.compile(r'^libvirt_domain_[^{]*\{[^}]*domain="([^"]*)"', re.M)


class _Here(object):
    """
    A sampler in this process, whose main thread is that of the benchmark.
    """

    def threads(self):
        return process.threads() - 1

    def stop(self):
        """
        Nothing: this process is about to end.
        """


class Ours(_Here):

    look = True

    def __init__(self, options):
        period = options["period"]
        self._sampler = sampler.Sampler(
            options["uri"], period,
            storage_period=vdsmlib.STORAGE_PERIODS * period)
        self._sampler.look = self.look
        self._sampler.start()

    def ages(self):
        """
        Return {name of the VM: {tier: age in seconds, or None}}.
        """
        vms = self._sampler.snapshot()["vms"].values()
        return dict((vm["name"], vm["age"]) for vm in vms)


class OursWithoutLook(Ours):

    look = False


class _Samples(object):
    """
    When the newest sample of each VM was asked for.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._times = {}

    def put(self, names, time):
        with self._lock:
            self._times.update((name, time) for name in names)

    def ages(self):
        now = clock.monotonic()
        with self._lock:
            return dict((name, {"monitor": now - time})
                        for name, time in self._times.items())


class Bulk(_Here):
    """
    One call for all VMs each period, as one would write it.
    """

    def __init__(self, options):
        self._samples = _Samples()
        self.ages = self._samples.ages
        self._connection = libvirt.openReadOnly(options["uri"])
        _repeat(options["period"], self._sample)

    def _sample(self):
        begin = clock.monotonic()
        records = self._connection.getAllDomainStats(
            GROUPS, groups.ACTIVE | groups.NOWAIT)
        self._samples.put([vm.name() for vm, _ in records], begin)


class Vdsm(_Here):
    """
    What VDSM's own code makes of its bulk call, on its executor, each with
    the sizes that are VDSM's defaults.
    """

    WORKERS = 4
    MAX_WORKERS = 30
    MAX_TASKS = 400

    def __init__(self, options):
        vdsm = self._import(options)
        # VDSM gets events on the same connection.
        events.loop.acquire()
        connection = libvirt.open(options["uri"])
        self._vms = dict((vm.UUIDString(), _VdsmVM(vm))
                         for vm in connection.listAllDomains())
        self._cache = vdsm.sampling.StatsCache()
        scheduler = vdsm.schedule.Scheduler(
            name="timer", clock=vdsm.time.monotonic_time)
        scheduler.start()
        pool = vdsm.executor.Executor(
            "periodic", self.WORKERS, self.MAX_TASKS, scheduler,
            self.MAX_WORKERS)
        pool.start()
        self._operation = vdsm.periodic.Operation(
            vdsm.sampling.VMBulkstatsMonitor(
                connection, lambda: self._vms, self._cache),
            options["period"], scheduler, executor=pool)
        self._operation.start()

    def _import(self, options):
        return vdsmlib.Sampling(options["vdsm"])

    def ages(self):
        found = {}
        for uuid, vm in self._vms.items():
            sample = self._cache.get(uuid)
            found[vm.name] = {
                "monitor": None if sample.is_empty() else sample.stats_age}
        return found


class StandIn(Vdsm):
    """
    The same VDSM, with ours standing in.
    """

    def _import(self, options):
        return vdsmlib.SamplingByOurs(
            options["vdsm"], options["uri"], options["period"],
            options["folder"])

    def next_sample(self, limit):
        """
        Wait for a sample that is asked for after this call, until that time
        at most; return it as {UUID: fields}.
        """
        begin = self._cache.clock()
        while clock.monotonic() < limit:
            if self._cache._last_sample_time >= begin:
                return self._cache._samples.last()[1]
            time.sleep(0.01)
        raise AssertionError("no sample")


class _VdsmVM(object):
    """
    What VDSM's monitor wants of a VM.
    """

    def __init__(self, domain):
        self.name = domain.name()
        self.dom = domain
        self._dom = self

    def isDomainReadyForCommands(self):
        return self.dom.controlInfo()[0] == libvirt.VIR_DOMAIN_CONTROL_OK


class _Daemon(object):
    """
    A program of somebody else's.
    """

    def __init__(self, command):
        self._process = subprocess.Popen(command, stdout=sys.stderr)

    def threads(self):
        return process.threads(self._process.pid)

    def ended(self):
        return self._process.poll() is not None

    def stop(self):
        if not self.ended():
            # With calls that hang it would not end by itself.
            self._process.kill()
        self._process.wait()


class Collectd(_Daemon):
    """
    With its plugin virt. It tells the times of its values on a socket.
    """

    def __init__(self, options):
        folder = options["folder"]
        conf = os.path.join(folder, "collectd.conf")
        with open(conf, "w") as f:
            f.write(_COLLECTD_CONF.format(**options))
        self._socket = os.path.join(folder, "socket")
        super(Collectd, self).__init__([options["program"], "-f", "-C", conf])
        limit = clock.monotonic() + _PATIENCE
        while not os.path.exists(self._socket):
            if self.ended() or clock.monotonic() > limit:
                self.stop()
                raise AssertionError("collectd does not start: see " + conf)
            time.sleep(0.05)

    def ages(self):
        newest = {}
        for line in self._values():
            when, _, identifier = line.partition(" ")
            name = identifier.partition("/")[0]
            newest[name] = max(newest.get(name, 0.0), float(when))
        # The daemon's clock is that of the day.
        now = time.time()
        return dict((name, {"monitor": now - when})
                    for name, when in newest.items())

    def _values(self):
        """
        Return lines, each with the time of a value and its name.
        """
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as client:
            client.settimeout(_PATIENCE)
            client.connect(self._socket)
            client.sendall(b"LISTVAL\n")
            with contextlib.closing(client.makefile("rb")) as lines:
                count = int(lines.readline().split()[0])
                return [lines.readline().decode("utf-8", "replace")
                        for _ in range(count)]


class Exporter(_Daemon):
    """
    Of Debian's exporters for Prometheus the one for libvirt, scraped each
    period as Prometheus does it.
    """

    def __init__(self, options):
        self._samples = _Samples()
        self.ages = self._samples.ages
        with contextlib.closing(socket.socket()) as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        super(Exporter, self).__init__([
            options["program"], "--libvirt.uri=" + options["uri"],
            "--web.listen-address=127.0.0.1:%d" % self._port])
        _repeat(options["period"], self._scrape)

    def _scrape(self):
        begin = clock.monotonic()
        connection = http_client.HTTPConnection(
            "127.0.0.1", self._port, timeout=_SCRAPE_TIMEOUT)
        try:
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode("utf-8", "replace")
        except (EnvironmentError, http_client.HTTPException):
            return
        finally:
            connection.close()
        self._samples.put(set(_OF_DOMAIN.findall(text)), begin)


# (name, class, program, Debian's package). Ours is measured without its look
# at /proc as well, so that its calls do hang.
CANDIDATES = (
    ("ours", Ours, None, None),
    ("no look", OursWithoutLook, None, None),
    ("VDSM", Vdsm, None, None),
    ("stand-in", StandIn, None, None),
    ("collectd", Collectd, "collectd", "collectd-core"),
    ("exporter", Exporter, "prometheus-libvirt-exporter",
     "prometheus-libvirt-exporter"),
    ("bulk", Bulk, None, None),
)


def program(name):
    """
    Return the name of the candidate's program, None if it is in this tree.
    """
    return dict((row[0], row[2]) for row in CANDIDATES)[name]


def watch(name, options):
    """
    Have the candidate sample. For each line on standard input print what
    there is to see, until the input ends.
    """
    candidate = dict((row[0], row[1]) for row in CANDIDATES)[name](options)
    try:
        for _ in iter(sys.stdin.readline, ""):
            # The last two are those of this process.
            print(json.dumps({"ages": candidate.ages(),
                              "threads": candidate.threads(),
                              "cpu": process.cpu_seconds(),
                              "memory": process.resident()}))
            sys.stdout.flush()
    finally:
        candidate.stop()
    return {}


def _repeat(period, call):
    """
    Call it each period on a thread of its own, at fixed times as far as it
    returns in time.
    """
    def loop():
        due = clock.monotonic()
        while True:
            call()
            due = max(due + period, clock.monotonic())
            time.sleep(max(due - clock.monotonic(), 0))

    thread = threading.Thread(target=loop)
    thread.daemon = True
    thread.start()
