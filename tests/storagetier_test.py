# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import fakelibvirt
import kit
from vmsampling import canary
from vmsampling import devices
from vmsampling import domain
from vmsampling import history
from vmsampling import mounts
from vmsampling import process
from vmsampling import storages
from vmsampling import storagetier

PERIOD = 2.0
STORAGE_PERIOD = 60.0

MOUNTS = mounts.Mounts([
    b"1 0 0:1 / / rw - x x rw", b"2 1 0:2 / /nfs rw - x x rw"])
ROOT, NFS = "/", "/nfs"


class Storages(object):
    """
    Images that answer, refuse, or hang. Stands in for canary._touch().
    """

    def __init__(self):
        self.refused = set()
        self.looks = []

    def touch(self, image, _opener):
        self.looks.append(image.path)
        if image.path in self.refused:
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
        self.domains = []
        self.tier = self.make("qemu:///system")

    def make(self, uri):
        tier = storagetier.Storage(
            PERIOD, STORAGE_PERIOD, self.canaries, self.monitors,
            self.connections(), self.history, self.budget, self.scheduler)
        with kit.logs("vmsampling.storagetier"):
            tier.see(uri)
        return tier

    def add(self, name, *paths, **kwargs):
        vm = self.libvirt.add(name)
        found = domain.Domain(vm.uuid, vm.number, name)
        found.state = "running"
        found.stale = False
        images = [storages.Image(path, storages.FILE) for path in paths]
        images += [storages.Image(path, storages.BLOCK)
                   for path in kwargs.pop("block", ())]
        found.devices = devices.Devices(
            storages=storages.group(images, MOUNTS), **kwargs)
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

        def hang(_image, _opener):
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


class BusyTest(TestCase):
    """
    The VM's key is held by its monitor question.
    """

    def setUp(self):
        super(BusyTest, self).setUp()
        self.vm = self.add("a", b"/i/a")
        self.monitors.held.add(self.vm.uuid)
        self.begin()
        self.canaries.run()
        self.assertEqual(self.monitors.tasks, {})

    def test_tried_again_soon(self):
        self.scheduler.advance(0.3)
        self.assertEqual(self.monitors.tasks, {})
        self.monitors.held.clear()
        self.scheduler.advance(0.05)
        self.assertEqual(list(self.monitors.tasks), [self.vm.uuid])
        self.monitors.run()
        self.check_age(self.vm, 0.0)
        self.assertEqual(self.scheduler.pending, [])

    def test_until_the_answer_is_old(self):
        self.scheduler.advance(1.1)
        self.assertEqual(self.scheduler.pending, [])
        self.monitors.held.clear()
        self.scheduler.advance(PERIOD)
        self.assertEqual(self.monitors.tasks, {})
        self.assertEqual(self.asked(), [])

    def test_not_when_it_is_due_no_more(self):
        self.history.put(
            self.vm, history.STORAGE, self.scheduler.now, {})
        self.scheduler.advance(0.05)
        self.assertEqual(self.scheduler.pending, [])

    def test_vm_without_disks(self):
        vm = self.add("b")
        self.monitors.held.add(vm.uuid)
        self.begin()
        self.scheduler.advance(0.3)
        self.assertTrue(self.scheduler.pending)
        # Nothing gets old, and still it ends.
        self.scheduler.advance(1.0)
        self.assertEqual(self.scheduler.pending, [])


class GroupsTest(TestCase):

    def group(self, *args, **kwargs):
        vm = self.add("a", *args, **kwargs)
        self.begin()
        self.canaries.run()
        return self.monitors.groups[vm.uuid]

    def test_one_storage(self):
        self.assertEqual(self.group(b"/nfs/a", b"/nfs/b"), "/nfs")

    def test_several(self):
        self.assertEqual(
            self.group(b"/nfs/a", b"/i/b", block=[b"/dev/vg/lv"]),
            "/, /nfs, vg vg")

    def test_one_canary_for_each(self):
        self.add("a", b"/nfs/a", b"/i/b", block=[b"/dev/vg/a", b"/dev/sdb"])
        self.add("b", b"/nfs/c", block=[b"/dev/vg/b"])
        self.begin()
        self.assertEqual(sorted(self.canaries.tasks),
                         ["/", "/dev/sdb", "/nfs", "vg vg"])


