# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import logging
import threading

import kit
from vmsampling import config
from vmsampling import errors
from vmsampling import routine
from vmsampling import service


class ServiceTest(kit.TestCase):

    def make(self, load=lambda: config.load([])):
        made = service.Service(load)
        self.addCleanup(made.stop)
        return made

    def test_nothing_until_it_is_needed(self):
        before = threading.active_count()

        def load():
            raise AssertionError("read too early")
        made = self.make(load)
        self.assertIsNone(made.state())
        self.assertEqual(threading.active_count(), before)

    def test_one_guard(self):
        made = self.make()
        found = []
        with kit.Bunch(4, lambda _: found.append(made.guard())):
            pass
        self.assertEqual(len(set(found)), 1)
        self.assertEqual(made.state()["vms"], 0)

    def test_settings(self):
        made = self.make(lambda: config.load(
            [], {"max_hung": ("here", "3")}))
        made.guard()
        self.assertEqual(made.state()["budget"]["max_hung"], 3)

    def test_settings_that_are_wrong(self):
        def load():
            raise errors.BadValue("vdsm.conf: [sampling] max_hung", "x", "y")
        made = self.make(load)
        with kit.logs("vmsampling.service") as logs:
            made.guard()
        self.assertIn("max_hung", logs.at(logging.ERROR)[0])
        self.assertEqual(made.state()["budget"]["max_hung"], 12)

    def test_operation(self):
        made = self.make()
        ran = threading.Event()
        operation = made.operation(ran.set, 0.01)
        operation.start()
        kit.wait(ran)
        operation.stop()

    def test_routines_go_on(self):
        # With the scheduler that all share.
        made = self.make()
        calls = []
        plain = routine.Routine(lambda function: calls.append(function))
        plain.add(len, 0.01)
        plain.start(made.guard())
        kit.eventually(lambda: len(calls) > 2)
        plain.stop()

    def test_threads_are_few_and_shared(self):
        before = threading.active_count()
        made = self.make()
        for _ in range(3):
            made.guard()
            made.operation(len, 60)
        self.assertLessEqual(threading.active_count() - before, 6)
        made.stop()
        made.stop()
