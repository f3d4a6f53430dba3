# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The fault matrix: whatever hangs, each healthy VM stays fresh, each stuck VM
keeps its host tier, and other users of libvirtd notice nothing.

One test for each fault, on the scale that scale.py chooses. Each prints a
line with what it has measured, also when it fails.
"""

from __future__ import absolute_import, division, print_function

import collections
import contextlib
import logging
import sys

import clients
import faults
import host
import nbd
import scale
import tools
import watching
from threadpool import clock

SCALE = scale.chosen()

VMS = host.Host(vms=SCALE.elsewhere)
STORAGE = host.HangingFolder(VMS)

ELSEWHERE = ["vm%02d" % n for n in range(1, SCALE.elsewhere + 1)]
ON_IT = ["on%02d" % n for n in range(1, SCALE.on_storage + 1)]
FEW = ELSEWHERE[:SCALE.few]
MANY = ELSEWHERE[:SCALE.many]

FRESH = 2 * SCALE.period

STORAGE_PERIOD = 2 * SCALE.period

# Seconds in which each VM is asked, and its storage looked at.
ALL_ASKED = STORAGE_PERIOD + SCALE.period

# The one who asks libvirtd for this VM beside us is to notice nothing.
NEIGHBOUR = ELSEWHERE[-1]
ANSWERED = 1.0

# Threads that may hang besides those which the monitor pool tells of: one
# look at the storage that is dead, or calls for the list of the VMs.
LOOK_AT_STORAGE = 1
LISTS = 3

# What was seen of a fault. asked: clients.Events of the neighbour; last: what
# the test found out at the end of the fault; recovery: seconds.
Seen = collections.namedtuple("Seen", "begin looks asked last recovery")


def by_uuid():
    """
    Return the names of all VMs in the order of their UUIDs.
    """
    lines = VMS.virsh("list", "--uuid", "--name").splitlines()
    return [line.split()[1] for line in sorted(lines) if line.strip()]


def setUpModule():
    tools.require("bindfs", "virt-admin")
    STORAGE.start_all(ON_IT)


def tearDownModule():
    VMS.stop()
    STORAGE.stop()


class TestCase(watching.TestCase):

    timeout = 60 + 2 * SCALE.fault

    # Seconds below which an age must stay.
    fresh = FRESH

    # Whether for a moment all threads may be held by late tasks.
    may_be_full = False

    def setUp(self):
        super(TestCase, self).setUp()
        # All that is wrong with this row, not only the first of it.
        self.problems = []

    def face(self, fault, seconds, neighbour=True, last=None, look=True,
             between_rounds=False):
        """
        Have a sampler go through a fault, and see what becomes of it.

        last: called at the end of the fault.
        look: the sampler's.
        between_rounds: for a fault that begins in an instant, see begun().
        """
        # It asks for images all the time, so storage dies while it does.
        sampler = self.start_fresh(
            VMS, look=look, period=SCALE.period, max_hung=SCALE.max_hung,
            storage_period=STORAGE_PERIOD)
        before = max(look.threads
                     for look in self.watch(sampler, SCALE.period))
        client = clients.neighbour(VMS, NEIGHBOUR)
        self.addCleanup(client.stop)
        if neighbour:
            client.start()
        with self.begun(fault, sampler, between_rounds):
            begin = clock.monotonic()
            looks = self.watch(sampler, seconds)
            found = last() if last else None
        released = clock.monotonic()
        self.collect(self.wait_fresh, sampler, VMS.domains, FRESH)
        recovery = clock.monotonic() - released
        asked = client.stop()
        self.collect(self.check_workers_free)
        self.collect(self.check_threads_back, before)
        self.collect(self.check_no_errors)
        return Seen(begin, looks, asked, found, recovery)

    @contextlib.contextmanager
    def begun(self, fault, sampler, between_rounds):
        """
        Have a fault inside the with statement, that begins when a round is
        just over.

        between_rounds: it must have begun before the next one, so that the
            first VM that is asked in it is the first of a round; on a slow
            machine that takes more than one attempt.
        """
        for _ in range(10):
            tools.wait_until(
                lambda: self.rests(sampler), 20 * SCALE.period,
                "a round is over in less than half a period")
            number = sampler.snapshot()["round"]
            with fault:
                if not between_rounds or self.rested(sampler, number):
                    yield
                    return
            self.wait_fresh(sampler, VMS.domains, FRESH)
        self.fail("%s: never begun between two rounds" % fault.name)

    def rests(self, sampler):
        """
        Wait for a round, and return whether no VM is being asked now, nor in
        the next moment.
        """
        number = sampler.snapshot()["round"] + 1
        self.assertTrue(sampler.wait_round(number, 5 * SCALE.period))
        return (self.rested(sampler, number) and
                sampler.snapshot()["elapsed"] < SCALE.period / 2)

    def rested(self, sampler, number):
        """
        Return whether no round has begun after the one of this number.
        """
        found = sampler.snapshot()
        # All that a list said is as old as the round that it began.
        ages = [vm["age"]["host"] for vm in found["vms"].values()]
        return found["round"] == number and max(ages) < 0.9 * SCALE.period

    def collect(self, check, *args, **kwargs):
        try:
            check(*args, **kwargs)
        except AssertionError as e:
            self.problems.append(str(e))

    def judge(self, fault, seen, names, tier="monitor", known=None,
              hung_elsewhere=0, note=""):
        """
        Tell what was seen, and what was wrong with it.

        names: VMs whose tier of this name must have been fresh at each look;
            known: only those of them that have answered in the fault, and
            they must be so many.
        note: one more thing to tell.
        """
        limit = (watching.WORKERS + most_hung(seen.looks) + hung_elsewhere +
                 watching.OTHER_THREADS)
        self.tell(fault.name + note, seen, names, tier, limit)
        if known is not None:
            names = self.known(seen.looks, names)
            self.collect(self.assertGreaterEqual, len(names), known,
                         "VMs that are known to answer")
        self.collect(
            self.check_fresh, seen.looks, names, tier, limit=self.fresh)
        self.collect(self.check_hung, seen.looks)
        self.collect(self.check_threads, seen.looks,
                     most_hung(seen.looks) + hung_elsewhere)
        self.collect(self.check_flat, seen.looks)
        self.collect(self.check_neighbour, seen.asked)
        if self.problems:
            self.fail("\n".join([fault.name + ":"] + self.problems))

    def tell(self, title, seen, names, tier, limit):
        looks = seen.looks
        parts = [
            "%s tier of %d of %d fresh at each of %d looks, oldest %.2f s" % (
                tier, min(len(fresh(look, names, tier)) for look in looks),
                len(names), len(looks), oldest(looks, names, tier)),
            "hung %d (limit %d)" % (most_hung(looks), SCALE.max_hung),
            "threads %d (limit %d)" % (
                max(look.threads for look in looks) - self._foreign, limit)]
        if tier == "monitor":
            parts.insert(1, "host tier of all: oldest %.2f s" % (
                oldest(looks, VMS.domains, "host")))
        if seen.asked:
            parts.append("another's domstats max %.2f s" % (
                max(event.end - event.begin for event in seen.asked)))
        parts.append("recovery %.1f s" % seen.recovery)
        # nose keeps what is written to stdout.
        sys.__stderr__.write("\n    %s: %s\n" % (title, "; ".join(parts)))

    def check_no_errors(self):
        self.assertEqual([message for message in self.logs.at(logging.ERROR)
                          if not self.may_be_full or
                          "held by late tasks" not in message], [])
        self.assertEqual(self.logs.at(logging.CRITICAL), [])

    def check_workers_free(self):
        """
        No worker of libvirtd's is left in a call, but for a moment.
        """
        found = [None]

        def free():
            found[0] = VMS.libvirtd.workers()
            return found[0]["freeWorkers"] == found[0]["nWorkers"]

        tools.wait_until(free, 5, lambda: "libvirtd's workers are free: %s" %
                         found[0])

    def known(self, looks, names):
        """
        Return those who answered when all calls hung already that may.
        """
        full = [look for look in looks if hung(look) >= SCALE.max_hung - 1]
        self.assertTrue(full, "never were all calls hung that may")
        since = full[0].time
        return [name for name in names if any(
            look.time - look.age(name, "monitor") > since for look in looks)]

    def check_hung(self, looks):
        bad = ["%d at %.2f s" % (hung(look), look.time)
               for look in looks if hung(look) > SCALE.max_hung]
        self.fail_if(bad, "more than %d calls hung" % SCALE.max_hung)

    def check_flat(self, looks):
        """
        Once all that can hang does, threads do not grow, unless more calls
        hang.
        """
        first = [look for look in looks if look.time < ALL_ASKED]
        second = [look for look in looks if look.time >= ALL_ASKED]
        more_hung = max(most_hung(second) - most_hung(first), 0)
        self.assertLessEqual(
            max(watching.lasting(second)),
            max(watching.lasting(first)) + more_hung,
            "threads grow: %s" % [look.threads for look in looks])

    def check_neighbour(self, asked):
        bad = ["%.2f s with status %d" % (event.end - event.begin,
                                          event.status)
               for event in asked
               if event.end - event.begin >= ANSWERED or event.status]
        self.fail_if(bad, "%d of another client's %d calls" % (
            len(bad), len(asked)))


class VMsTest(TestCase):
    """
    QEMUs that hang, and storage.
    """

    def check(self, fault, **settings):
        known = settings.pop("known", None)
        seen = self.face(fault, SCALE.fault, **settings)
        self.collect(self.check_fresh, seen.looks, VMS.domains, "host", FRESH)
        self.judge(fault, seen, set(VMS.domains) - set(fault.hit),
                   known=known,
                   note="" if settings.get("look", True) else ", no looks")

    def test_few_stopped(self):
        self.check(faults.Stopped(VMS, FEW))

    def test_many_stopped(self):
        self.check(faults.Stopped(VMS, MANY))

    def test_few_stopped_unseen(self):
        self.check(faults.Stopped(VMS, FEW), look=False)

    def test_many_stopped_unseen(self):
        # They take all calls that may hang, and the sampler goes on with
        # those VMs that have answered since the first of them began. How many
        # these are is chance otherwise: VMs are asked in the order of their
        # UUIDs. So the first one is stopped, and all the others behind half
        # of those that are not.
        self.may_be_full = True
        order = [name for name in by_uuid() if name != NEIGHBOUR]
        before = (len(order) - SCALE.many) // 2
        hit = order[:1] + order[before + 1:before + SCALE.many]
        # Those asked in the same instant as the first may be too early.
        self.check(faults.Stopped(VMS, hit), look=False, between_rounds=True,
                   known=before - watching.WORKERS)

    def test_storage_hangs(self):
        self.check_storage(faults.StorageHangs(STORAGE, ON_IT))

    def test_storage_hangs_and_few_stopped(self):
        self.check_storage(faults.All(
            faults.Stopped(VMS, FEW), faults.StorageHangs(STORAGE, ON_IT)))

    def check_storage(self, fault):
        """
        VMs on it have no excuse, but those whose image was being asked for.
        """
        seen = self.face(
            fault, SCALE.fault, last=lambda: VMS.silent(ON_IT))
        frozen = seen.last
        self.collect(self.assertLessEqual, len(frozen), watching.WORKERS,
                     "frozen by our question: %s" % frozen)
        self.collect(self.check_fresh, seen.looks, VMS.domains, "host", FRESH)
        self.judge(fault, seen, (set(VMS.domains) - set(fault.hit) |
                                 set(ON_IT)) - set(frozen),
                   hung_elsewhere=LOOK_AT_STORAGE,
                   note=" (%d frozen by a question)" % len(frozen))

    def test_network_storage_hangs(self):
        # There is no canary for it, so no question may touch it.
        names = ["net%d" % n for n in range(1, SCALE.few + 1)]
        VMS.create_all(names)
        self.addCleanup(VMS.destroy, *names)
        with nbd.NbdServer(VMS) as server:
            for name in names:
                VMS.virsh("attach-device", name, server.disk(name, "vdb"))
            fault = faults.StorageHangs(server, names, "NBD server")
            seen = self.face(
                fault, SCALE.brief, last=lambda: VMS.silent(names))
        self.collect(self.assertEqual, seen.last, [], "frozen")
        self.collect(self.check_fresh, seen.looks, VMS.domains, "host", FRESH)
        self.judge(fault, seen, VMS.domains)

    def test_job_held(self):
        # Its monitor answers, and its job is another client's.
        fault = faults.JobHeld(VMS, ELSEWHERE[:int(
            SCALE.brief / faults.JobHeld.SECONDS)])
        seen = self.face(fault, SCALE.brief)
        self.collect(self.check_fresh, seen.looks, VMS.domains, "host", FRESH)
        self.collect(self.assertEqual, [
            look.stuck() for look in seen.looks if look.stuck()], [])
        self.judge(fault, seen, set(VMS.domains) - set(fault.hit))


class WideTestCase(TestCase):
    """
    libvirtd hangs, be it for a moment: questions to all VMs may hang, and
    the pool may say that it has no thread left.
    """

    may_be_full = True


class LibvirtdTest(WideTestCase):
    """
    libvirtd itself hangs, for us or for everybody.
    """

    def test_workers_hung(self):
        # A call to any VM would wait with them.
        fault = faults.WorkersHung(VMS, MANY)
        seen = self.face(fault, SCALE.fault, neighbour=False,
                         last=fault.others)
        # Those that it knows of, and no more.
        self.collect(self.assertLessEqual, seen.last,
                     hung(seen.looks[-1]) + LISTS,
                     "calls of ours that libvirtd has")
        self.judge(fault, seen, VMS.domains, "host", hung_elsewhere=LISTS,
                   note=" (%d calls of ours)" % seen.last)

    def test_libvirtd_stopped(self):
        self.check_mute(faults.LibvirtdStopped(VMS))

    def test_libvirtd_killed(self):
        self.check_mute(faults.LibvirtdKilled(VMS))

    def check_mute(self, fault):
        seen = self.face(fault, SCALE.brief, neighbour=False)
        self.judge(fault, seen, VMS.domains, "process",
                   hung_elsewhere=LISTS)


class ChurnTest(WideTestCase):
    """
    libvirtd holds the locks of VMs that start or end.
    """

    def check_flat(self, looks):
        """
        What hangs is another VM's lock each time.
        """

    # In the short matrix two periods are no longer than one list and a half.
    fresh = max(FRESH, 3 * watching.LISTED)

    # Long enough to be seen within a period, and then to be missed.
    LIFE = 2 * SCALE.period

    def test_vms_appear_and_vanish(self):
        fault = faults.Churn(VMS, SCALE.changes, self.LIFE)
        seen = self.face(fault, SCALE.brief + self.LIFE)
        self.collect(self.check_fresh, seen.looks, VMS.domains, "host",
                     self.fresh)
        self.collect(self.check_membership, fault.events, seen)
        # While libvirt starts or ends a VM, it has the list wait for that.
        self.judge(fault, seen, VMS.domains, hung_elsewhere=LISTS,
                   note=" (%d began)" % (len(fault.events) // 2))

    def check_membership(self, events, seen):
        """
        Each VM is seen within a period of its start, and gone within a
        period of its end.
        """
        bad = ["%s: status %d" % (event, event.status)
               for event in events if event.status]
        judged = 0
        for name, since, until, there in quiet_times(
                events, seen.begin, seen.begin + seen.looks[-1].time):
            for look in seen.looks:
                time = seen.begin + look.time
                if not since + SCALE.period < time < until:
                    continue
                judged += 1
                if (name in look.vms) != there:
                    bad.append("%s listed at %.2f s: %s" % (
                        name, look.time, name in look.vms))
        self.fail_if(bad, "%d of %d times" % (len(bad), judged))
        self.assertGreater(judged, len(seen.looks), "few events to judge by")


def quiet_times(events, begin, end):
    """
    Yield (name, since, until, whether it is there) for all times in which
    nobody starts or ends a VM.
    """
    for name in faults.Churn.NAMES:
        since, there = begin, False
        for event in events:
            if event.name == name:
                yield name, since, event.begin, there
                since, there = event.end, event.what == "create"
        yield name, since, end, there


def hung(look):
    return look.snapshot["pool"]["late"]


def most_hung(looks):
    return max(hung(look) for look in looks)


def fresh(look, names, tier="monitor"):
    return [name for name in names if look.age(name, tier) < FRESH]


def oldest(looks, names, tier):
    return max([0.0] + [look.age(name, tier)
                        for look in looks for name in names])
