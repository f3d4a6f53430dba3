# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import libvirt

import fakelibvirt
import kit
from vmsampling import connection


def silent(_call):
    """
    Nobody wants to know which call comes next.
    """


class LendTest(fakelibvirt.TestCase):

    def setUp(self):
        super(LendTest, self).setUp()
        self.pool = self.connections(late=1.0)

    def test_opens_when_it_is_used(self):
        self.assertEqual(self.libvirt.connections, [])
        said = []
        with self.pool.lend(said.append):
            self.assertEqual(len(self.libvirt.connections), 1)
        self.assertEqual(said, ["open(qemu:///system)"])

    def test_one_borrower_at_a_time(self):
        with self.pool.lend(silent) as first:
            with self.pool.lend(silent) as second:
                self.assertIsNot(first, second)
                self.assertIsNot(first.virt, second.virt)

    def test_is_used_again(self):
        with self.pool.lend(silent) as first:
            pass
        said = []
        with self.pool.lend(said.append) as second:
            self.assertIs(first, second)
        self.assertEqual(said, [])

    def test_last_in_first_out(self):
        with self.pool.lend(silent):
            with self.pool.lend(silent) as given_back_first:
                pass
        with self.pool.lend(silent) as again:
            self.assertIsNot(again, given_back_first)
        self.assertEqual(self.pool.free, 2)

    def test_late_one_is_not_used_again(self):
        with self.pool.lend(silent) as late:
            self.scheduler.advance(1.1)
        self.assertTrue(late.virt.closed)
        with self.pool.lend(silent) as other:
            self.assertIsNot(other, late)

    def test_in_time_is_not_late(self):
        with self.pool.lend(silent) as first:
            self.scheduler.advance(1.0)
        self.assertFalse(first.virt.closed)

    def test_broken_one_is_not_used_again(self):
        with self.pool.lend(silent) as broken:
            broken.virt.broken = True
        self.assertTrue(broken.virt.closed)
        self.assertEqual(self.pool.free, 0)

    def test_is_used_again_after_an_error_of_a_call(self):
        with self.assertRaises(fakelibvirt.Error):
            with self.pool.lend(silent):
                raise fakelibvirt.Error(libvirt.VIR_ERR_NO_DOMAIN)
        self.assertEqual(self.pool.free, 1)

    def test_cannot_open(self):
        self.libvirt.up = False
        with self.assertRaises(libvirt.libvirtError):
            with self.pool.lend(silent):
                self.fail("lent what is not there")
        self.assertEqual(self.pool.free, 0)

    def test_each_holds_the_event_loop(self):
        with self.pool.lend(silent):
            self.assertEqual(self.loop.holders, 1)
        self.assertEqual(self.loop.holders, 1)
        self.pool.close()
        self.pool.sweep()
        self.assertEqual(self.loop.holders, 0)
        self.libvirt.up = False
        with self.assertRaises(libvirt.libvirtError):
            self.pool.open()
        self.assertEqual(self.loop.holders, 0)

    def test_opened_one_after_the_other(self):
        with self.pool.lend(silent), self.pool.lend(silent):
            self.scheduler.advance(0.75 * connection.SPACING)
            with self.pool.lend(silent):
                pass
        spacing = connection.SPACING
        for found, expected in zip(
                self.pauses, (0.0, spacing, 1.25 * spacing)):
            self.assertAlmostEqual(found, expected)
        self.scheduler.advance(10 * spacing)
        del self.pauses[:]
        self.pool.drop()
        with self.pool.lend(silent), self.pool.lend(silent):
            # A free one is used at once.
            self.assertEqual(len(self.pauses), 2)
        with self.pool.lend(silent):
            self.assertEqual(len(self.pauses), 2)
        self.assertEqual(self.pauses[0], 0.0)
        self.pool.sweep()

    def test_readonly_unless_told(self):
        with self.pool.lend(silent) as first:
            self.assertTrue(first.virt.readonly)
        with self.connections(readonly=False).lend(silent) as other:
            self.assertFalse(other.virt.readonly)

    def test_keepalive_of_local_ones_is_for_the_host_only(self):
        with self.pool.lend(silent) as local:
            self.assertIsNone(local.virt.keepalive)
        self.assertEqual(self.pool.open(keepalive=True).virt.keepalive,
                         connection.KEEPALIVE)

    def test_keepalive_of_remote_ones(self):
        remote = connection.Connections("qemu+tls://example.com/system")
        with remote.lend(silent) as first:
            self.assertEqual(first.virt.keepalive, connection.KEEPALIVE)


