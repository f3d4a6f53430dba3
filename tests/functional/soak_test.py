# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A sampler that goes through random faults for a while: 20 seconds, or as many
as VDSM_SAMPLING_SOAK in the environment says.
"""

from __future__ import absolute_import, division, print_function

import logging
import os
import sys
import time

import host
import kit
import soak
import tools
import watching
from threadpool import clock

SECONDS = soak.seconds()

VMS = host.Host(vms=10)
STORAGE = host.HangingFolder(VMS)
ON_IT = ["on%d" % n for n in range(1, 7)]

MAX_HUNG = 12
FRESH = watching.FRESH

# A VM has the two periods of recovery until it must be fresh again. One more
# second is for the machine, which also starts and ends the clients, VMs and
# the libvirtd that the faults are made of.
GRACE = 2 * watching.PERIOD + 1.0

# Threads that may hang besides those of the monitor pool: a look at the
# storage, and calls to a libvirtd that hangs.
HUNG_ELSEWHERE = 1 + 3

# Free connections are never more than were needed at once, which the warm-up
# need not have shown.
MORE_DESCRIPTORS = watching.WORKERS

# The samples that are kept are bounded, and a thread leaves some of its
# allocator's memory behind; a leak of a kilobyte in each VM and round is five
# times this in half an hour.
MORE_MEMORY = 6 * 1024 ** 2


def setUpModule():
    tools.require("bindfs", "virt-admin")
    STORAGE.start_all(ON_IT)


def tearDownModule():
    VMS.stop()
    STORAGE.stop()


class SoakTest(watching.TestCase):

    timeout = SECONDS + 120

    def test_random_faults(self):
        sampler = self.start_fresh(
            VMS, max_hung=MAX_HUNG, storage_period=2.0)
        before = self.settle(sampler)
        plan = soak.Plan(VMS, STORAGE, VMS.domains[:10], ON_IT,
                         kit.rng("soak"))
        self.addCleanup(plan.end)
        oldest = self.go_through(plan, sampler)
        plan.end()
        self.wait_fresh(sampler, VMS.domains, GRACE, "host", "monitor")
        after = self.settle(sampler)
        self.tell(plan, oldest, before, after)
        self.assertEqual(sorted(watching.by_name(sampler.snapshot())),
                         sorted(VMS.domains))
        self.check_growth(before, after)

    def go_through(self, plan, sampler):
        """
        Have the faults happen, look each second, and return the age of the
        oldest sample of a healthy VM.
        """
        begin = clock.monotonic()
        oldest = 0.0
        while clock.monotonic() - begin < SECONDS:
            plan.step()
            look = watching.Look(sampler, begin)
            oldest = max([oldest] + [
                look.age(name, "monitor") for name in VMS.domains
                if not plan.excused(name, "monitor", GRACE)])
            self.check_look(plan, look)
            time.sleep(watching.PAUSE)
        return oldest

    def check_look(self, plan, look):
        fresh = FRESH + watching.LISTED * plan.churned(GRACE)
        bad = ["%s of %s is %.2f s old" % (tier, name, look.age(name, tier))
               for tier in ("host", "monitor") for name in VMS.domains
               if not plan.excused(name, tier, GRACE) and
               not look.age(name, tier) < fresh]
        late = look.snapshot["pool"]["late"]
        if late > MAX_HUNG:
            bad.append("%d calls hang, not %d" % (late, MAX_HUNG))
        threads = look.threads - self._foreign
        # The look at the threads comes a moment after that at the pool.
        limit = (watching.WORKERS + late + 1 + HUNG_ELSEWHERE +
                 watching.OTHER_THREADS)
        if threads > limit:
            bad.append("%d threads, not %d" % (threads, limit))
        # While libvirtd hangs all questions may, and the pool says so.
        bad.extend(message for message in self.logs.at(logging.ERROR)
                   if "held by late tasks" not in message)
        if bad:
            self.fail("at %.1f s: %s; what happened:\n%s" % (
                look.time, "; ".join(bad[:10]), "\n".join(plan.story)))
        # Half an hour of them would be what grows.
        del self.logs.records[:]

    def settle(self, sampler):
        """
        Wait until nothing is under way; return (threads, descriptors, bytes
        of memory).
        """
        looks = self.watch(sampler, 3 * watching.PERIOD)
        tools.wait_until(
            workers_free, 5, "libvirtd's workers are free")
        return (max(look.threads for look in looks[len(looks) // 2:]),
                len(os.listdir("/proc/self/fd")), memory())

    def check_growth(self, before, after):
        for what, old, new, more in zip(
                ("threads", "descriptors", "memory"), before, after,
                (0, MORE_DESCRIPTORS, MORE_MEMORY)):
            self.assertLessEqual(new, old + more, what)

    def tell(self, plan, oldest, before, after):
        # nose keeps what is written to stdout.
        sys.__stderr__.write(
            "\n    soak of %g s, seed %d: %s; oldest healthy %.2f s; "
            "threads %d, then %d; descriptors %d, then %d; memory %.1f MiB, "
            "then %.1f\n" % ((SECONDS, kit.SEED, ", ".join(
                "%d x %s" % (count, name)
                for name, count in sorted(plan.counts.items())), oldest) + (
                    before[0], after[0], before[1], after[1],
                    before[2] / 1024.0 ** 2, after[2] / 1024.0 ** 2)))


def workers_free():
    workers = VMS.libvirtd.workers()
    return workers["freeWorkers"] == workers["nWorkers"]


def memory():
    """
    Bytes of this process that are in memory.
    """
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
