# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import errno

import fakelibvirt
import guardcase
import kit
from vmsampling import canary
from vmsampling import devices
from vmsampling import lookout
from vmsampling import mounts
from vmsampling import storages

MOUNTS = mounts.Mounts([
    b"1 0 0:1 / / rw - x x rw", b"2 1 0:2 / /nfs rw - x x rw"])
NFS = "/nfs"


class LookoutTest(fakelibvirt.TestCase):

    def setUp(self):
        super(LookoutTest, self).setUp()
        self.storage = guardcase.Storage()
        self.patch(canary, "_touch", self.storage.touch)
        self.desk = fakelibvirt.Desk()
        self.lookout = lookout.Lookout(
            self.desk, 1.0, True, self.scheduler.clock)
        # Names of the wishes that were fulfilled.
        self.told = []

    def devices(self, *paths):
        return devices.Devices(storages=storages.group(
            [storages.Image(path, storages.FILE) for path in paths], MOUNTS))

    def wish(self, name):
        return lambda: self.told.append(name)

    def test_told_when_it_answers(self):
        found = self.devices(b"/nfs/a")
        self.lookout.ask(found, self.wish("a"))
        self.assertFalse(self.lookout.answers(found))
        self.assertEqual((self.told, list(self.desk.tasks)), ([], [NFS]))
        self.desk.run()
        self.assertEqual(self.told, ["a"])
        self.assertTrue(self.lookout.answers(found))

    def test_told_at_once_if_it_has_just_answered(self):
        found = self.devices(b"/nfs/a")
        self.lookout.ask(found, self.wish("a"))
        self.desk.run()
        self.scheduler.advance(0.9)
        self.lookout.ask(found, self.wish("b"))
        self.assertEqual(self.told, ["a", "b"])
        self.assertEqual(self.storage.looks, [b"/nfs/a"])
        self.scheduler.advance(0.2)
        self.assertFalse(self.lookout.answers(found))

    def test_who_asks_meanwhile_shares_the_next_look(self):
        first = self.devices(b"/nfs/a")
        second = self.devices(b"/nfs/b")

        def meanwhile():
            for name in ("b", "c"):
                self.lookout.ask(second, self.wish(name))
        self.lookout.ask(first, meanwhile)
        self.desk.run()
        self.assertEqual(self.storage.looks, [b"/nfs/a", b"/nfs/b"])
        self.assertEqual(sorted(self.told), ["b", "c"])

    def test_asked_twice_told_once(self):
        found = self.devices(b"/nfs/a")
        wish = self.wish("a")
        self.lookout.ask(found, wish)
        self.lookout.ask(found, wish)
        self.desk.run()
        self.assertEqual(self.told, ["a"])

    def test_several_storages(self):
        found = self.devices(b"/nfs/a", b"/a")
        self.lookout.ask(
            found, lambda: self.told.append(self.lookout.answers(found)))
        self.desk.run("/")
        self.assertEqual(self.told, [False])
        self.desk.run(NFS)
        self.assertEqual(self.told, [False, True])

    def test_an_error_is_an_answer(self):
        self.storage.faults[b"/nfs/a"] = EnvironmentError(errno.EACCES, "no")
        found = self.devices(b"/nfs/a")
        self.lookout.ask(found, self.wish("a"))
        with kit.logs("vmsampling.canary"):
            self.desk.run()
        self.assertEqual(self.told, ["a"])
        self.assertTrue(self.lookout.answers(found))

    def test_doubts_while_something_touches_it_for_long(self):
        found = self.devices(b"/nfs/a")
        other = self.devices(b"/a")
        with self.lookout.touching(found):
            self.scheduler.advance(0.3)
            for each in (found, other):
                self.lookout.ask(each, self.wish("a"))
            self.desk.run()
            self.assertTrue(self.lookout.answers(found))
            # Longer than usual: the answer is from before that.
            self.scheduler.advance(0.3)
            self.assertFalse(self.lookout.answers(found))
            self.assertTrue(self.lookout.answers(other))

    def test_tried_again_when_the_pool_refuses(self):
        found = self.devices(b"/nfs/a")
        self.desk.held.add(NFS)
        self.lookout.ask(found, self.wish("a"))
        self.desk.held.clear()
        self.lookout.ask(found, self.wish("b"))
        self.desk.run()
        self.assertEqual(sorted(self.told), ["a", "b"])

    def test_a_look_that_fails_leaves_the_storage_to_others(self):
        found = self.devices(b"/nfs/a")

        def fail():
            raise RuntimeError("a bug")
        self.lookout.ask(found, fail)
        with self.assertRaises(RuntimeError):
            self.desk.run()
        self.desk.tasks.clear()
        self.scheduler.advance(2.0)
        self.lookout.ask(found, self.wish("a"))
        self.desk.run()
        self.assertEqual(self.told, ["a"])

    def test_sees(self):
        found = self.devices(b"/nfs/a")
        self.assertTrue(self.lookout.sees(found))
        self.assertFalse(self.lookout.sees(None))
        self.assertFalse(self.lookout.sees(
            devices.Devices(opaque=["network"])))
        remote = lookout.Lookout(
            self.desk, 1.0, False, self.scheduler.clock)
        self.assertFalse(remote.sees(found))

    def test_forgets(self):
        found = self.devices(b"/nfs/a")
        self.lookout.ask(found, self.wish("a"))
        self.desk.run()
        self.lookout.retain([])
        self.assertFalse(self.lookout.answers(found))

    def test_repr(self):
        self.lookout.ask(self.devices(b"/nfs/a"), self.wish("a"))
        task = self.desk.tasks[NFS]
        self.assertEqual(repr(task), "<Watch /nfs>")
        self.desk.run()
        self.assertIn("<Canary storage='/nfs'", repr(task))
