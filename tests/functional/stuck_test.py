# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
VMs whose QEMU does not answer must cost the others nothing.
"""

from __future__ import absolute_import, division, print_function

import os
import signal
import time

import host
import tools
import watching
from threadpool import clock
from vmsampling import history

VMS = host.Host(vms=12)

# By then a VM that went silent must be shown as stuck: a period until it is
# asked, the longest deadline, and stuck_after.
SHOWN = watching.PERIOD + watching.PERIOD / 2 + 2.0 + 0.5


def setUpModule():
    VMS.start()


def tearDownModule():
    VMS.stop()


class TestCase(watching.TestCase):

    def check_fault(self, frozen, seconds, **settings):
        sampler = self.start_fresh(VMS, **settings)
        before = max(look.threads for look in self.watch(sampler, 1.5))
        begin = clock.monotonic()
        self.freeze(VMS, *frozen)
        looks = self.watch(sampler, seconds)
        lasted = clock.monotonic() - begin
        self.check_other_clients(set(VMS.domains) - set(frozen))

        self.check_fresh(looks, set(VMS.domains) - set(frozen))
        self.check_fresh(looks, frozen, tier="host")
        # With looks, those hang that were just being asked.
        self.check_threads(
            looks, hung=min(len(frozen), 2 if self.look else len(frozen)))
        self.check_shown(looks, frozen, lasted)
        self.check_figures(sampler, looks, frozen, begin)

        for name in frozen:
            VMS.thaw(name)
        self.wait_fresh(sampler, VMS.domains, 2)
        self.check_threads_back(before)
        self.check_no_errors()

    def check_shown(self, looks, frozen, lasted):
        """
        The frozen VMs, and only they, are shown as stuck with for how long
        and in which call.
        """
        for look in looks:
            self.assertLessEqual(set(look.stuck()), set(frozen))
            if look.time > SHOWN:
                self.assertEqual(look.stuck(), sorted(frozen),
                                 "%.1f s after the freeze" % look.time)
        for name in frozen:
            stuck = looks[-1].vms[name]["stuck"]
            self.assertGreater(stuck["seconds"], lasted - SHOWN)
            self.assertLess(stuck["seconds"], lasted + watching.PERIOD)
            self.assertTrue(stuck["call"])

    def check_figures(self, sampler, looks, frozen, begin):
        """
        CPU time and memory of all VMs are fresh, and those of the frozen
        ones are shown.
        """
        self.check_fresh(looks, VMS.domains, tier="process")
        for name in frozen:
            vm = looks[-1].vms[name]
            own = self.sample(sampler, name, history.PROCESS).fields
            # It does nothing.
            self.assertEqual(vm["stats"]["cpu.time"], own["cpu.time"])
            self.assertEqual(vm["rates"]["cpu.time"], 0.0)
            self.assertEqual(vm["stats"]["balloon.rss"], own["balloon.rss"])
            if not self.look:
                self.check_partial(sampler, name, begin)

    def check_partial(self, sampler, name, begin):
        """
        libvirt has told since what it knows itself: just what /proc says.
        """
        partial = self.sample(sampler, name, history.PARTIAL)
        self.assertGreater(partial.time, begin + 1)
        self.assertIn("vcpu.0.time", partial.fields)
        own = self.sample(sampler, name, history.PROCESS).fields
        for field in ("cpu.time", "cpu.user", "cpu.system"):
            self.assertEqual(partial.fields[field], own[field])

    def sample(self, sampler, name, tier):
        vm, = [vm for vm in sampler._registry.all() if vm.name == name]
        return sampler._history.last(vm, tier)

    def check_other_clients(self, healthy):
        for name in sorted(healthy)[::3]:
            begin = clock.monotonic()
            VMS.virsh("domstats", name)
            self.assertLess(clock.monotonic() - begin, 1.0, name)


class StuckTest(TestCase):
    """
    The calls hang: what /proc tells is not used.
    """

    look = False

    def test_one_of_twelve(self):
        self.check_fault(["vm05"], 20)

    def test_three_of_twelve(self):
        self.check_fault(["vm02", "vm07", "vm11"], 20)

    def test_more_than_there_are_workers(self):
        frozen = ["vm%02d" % n for n in range(2, 2 + watching.WORKERS + 2)]
        self.check_fault(frozen, 8)

    def test_more_than_may_hang(self):
        # Then no worker is left and the monitor tier of all is given up, but
        # not the host tier, nor the recovery.
        sampler = self.start_fresh(VMS, max_hung=2)
        before = max(look.threads for look in self.watch(sampler, 2))
        frozen = VMS.domains[:7]
        self.freeze(VMS, *frozen)
        looks = self.watch(sampler, 6)
        self.check_fresh(looks, VMS.domains, tier="host")
        self.check_threads(looks, hung=2)
        for name in frozen:
            VMS.thaw(name)
        self.wait_fresh(sampler, VMS.domains, 2)
        self.check_threads_back(before)

    def test_a_short_stall_is_not_stuck(self):
        sampler = self.start_fresh(VMS)
        looks = []
        for _ in range(2):
            VMS.freeze("vm03")
            looks += self.watch(sampler, 1.2)
            VMS.thaw("vm03")
            looks += self.watch(sampler, 1.0)
        self.assertEqual([look.stuck() for look in looks if look.stuck()], [])
        self.check_fresh(looks, set(VMS.domains) - set(["vm03"]))

    def test_a_busy_vm_is_not_stuck(self):
        # Its job is held, as by a migration, but its monitor answers.
        sampler = self.start_fresh(VMS)
        with host.held_job(VMS, "vm04"):
            looks = self.watch(sampler, 4)
        self.assertEqual([look.stuck() for look in looks if look.stuck()], [])
        self.check_fresh(looks, set(VMS.domains) - set(["vm04"]))
        self.check_fresh(looks, ["vm04"], tier="host")
        self.wait_fresh(sampler, VMS.domains, 2)

    def test_start_and_stop_with_stuck_vms(self):
        self.freeze(VMS, "vm01", "vm12")
        time.sleep(0.5)
        healthy = set(VMS.domains) - set(["vm01", "vm12"])
        sampler = self.start_sampler(VMS)
        tools.wait_until(
            lambda: self.ages_known(sampler, healthy), 3 * watching.PERIOD,
            "samples of all healthy VMs")
        self.check_fresh(self.watch(sampler, 4), healthy)
        begin = clock.monotonic()
        sampler.stop(timeout=1.0)
        self.assertLess(clock.monotonic() - begin, 1.2)

    def ages_known(self, sampler, names):
        vms = watching.by_name(sampler.snapshot())
        return all(name in vms and vms[name]["age"]["monitor"] is not None
                   for name in names)

    def test_destroyed_while_stuck(self):
        # libvirtd gives a stuck QEMU ten seconds to end by itself. Meanwhile
        # it answers nothing that concerns all VMs, their list included.
        VMS.create("doomed")
        sampler = self.start_fresh(VMS)
        self.watch(sampler, 1)
        VMS.freeze("doomed")
        self.watch(sampler, 2)
        VMS.domains.remove("doomed")
        destroyer = tools.start(
            VMS.libvirtd.virsh_command("destroy", "doomed"), 40)
        self.addCleanup(destroyer.communicate)
        looks = self.watch(sampler, 14)
        self.assertEqual(destroyer.wait(), 0)
        self.check_fresh(looks, VMS.domains)
        self.assertNotIn("doomed", looks[-1].vms)

    def test_killed_while_stuck(self):
        VMS.create("doomed")
        sampler = self.start_fresh(VMS)
        before = max(look.threads for look in self.watch(sampler, 2))
        VMS.freeze("doomed")
        self.watch(sampler, 4)
        os.kill(VMS.pid("doomed"), signal.SIGKILL)
        VMS.domains.remove("doomed")
        # libvirt waits until somebody has reaped the process.
        tools.wait_until(lambda: "doomed" not in VMS.virsh("list", "--name"),
                         20, "libvirt has seen the end of the VM")
        tools.wait_until(
            lambda: "doomed" not in watching.by_name(sampler.snapshot()),
            watching.PERIOD, "the killed VM is gone")
        self.check_threads_back(before)
        self.check_no_errors()


class LibvirtdTest(TestCase):

    def test_figures_while_it_is_stopped(self):
        sampler = self.start_fresh(VMS)
        # They begin with the round after that with the first list.
        self.wait_fresh(sampler, VMS.domains, 3, "process")
        self.addCleanup(VMS.libvirtd.resume)
        VMS.libvirtd.suspend()
        looks = self.watch(sampler, 6)
        VMS.libvirtd.resume()
        self.check_fresh(looks, VMS.domains, tier="process")
        for name in VMS.domains:
            vm = looks[-1].vms[name]
            self.assertGreater(vm["age"]["host"], 4.0)
            self.assertGreaterEqual(vm["rates"]["cpu.time"], 0.0)
            self.assertGreater(vm["stats"]["balloon.rss"], 0)
        # Those that were being asked may have held all threads there are,
        # which is told as an error.
        self.wait_fresh(sampler, VMS.domains, 3)


class LookTest(TestCase):
    """
    What /proc tells is used: no call hangs.
    """

    def test_one_of_twelve(self):
        self.check_fault(["vm05"], 8)

    def test_more_than_may_hang(self):
        # They would take all threads there are if they were asked.
        self.check_fault(VMS.domains[:7], 10, max_hung=2)

    def test_two_that_ask_in_the_same_moment(self):
        # One gets no answer of the QEMU, as the other has the VM's job. With
        # the same period that would be so in each round.
        samplers = [self.start_sampler(VMS) for _ in range(2)]
        for sampler in samplers:
            self.wait_fresh(sampler, VMS.domains, 10)
        begin = clock.monotonic()
        looks = []
        while clock.monotonic() - begin < 8:
            looks += [watching.Look(sampler, begin) for sampler in samplers]
            time.sleep(watching.PAUSE)
        self.check_fresh(looks, VMS.domains)

    def test_short_stalls_of_all(self):
        sampler = self.start_fresh(VMS)
        for _ in range(3):
            for name in VMS.domains:
                VMS.freeze(name)
            looks = self.watch(sampler, 0.7)
            for name in VMS.domains:
                VMS.thaw(name)
            looks += self.watch(sampler, 1.0)
            self.assertEqual([look.stuck() for look in looks if look.stuck()],
                             [])
        self.wait_fresh(sampler, VMS.domains, 2)
        self.check_no_errors()