class DropTest(fakelibvirt.TestCase):

    def setUp(self):
        super(DropTest, self).setUp()
        self.pool = self.connections()

    def test_free_ones_are_closed_by_the_sweep(self):
        with self.pool.lend(silent) as old:
            pass
        self.pool.drop()
        self.assertFalse(old.virt.closed)
        with self.pool.lend(silent) as new:
            self.assertIsNot(new, old)
        self.pool.sweep()
        self.assertTrue(old.virt.closed)
        self.assertFalse(new.virt.closed)

    def test_borrowed_ones_are_not_taken_back(self):
        with self.pool.lend(silent) as old:
            self.pool.drop()
            self.assertFalse(old.virt.closed)
        self.assertTrue(old.virt.closed)
        self.assertEqual(self.pool.free, 0)

    def test_opened_while_dropped(self):
        with self.libvirt.hang("open") as gate:
            with kit.Bunch(1, lambda _: self.use()):
                gate.wait()
                self.pool.drop()
                gate.open()
        self.assertTrue(self.libvirt.connections[0].closed)

    def use(self):
        with self.pool.lend(silent):
            pass

    def test_close(self):
        with self.pool.lend(silent) as free:
            pass
        with self.pool.lend(silent) as borrowed:
            self.pool.close()
            self.pool.sweep()
        self.assertTrue(free.virt.closed)
        self.assertTrue(borrowed.virt.closed)
        self.assertEqual(self.pool.free, 0)


class DomainsTest(fakelibvirt.TestCase):

    def test_looked_up_once_per_connection(self):
        vm = self.libvirt.add("a")
        pool = self.connections()
        with pool.lend(silent) as first:
            domain = first.domain(vm.uuid)
            self.assertIs(first.domain(vm.uuid), domain)
            with pool.lend(silent) as second:
                self.assertIs(second.domain(vm.uuid).virt, second.virt)
        self.assertEqual(self.libvirt.count("lookup", "a"), 2)

    def test_those_that_are_gone_are_forgotten(self):
        pool = self.connections()
        names = "abc"
        for name in names:
            self.libvirt.add(name)
        pool.keep(["uuid-of-" + name for name in names])
        with pool.lend(silent) as first:
            for name in names:
                first.domain("uuid-of-" + name)
        pool.keep(["uuid-of-a"])
        with pool.lend(silent) as first:
            first.domain("uuid-of-a")
        with pool.lend(silent) as first:
            first.domain("uuid-of-a")
            first.domain("uuid-of-b")
        self.assertEqual(self.libvirt.count("lookup", "a"), 1)
        self.assertEqual(self.libvirt.count("lookup", "b"), 2)


class RemoteTest(kit.TestCase):

    def test_local(self):
        for uri in ("qemu:///system", "qemu:///session", "test:///default",
                    "qemu+unix:///system?socket=/x", "", None):
            self.assertFalse(connection.is_remote(uri), uri)

    def test_remote(self):
        for uri in ("qemu+ssh://host/system", "qemu+tls:///system",
                    "qemu+tcp://127.0.0.1/system", "qemu://host/system",
                    "qemu+ext:///system?command=x", "esx://host",
                    "test+ssh:///default"):
            self.assertTrue(connection.is_remote(uri), uri)


class ExplainTest(kit.TestCase):

    def explain(self, text):
        return connection.explain(fakelibvirt.Error(1, text))

    def test_one_line_with_a_remedy(self):
        self.assertEqual(
            self.explain("Failed to connect socket to '/x':\n"
                         "  No such file or directory"),
            "Failed to connect socket to '/x': No such file or directory; "
            "is libvirtd running?")
        self.assertIn("group libvirt", self.explain("Permission denied"))
        self.assertIn("check the URI", self.explain(
            "no connection driver available for URI 'x'"))

    def test_unknown(self):
        self.assertEqual(self.explain("the sky fell"), "the sky fell")
