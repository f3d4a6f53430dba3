# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import fakelibvirt
from vmsampling import canary
from vmsampling import devices
from vmsampling import domain
from vmsampling import history
from vmsampling import mounts
from vmsampling import process
from vmsampling import storagetier

PERIOD = 2.0
STORAGE_PERIOD = 60.0

MOUNTS = mounts.Mounts([
    b"1 0 0:1 / / rw - x x rw", b"2 1 0:2 / /nfs rw - x x rw"])
ROOT, NFS = ["mount %r" % point for point in (b"/", b"/nfs")]


class Storages(object):
    """
    Images that answer, refuse, or hang. Stands in for canary._touch().
    """

    def __init__(self):
        self.refused = set()
        self.looks = []

    def touch(self, path):
        self.looks.append(path)
        if path in self.refused:
            raise EnvironmentError(13, "Permission denied")


class TestCase(fakelibvirt.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.history = history.History(clock=self.scheduler.clock)
        self.canaries = fakelibvirt.Desk()
        self.monitors = fakelibvirt.Desk()
        self.budget = fakelibvirt.Budget()
        self.storages = Storages()
        self.patch(canary, "_touch", self.storages.touch)
        self.patch(mounts, "read", lambda: MOUNTS)
        self.domains = []
        self.tier = self.make("qemu:///system")

    def make(self, uri):
        tier = storagetier.Storage(
            PERIOD, STORAGE_PERIOD, self.canaries, self.monitors,
            self.connections(), self.history, self.budget,
            self.scheduler.clock)
        tier.see(uri)
        return tier

    def add(self, name, *images, **kwargs):
        vm = self.libvirt.add(name)
        found = domain.Domain(vm.uuid, vm.number, name)
        found.state = "running"
        found.devices = devices.Devices(images=images, **kwargs)
        self.domains.append(found)
        self.history.retain(self.domains)
        return found

    def begin(self):
        self.tier.begin(self.domains)

    def check_age(self, vm, age):
        last = self.history.last(vm, history.STORAGE)
        self.assertEqual(
            None if last is None else self.scheduler.now - last.time, age)

    def asked(self):
        """
        Names of the VMs whose storage tier was asked, in order.
        """
        return [name for call, name in self.libvirt.calls
                if call == "storage"]


class CanaryFirstTest(TestCase):

    def test_asked_after_the_answer(self):
        vm = self.add("a", b"/i/a")
        self.begin()
        self.assertEqual(self.monitors.tasks, {})
        self.assertFalse(self.tier.is_ready(vm))
        self.canaries.run()
        self.assertEqual(self.storages.looks, [b"/i/a"])
        self.assertEqual(list(self.monitors.tasks), [vm.uuid])
        self.monitors.run()
        self.assertEqual(self.asked(), ["a"])
        self.check_age(vm, 0.0)

    def test_not_asked_if_a_look_says_that_it_hangs(self):
        vm = self.add("a", b"/i/a")
        for found in (process.AGAIN, process.HOLD):
            vm.process = fakelibvirt.Process(found)
            self.begin()
            self.canaries.run()
            self.monitors.run()
            self.assertEqual(self.asked(), [])

    def test_not_asked_while_the_canary_hangs(self):
        vm = self.add("a", b"/nfs/a")
        for _ in range(3):
            self.begin()
            self.scheduler.advance(PERIOD)
            self.assertFalse(self.tier.is_ready(vm))
        self.assertEqual(list(self.canaries.tasks), [NFS])
        self.assertEqual(self.monitors.tasks, {})

    def test_answer_of_a_canary_that_hung_is_not_fresh(self):
        vm = self.add("a", b"/nfs/a")

        def hang(_path):
            self.scheduler.advance(1.1)

        self.patch(canary, "_touch", hang)
        self.begin()
        self.canaries.run()
        self.assertFalse(self.tier.is_ready(vm))
        self.assertEqual(self.monitors.tasks, {})

    def test_answer_gets_old(self):
        vm = self.add("a", b"/i/a")
        self.begin()
        self.canaries.run()
        self.scheduler.advance(1.0)
        self.assertTrue(self.tier.is_ready(vm))
        self.scheduler.advance(0.1)
        self.assertFalse(self.tier.is_ready(vm))

    def test_question_that_waited_too_long_is_not_asked(self):
        self.add("a", b"/i/a")
        self.begin()
        self.canaries.run()
        self.scheduler.advance(1.1)
        self.monitors.run()
        self.assertEqual(self.asked(), [])

    def test_never_without_a_canary(self):
        vm = self.add("a", b"/i/a")
        self.assertFalse(self.tier.is_ready(vm))

    def test_refused_is_no_answer(self):
        self.storages.refused.add(b"/i/a")
        vm = self.add("a", b"/i/a")
        self.begin()
        self.canaries.run()
        self.assertFalse(self.tier.is_ready(vm))
        self.assertEqual(self.monitors.tasks, {})

    def test_refused_is_not_tried_at_each_round(self):
        self.storages.refused.add(b"/i/a")
        self.add("a", b"/i/a")
        self.begin()
        self.canaries.run()
        for _ in range(29):
            self.scheduler.advance(PERIOD)
            self.begin()
            self.assertEqual(self.canaries.tasks, {})
        self.scheduler.advance(PERIOD)
        self.begin()
        self.assertEqual(list(self.canaries.tasks), [ROOT])


class SeveralTest(TestCase):

    def test_one_canary_per_mount(self):
        self.add("a", b"/i/a", b"/i/base")
        self.add("b", b"/i/b", b"/i/base")
        self.add("c", b"/nfs/c")
        self.begin()
        self.assertEqual(set(self.canaries.tasks), set([ROOT, NFS]))
        self.canaries.run(ROOT)
        self.assertEqual(self.storages.looks,
                         [b"/i/a", b"/i/b", b"/i/base"])

    def test_hung_mount_holds_only_its_own(self):
        self.add("a", b"/i/a")
        self.add("b", b"/nfs/b")
        self.begin()
        self.canaries.run(ROOT)
        self.monitors.run()
        self.assertEqual(self.asked(), ["a"])

    def test_all_mounts_must_answer(self):
        vm = self.add("a", b"/i/a", b"/nfs/a")
        self.begin()
        self.canaries.run(ROOT)
        self.assertFalse(self.tier.is_ready(vm))
        self.assertEqual(self.monitors.tasks, {})
        self.canaries.run(NFS)
        self.monitors.run()
        self.assertEqual(self.asked(), ["a"])

    def test_all_must_answer_together(self):
        vm = self.add("a", b"/i/a", b"/nfs/a")
        self.begin()
        self.canaries.run(ROOT)
        self.scheduler.advance(1.1)
        self.canaries.run(NFS)
        self.assertFalse(self.tier.is_ready(vm))
        self.scheduler.advance(PERIOD)
        self.begin()
        self.canaries.run()
        self.assertTrue(self.tier.is_ready(vm))

    def test_backing_image_that_refuses(self):
        self.storages.refused.add(b"/nfs/base")
        vm = self.add("a", b"/i/a", b"/nfs/base")
        self.begin()
        self.canaries.run()
        self.assertFalse(self.tier.is_ready(vm))


class PeriodTest(TestCase):

    def test_asked_once_in_a_period(self):
        vm = self.add("a", b"/i/a")
        for _ in range(91):
            self.begin()
            self.canaries.run()
            self.monitors.run()
            self.scheduler.advance(PERIOD)
        self.assertEqual(len(self.asked()), 4)
        self.assertEqual(len(self.storages.looks), 4)
        self.check_age(vm, PERIOD)

    def test_busy_vm_is_asked_by_its_own_question(self):
        vm = self.add("a", b"/i/a")
        self.monitors.held.add(vm.uuid)
        self.begin()
        self.canaries.run()
        self.assertEqual(self.monitors.tasks, {})
        # The monitor question looks at its end.
        self.assertTrue(self.tier.is_ready(vm))

    def test_busy_vm_is_due_at_the_next_round(self):
        vm = self.add("a", b"/i/a")
        self.libvirt.vms["a"].busy = True
        self.begin()
        self.canaries.run()
        self.monitors.run()
        self.check_age(vm, None)
        self.libvirt.vms["a"].busy = False
        self.scheduler.advance(PERIOD)
        self.begin()
        self.canaries.run()
        self.monitors.run()
        self.check_age(vm, 0.0)

    def test_not_ready_once_asked(self):
        vm = self.add("a", b"/i/a")
        self.begin()
        self.canaries.run()
        self.monitors.run()
        self.assertFalse(self.tier.is_ready(vm))


class NeverTest(TestCase):

    def check_never(self, vm):
        self.begin()
        self.assertEqual(self.canaries.tasks, {})
        self.assertFalse(self.tier.is_ready(vm))

    def test_remote(self):
        for uri in ("qemu+ssh://host/system", "qemu+tls://host/system"):
            self.tier = self.make(uri)
            self.check_never(self.add("a", b"/i/a"))

    def test_before_the_connection(self):
        self.tier = storagetier.Storage(
            PERIOD, STORAGE_PERIOD, self.canaries, self.monitors,
            self.connections(), self.history, self.budget,
            self.scheduler.clock)
        self.check_never(self.add("a", b"/i/a"))

    def test_disks_that_are_no_files(self):
        self.check_never(self.add("a", b"/i/a", opaque=["network"]))

    def test_xml_not_read_yet(self):
        vm = self.add("a")
        vm.devices = None
        self.check_never(vm)

    def test_vm_that_is_down(self):
        vm = self.add("a", b"/i/a")
        vm.state = "crashed"
        self.check_never(vm)

    def test_without_disks_there_is_no_storage_to_hang(self):
        vm = self.add("a")
        self.begin()
        self.assertTrue(self.tier.is_ready(vm))


class ForgetTest(TestCase):

    def test_images_of_vms_that_are_gone(self):
        self.add("a", b"/i/a")
        self.storages.refused.add(b"/i/a")
        self.begin()
        self.canaries.run()
        del self.domains[:]
        self.add("b", b"/i/b")
        self.begin()
        self.canaries.run()
        self.add("c", b"/i/a")
        del self.storages.looks[:]
        self.begin()
        self.canaries.run()
        self.assertIn(b"/i/a", self.storages.looks)
