# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import contextlib
import threading

import libvirt

import fakelibvirt
import kit
from vmsampling import domain
from vmsampling import history
from vmsampling import partial
from vmsampling import question
from vmsampling.history import MONITOR, PARTIAL

LATE = 0.5


class PartialTest(fakelibvirt.TestCase):

    def setUp(self):
        super(PartialTest, self).setUp()
        vm = self.libvirt.add("a")
        self.domain = domain.Domain(vm.uuid, vm.number, "a")
        self.history = history.History(clock=self.scheduler.clock)
        self.history.retain([self.domain])
        self.monitors = fakelibvirt.Desk()
        self.pool = self.connections()
        self.partials = partial.Partials(
            self.monitors, self.pool, self.history, self.scheduler.clock)

    @contextlib.contextmanager
    def stuck(self, of_vm=True):
        """
        A question hangs in the VM.
        """
        with self.libvirt.hang("monitor", "a") as gate:
            thread = threading.Thread(target=gate)
            thread.start()
            gate.wait()
            self.pretend(of_vm)
            try:
                yield
            finally:
                gate.open()
                thread.join(kit.PATIENCE)

    def pretend(self, of_vm=True):
        """
        A question is under way in the VM.
        """
        asked = question.Question(
            self.domain, self.pool, self.history, None,
            clock=self.scheduler.clock)
        asked.timeout = LATE
        asked.say("domainListGetStats(X)", of_vm=of_vm)
        self.domain.question = asked

    def ask(self, after=LATE):
        self.scheduler.advance(after)
        self.partials.ask(self.domain)
        asked = len(self.monitors.tasks)
        self.monitors.run()
        return asked

    def test_answer(self):
        with self.stuck():
            hanging = self.domain.question
            self.assertEqual(self.ask(), 1)
            sample = self.history.last(self.domain, PARTIAL)
            self.assertEqual(sample.time, self.scheduler.now)
            self.assertEqual(
                sample.fields, {"cpu.time": 1000, "balloon.current": 16384})
            # It makes nothing else younger, nor does it hide what hangs.
            self.assertIsNone(self.history.last(self.domain, MONITOR))
            self.assertIs(self.domain.question, hanging)

    def test_key_of_its_own(self):
        with self.stuck():
            self.monitors.held.add(self.domain.uuid)
            self.scheduler.advance(LATE)
            self.partials.ask(self.domain)
            self.partials.ask(self.domain)
            self.assertEqual(
                list(self.monitors.tasks), [(self.domain.uuid, "partial")])

    def test_question_is_not_late(self):
        with self.stuck():
            self.assertEqual(self.ask(after=LATE - 0.01), 0)

    def test_question_waits_for_libvirtd(self):
        with self.stuck(of_vm=False):
            self.assertEqual(self.ask(), 0)

    def test_no_question_is_under_way(self):
        self.assertEqual(self.ask(), 0)
        self.pretend()
        self.domain.question.under_way = None
        self.assertEqual(self.ask(), 0)

    def test_nobody_holds_the_job(self):
        # Then it would be this one that hangs.
        self.pretend()
        self.assertEqual(self.ask(), 1)
        self.assertEqual(self.libvirt.count("controlInfo", "a"), 1)
        self.assertEqual(self.libvirt.count("monitor", "a"), 0)
        self.assertIsNone(self.history.last(self.domain, PARTIAL))

    def test_error(self):
        self.libvirt.errors["controlInfo"] = fakelibvirt.Error(
            libvirt.VIR_ERR_NO_SUPPORT)
        with self.stuck(), kit.logs("vmsampling") as logs:
            self.ask()
            self.assertEqual(len(logs.records), 1)
        self.assertIsNone(self.history.last(self.domain, PARTIAL))
        # It is the other question that tells of the VM.
        self.assertEqual(self.domain.failures, 0)

    def test_repr(self):
        with self.stuck():
            self.scheduler.advance(LATE)
            self.partials.ask(self.domain)
            asked, = self.monitors.tasks.values()
            self.assertIn("call=None", repr(asked))
            self.monitors.run()
            self.assertIn("NOWAIT", repr(asked))
