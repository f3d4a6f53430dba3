# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A test case that looks at a sampler for a while, and judges what it saw.
"""

from __future__ import absolute_import, division, print_function

import glob
import logging
import re
import time

import kit
import tools
from threadpool import clock
from vmsampling import events
from vmsampling import sampler

PERIOD = 1.0
FRESH = 2 * PERIOD
WORKERS = 4

# Time between two looks. Not a part of the period, so that the looks wander
# through it.
PAUSE = 0.23

# Seconds that libvirt's list may have to wait for a VM that starts or ends,
# whatever the period is.
LISTED = 1.0

# OS threads that a sampler may have besides its workers and hung calls.
OTHER_THREADS = 5


def by_name(snapshot):
    return dict((vm["name"], vm) for vm in snapshot["vms"].values())


def threads():
    """
    Number of this process' OS threads.
    """
    # A list of /proc/self/task may miss one while another one ends.
    with open("/proc/self/status") as stream:
        return int(re.search(r"^Threads:\s*(\d+)", stream.read(),
                             re.MULTILINE).group(1))


def names():
    """
    Names of these threads, as the kernel has them.
    """
    found = []
    for path in glob.glob("/proc/self/task/*/comm"):
        try:
            with open(path) as stream:
                found.append(stream.read().strip())
        except EnvironmentError:
            # It has ended.
            pass
    return sorted(found)


class Look(object):
    """
    A snapshot and when it was taken.
    """

    def __init__(self, a_sampler, begin):
        self.snapshot = a_sampler.snapshot()
        self.time = clock.monotonic() - begin
        self.vms = by_name(self.snapshot)
        self.threads = threads()

    def age(self, name, tier):
        age = self.vms[name]["age"].get(tier) if name in self.vms else None
        return float("inf") if age is None else age

    def stuck(self):
        return sorted(name for name, vm in self.vms.items() if vm["stuck"])


def lasting(looks):
    """
    Return the numbers of threads that were there at two looks in a row.
    """
    return in_a_row([look.threads for look in looks])


def in_a_row(counts):
    """
    The same of numbers of threads. A call that is late for a moment has two
    threads for that time: its own, and the one in its place.
    """
    return [min(pair) for pair in zip(counts, counts[1:])] or counts


class TestCase(kit.TestCase):

    # Whether QEMUs are looked at before they are asked. If not, calls hang.
    look = True

    def run(self, result=None):
        # What libvirt opens once in a process' life is no leak of a test.
        events.loop.acquire()
        events.loop.release()
        return super(TestCase, self).run(result)

    def setUp(self):
        super(TestCase, self).setUp()
        # Threads of whoever runs the tests do not count.
        self._foreign = threads() - 1
        logs = kit.logs("")
        self.logs = logs.__enter__()
        self.addCleanup(logs.__exit__, None, None, None)

    def start_sampler(self, host, **settings):
        settings.setdefault("period", PERIOD)
        settings.setdefault("workers", WORKERS)
        look = settings.pop("look", self.look)
        a_sampler = sampler.Sampler(connect=host.uri, **settings)
        a_sampler.look = look
        a_sampler.start()
        self.addCleanup(a_sampler.stop)
        return a_sampler

    def start_fresh(self, host, **settings):
        """
        Start a sampler and wait until it has sampled all VMs.
        """
        a_sampler = self.start_sampler(host, **settings)
        self.wait_fresh(a_sampler, host.domains, 10, "host", "monitor")
        return a_sampler

    def wait_fresh(self, a_sampler, names, seconds, *tiers):
        """
        Wait until the VMs have samples that are younger than this call, of
        the monitor tier if no other is given, and none is shown as stuck;
        return how long it took.
        """
        tiers = tiers or ("monitor",)
        begin = clock.monotonic()
        look = []

        def fresh():
            look[:] = [Look(a_sampler, begin)]
            return (not look[0].stuck() and all(
                look[0].age(name, tier) < look[0].time
                for name in names for tier in tiers))

        def figures():
            old = ["%s of %s: %.2f s" % (tier, name, look[0].age(name, tier))
                   for name in names for tier in tiers
                   if not look[0].age(name, tier) < look[0].time]
            return "new samples of all VMs: old are %s, stuck are %s" % (
                old, look[0].stuck())

        return tools.wait_until(fresh, seconds, figures)

    def freeze(self, host, *names):
        """
        Freeze VMs until the test ends, if it does not thaw them before.
        """
        for name in names:
            # Before the samplers stop: clean-up goes backwards.
            self.addCleanup(host.thaw, name)
            host.freeze(name)

    def watch(self, a_sampler, seconds):
        """
        Look at the sampler again and again, and return the looks.
        """
        begin = clock.monotonic()
        looks = []
        while clock.monotonic() - begin < seconds:
            looks.append(Look(a_sampler, begin))
            time.sleep(PAUSE)
        return looks

    def check_fresh(self, looks, names, tier="monitor", limit=FRESH):
        """
        Each look must have found each VM's newest sample below the limit.
        """
        bad = ["%s of %s was %.2f s old at %.2f s" % (
            tier, name, look.age(name, tier), look.time)
            for look in looks for name in sorted(names)
            if not look.age(name, tier) < limit]
        self.fail_if(bad, "%d of %d ages not below %.1f s" % (
            len(bad), len(looks) * len(names), limit))

    def fail_if(self, bad, what):
        """
        Fail with the first ones of a list of what is wrong, if any.
        """
        if bad:
            self.fail("%s: %s" % (what, "; ".join(bad[:10])))

    def check_threads(self, looks, hung):
        """
        There must never be more threads than workers, hung calls, and five.
        """
        limit = WORKERS + hung + OTHER_THREADS
        most = max(lasting(looks)) - self._foreign
        self.assertLessEqual(most, limit, "threads; now %s" % names())

    def check_threads_back(self, before):
        tools.wait_until(lambda: threads() <= before, 5,
                         lambda: "%d threads as before, now %d" % (
                             before, threads()))

    def check_no_errors(self):
        self.assertEqual(self.logs.at(logging.ERROR), [])
        self.assertEqual(self.logs.at(logging.CRITICAL), [])
