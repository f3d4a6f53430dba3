# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What stands in for VDSM's VMBulkstatsMonitor, on real VMs: called once a
period as VDSM does, it keeps VDSM's cache fresh whatever hangs.
"""

from __future__ import absolute_import, division, print_function

import contextlib
import threading
import time

import libvirt

import host
import standins
import tools
import vdsmdoubles
import watching
from threadpool import clock
from vmsampling import config
from vmsampling import events

VMS = host.Host(vms=12)
STORAGE = host.HangingFolder(VMS)
ON_IT = ["on%d" % n for n in range(1, 6)]

# A loaded machine needs some time for 17 VMs, and a call takes 0.4 periods at
# the most.
PERIOD = 1.5
FRESH = 2 * PERIOD

FAULT = 5.0

# The caller, and what else watching.OTHER_THREADS does not know of.
CALLER = 1

_CONF = """\
[vars]
vm_sample_interval = %g
[sampling]
connect = %s
storage_period = %g
"""


def setUpModule():
    STORAGE.start_all(ON_IT)


def tearDownModule():
    VMS.stop()
    STORAGE.stop()


class Caller(object):
    """
    Calls a monitor once a period, as VDSM's periodic operation does.
    """

    def __init__(self, monitor):
        self._monitor = monitor
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="caller")
        self._thread.daemon = True
        # Seconds that each call took.
        self.took = []

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc_info):
        self._stopping.set()
        self._thread.join(10)

    def _run(self):
        due = clock.monotonic()
        while not self._stopping.is_set():
            begin = clock.monotonic()
            self._monitor()
            self.took.append(clock.monotonic() - begin)
            due += PERIOD
            self._stopping.wait(max(due - clock.monotonic(), 0))


class TestCase(watching.TestCase):

    # Seconds; few where VMs are to be asked for their images all the time.
    storage_period = 60.0

    def setUp(self):
        super(TestCase, self).setUp()
        self.patch(config, "MAIN_FILE", VMS.folder.write(
            "vdsm.conf", _CONF % (
                PERIOD, VMS.uri, self.storage_period)))
        self.patch(config, "DROP_IN_DIRS", ())
        bulkstats = standins.load("vdsm.virt.bulkstats")
        self.source = bulkstats.Source()
        bulkstats.VMBulkstatsMonitor.source = self.source
        bulkstats.VMBulkstatsMonitor.builtin = vdsmdoubles.Builtin
        self.uuids = dict((VMS.virsh("domuuid", name).strip(), name)
                          for name in VMS.domains)
        self.cache = vdsmdoubles.StatsCache(clock.monotonic)
        self.monitor = bulkstats.VMBulkstatsMonitor(
            None, lambda: self.uuids, self.cache)

    def patch(self, where, name, value):
        self.addCleanup(setattr, where, name, getattr(where, name))
        setattr(where, name, value)

    @contextlib.contextmanager
    def calling(self):
        """
        Have the monitor called; gives the Caller when all VMs are fresh.
        """
        try:
            with Caller(self.monitor) as caller:
                self.wait_all_fresh(10)
                yield caller
        finally:
            if self.source._sampler is not None:
                self.source._sampler.stop()

    def ages(self):
        """
        Return {name: age}, None without two samples.
        """
        found = {}
        for uuid, name in self.uuids.items():
            older, _, _, age = self.cache.get(uuid)
            found[name] = None if older is None else age
        return found

    def wait_all_fresh(self, seconds):
        def fresh():
            return all(age is not None and age < FRESH
                       for age in self.ages().values())

        tools.wait_until(fresh, seconds,
                         lambda: "all fresh: %s" % self.ages())

    def look(self, seconds):
        """
        Return the ages, looked at again and again, and the most threads.
        """
        begin = clock.monotonic()
        looks, counts = [], []
        while clock.monotonic() - begin < seconds:
            looks.append(self.ages())
            counts.append(watching.threads() - self._foreign)
            time.sleep(watching.PAUSE)
        return looks, max(watching.in_a_row(counts))

    def check_ages(self, looks, names):
        bad = ["%s: %s" % (name, look[name]) for look in looks
               for name in sorted(names)
               if look[name] is None or not look[name] < FRESH]
        self.fail_if(bad, "%d ages not below %g s" % (len(bad), FRESH))

    def check_fault(self, hit, hung):
        """
        hung: how many calls hang at the most.
        """
        looks, most = self.look(FAULT)
        self.check_ages(looks, set(VMS.domains) - set(hit))
        self.assertLessEqual(
            most, watching.WORKERS + hung + watching.OTHER_THREADS + CALLER)
        return looks


class StuckTest(TestCase):

    def test_stopped_ones(self):
        hit = VMS.domains[:6]
        with self.calling() as caller:
            self.freeze(VMS, *hit)
            self.check_fault(hit, hung=watching.WORKERS)
            # Their ages stand still, which VDSM looks at.
            for uuid, name in self.uuids.items():
                self.assertEqual(
                    self.cache.get(uuid)[3] > FAULT - PERIOD,
                    name in hit, name)
            for name in hit:
                VMS.thaw(name)
            self.wait_all_fresh(3 * PERIOD)
            self.assertLess(max(caller.took), PERIOD / 2)
        self.check_quiet()

    def test_calls_that_hang(self):
        hit = VMS.domains[:4]
        pids = [VMS.pid(name) for name in hit]
        with _all(host.hidden(VMS, name) for name in hit):
            with self.calling() as caller:
                for pid in pids:
                    self.addCleanup(tools.resume, pid)
                    tools.suspend(pid)
                self.check_fault(hit, hung=len(hit))
                # When they hang for the first time somebody waits, but not
                # for long, and never again.
                self.assertLess(max(caller.took), PERIOD / 2)
                for pid in pids:
                    tools.resume(pid)
                self.wait_all_fresh(3 * PERIOD)
        self.check_quiet()

    def check_quiet(self):
        self.check_no_errors()
        self.assertEqual(self.monitor._builtin.calls, 0)
        self.assertEqual(self.cache.dropped, 0)


class StorageTest(TestCase):

    storage_period = 2.0

    def test_hung_storage(self):
        with self.calling():
            # None is just being asked for its images.
            time.sleep(2.5 * PERIOD)
            self.addCleanup(STORAGE.release)
            STORAGE.hang()
            # A question that had just begun freezes its VM.
            looks = self.check_fault(ON_IT, hung=1)
            frozen = VMS.silent(ON_IT)
            self.assertLessEqual(len(frozen), 1)
            self.check_ages(looks, set(ON_IT) - set(frozen))
            STORAGE.release()
            self.wait_all_fresh(3 * PERIOD)
        self.check_no_errors()


class FieldsTest(TestCase):

    storage_period = 2.0

    def test_same_as_those_of_the_bulk_call(self):
        # Without a loop its socket would stay open.
        events.loop.acquire()
        self.addCleanup(events.loop.release)
        virt = libvirt.openReadOnly(VMS.uri)
        self.addCleanup(virt.close)
        uuid, = [uuid for uuid, name in self.uuids.items() if name == "vm01"]
        domain = virt.lookupByUUIDString(uuid)

        def bulk():
            (_, fields), = virt.domainListGetStats(
                [domain], self.monitor_types())
            return fields

        with self.calling():
            tools.wait_until(
                lambda: "block.0.allocation" in self.cache.get(uuid)[1], 10,
                "the storage tier is there")
            before = bulk()
            begin = clock.monotonic()
            tools.wait_until(
                lambda: self.cache.get(uuid)[3] < clock.monotonic() - begin,
                5, "a new sample")
            ours, after = self.cache.get(uuid)[1], bulk()
        self.assertEqual(sorted(ours), sorted(before))
        for name in before:
            self.assertIn(ours[name], Between(before[name], after[name]),
                          name)

    def monitor_types(self):
        return standins.load("vdsm.virt.bulkstats").BULK_STATS_TYPES

    def test_rate(self):
        # A VM's counters and the cache's seconds are of the same interval.
        # And one that is paused is sampled, which VDSM's call leaves out.
        self.addCleanup(VMS.virsh, "resume", "vm02")
        VMS.virsh("suspend", "vm02")
        self.assertNotIn("'vm02'", VMS.virsh(
            "domstats", "--state", "--list-running"))
        with self.calling():
            looks = []
            for _ in range(4):
                time.sleep(PERIOD)
                looks.extend(self.cache.get(uuid)[2] for uuid in self.uuids)
        self.assertLess(max(looks) - min(looks), 0.6 * PERIOD)


class Between(object):

    def __init__(self, before, after):
        self._before = before
        self._after = after

    def __contains__(self, value):
        if isinstance(value, str):
            return value == self._before
        return (min(self._before, self._after) <= value <=
                max(self._before, self._after))

    def __repr__(self):
        return "%r to %r" % (self._before, self._after)


@contextlib.contextmanager
def _all(managers):
    """
    Enter them all, and leave them in the opposite order.
    """
    managers = list(managers)
    if not managers:
        yield
        return
    with managers[0], _all(managers[1:]):
        yield