class DoubtTest(TestCase):
    """
    A storage dies just after it has answered for all VMs on it.
    """

    def setUp(self):
        super(DoubtTest, self).setUp()
        # Answers that are fresh for longer than a question may take.
        self.patch(storagetier, "_FRESH", 5.0)
        self.tier = storagetier.Storage(
            20.0, STORAGE_PERIOD, self.canaries, self.monitors,
            self.connections(), self.history, self.budget, self.scheduler)
        self.tier.see("qemu:///system")
        self.add("a", b"/nfs/a")
        self.add("b", b"/nfs/b", b"/i/b")
        self.add("c", b"/i/c")
        self.begin()
        self.canaries.run()

    def ready(self):
        return [vm.name for vm in self.domains if self.tier.is_ready(vm)]

    def test_question_that_takes_long(self):
        self.assertEqual(self.ready(), ["a", "b", "c"])
        with self.libvirt.hang("storage", "a") as gate:
            with kit.Bunch(1, lambda _: self.monitors.run("uuid-of-a")):
                gate.wait()
                self.scheduler.advance(0.5)
                self.assertEqual(self.ready(), ["a", "b", "c"])
                # Before the pool has another worker for the next one.
                self.scheduler.advance(0.1)
                self.assertEqual(self.ready(), ["c"])
                self.monitors.run("uuid-of-b")
                self.monitors.run("uuid-of-c")
                self.assertEqual(self.asked(), ["a", "c"])
                gate.open()

    def test_it_is_the_vm_that_hangs_if_the_storage_answers_later(self):
        with self.libvirt.hang("storage", "a") as gate:
            with kit.Bunch(1, lambda _: self.monitors.run("uuid-of-a")):
                gate.wait()
                self.monitors.tasks.pop("uuid-of-b")
                self.scheduler.advance(3.0)
                self.assertEqual(self.ready(), ["c"])
                self.begin()
                self.canaries.run()
                self.assertEqual(self.ready(), ["a", "b", "c"])
                gate.open()

    def test_look_that_takes_long(self):
        with kit.Gate() as gate:
            def touch(image, _opener):
                if image.path == b"/nfs/a":
                    gate()

            self.patch(canary, "_touch", touch)
            self.begin()
            self.canaries.run(ROOT)
            self.assertEqual(self.ready(), ["a", "b", "c"])
            with kit.Bunch(1, lambda _: self.canaries.run(NFS)):
                gate.wait()
                self.scheduler.advance(0.6)
                # The look at the image of b was before.
                self.assertEqual(self.ready(), ["c"])
                gate.open()


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
            self.connections(), self.history, self.budget, self.scheduler)
        self.check_never(self.add("a", b"/i/a"))

    def test_disks_that_are_no_files(self):
        self.check_never(self.add("a", b"/i/a", opaque=["network"]))

    def test_xml_not_read_yet(self):
        vm = self.add("a")
        vm.devices = None
        self.check_never(vm)

    def test_xml_that_has_changed(self):
        # It may have a disk that nobody has looked at.
        vm = self.add("a", b"/i/a")
        vm.stale = True
        self.check_never(vm)

    def test_disk_that_came_after_the_look(self):
        vm = self.add("a", b"/i/a")
        self.begin()
        self.canaries.run()
        vm.stale = True
        self.monitors.run()
        self.assertEqual(self.asked(), [])

    def test_vm_that_is_down(self):
        vm = self.add("a", b"/i/a")
        vm.state = "crashed"
        self.check_never(vm)

    def test_without_disks_there_is_no_storage_to_hang(self):
        vm = self.add("a")
        self.begin()
        self.assertEqual(list(self.monitors.tasks), [vm.uuid])
        self.assertIsNone(self.monitors.groups[vm.uuid])
        self.assertEqual(self.canaries.tasks, {})


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
