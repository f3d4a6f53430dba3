# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import logging

import libvirt
import mock

import fakelibvirt
import kit
import sampler_test
from vmsampling import connection
from vmsampling import errors
from vmsampling import sampler


class StartTest(sampler_test.TestCase):

    def fail_to_start(self, **settings):
        made = self.make(**settings)
        with self.assertRaises(errors.ConnectFailed) as context:
            made.start()
        self.assertFalse(made._scheduler.running)
        self.assertEqual(self.loop.holders, 0)
        return str(context.exception)

    def test_nobody_there(self):
        self.libvirt.up = False
        self.assertEqual(
            self.fail_to_start(),
            "cannot connect to libvirt at qemu:///system: Failed to connect "
            "socket to '/x': No such file or directory; is libvirtd running?")

    def test_server_that_does_not_answer(self):
        made = self.make()
        caught = []

        def start(_number):
            try:
                made.start()
            except errors.ConnectFailed as e:
                caught.append(str(e))

        with self.libvirt.hang("open") as gate:
            with kit.Bunch(1, start):
                gate.wait()
                self.scheduler.advance(10.0)
        self.assertEqual(caught, [
            "cannot connect to libvirt at qemu:///system: no answer in 10 "
            "seconds; does libvirtd hang?"])
        # What came too late is closed.
        kit.eventually(lambda: self.libvirt.connections and
                       self.libvirt.connections[0].closed)
        kit.eventually(lambda: self.loop.holders == 0)

    def insist(self):
        self.libvirt.add("a")
        self.libvirt.up = False
        self.sampler = self.make()
        self.sampler.start(insist=True)
        self.addCleanup(self.sampler.stop)
        self.scheduler.advance(0.0)

    def test_insists(self):
        self.insist()
        self.advance()
        found = self.sampler.snapshot()
        self.assertEqual((found["connected"], found["vms"]), (False, {}))
        self.assertGreater(found["round"], 0)
        self.libvirt.up = True
        for _ in range(3):
            self.advance()
        self.assertTrue(self.sampler.snapshot()["connected"])
        # All that follows from the URI as if it had been there at once.
        self.assertEqual(self.vm("a")["age"]["monitor"], 0.0)
        self.assertGreater(self.libvirt.count("storage", "a"), 0)
        self.assertIn("versions", self.sampler.snapshot())
        self.assertEqual(len(self.logs.at(logging.ERROR)), 0)

    def test_insists_on_a_server_that_does_not_answer(self):
        self.libvirt.add("a")
        self.sampler = self.make()
        self.addCleanup(self.sampler.stop)
        with self.libvirt.hang("open") as gate:
            with kit.Bunch(1, lambda _: self.sampler.start(insist=True)):
                gate.wait()
                self.scheduler.advance(10.0)
            self.scheduler.advance(3 * sampler_test.PERIOD)
            self.assertGreater(self.sampler.snapshot()["round"], 0)
        for _ in range(2):
            self.advance()
        self.assertEqual(self.vm("a")["age"]["monitor"], 0.0)

    def test_does_not_insist_on_what_is_hopeless(self):
        for code in (libvirt.VIR_ERR_NO_CONNECT, libvirt.VIR_ERR_INVALID_ARG):
            made = self.make()
            self.patch(connection, "open_virt", mock.Mock(
                side_effect=fakelibvirt.Error(code, "no such driver")))
            with self.assertRaises(errors.ConnectFailed):
                made.start(insist=True)
            self.assertFalse(made._scheduler.running)

    def test_does_not_insist_after_the_stop(self):
        made = self.make()
        with self.libvirt.hang("open") as gate:
            with kit.Bunch(1, lambda _: self.assertRaises(
                    errors.ConnectFailed, made.start, insist=True)):
                gate.wait()
                made.stop(timeout=0.0)
        self.assertEqual(made.snapshot()["round"], 0)

    def test_twice(self):
        self.start("a")
        with self.assertRaises(errors.AlreadyStarted):
            self.sampler.start()

    def test_after_stop(self):
        self.start("a")
        self.sampler.stop()
        with self.assertRaises(errors.AlreadyStarted):
            self.sampler.start()

    def test_bad_settings(self):
        with self.assertRaises(ValueError):
            sampler.Sampler("x", 1.0, workers=0)
        with self.assertRaises(ValueError):
            sampler.Sampler("x", 0.0)

    def test_remote_storage_is_never_asked(self):
        self.libvirt.uri = "qemu+ssh://host/system"
        self.start("a", uri="qemu+ssh://host/system")
        for _ in range(3):
            self.advance()
        self.assertEqual(self.libvirt.count("storage", "a"), 0)
        self.assertIsNone(self.vm("a")["age"]["storage"])
