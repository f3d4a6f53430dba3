# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import json

import kit
from vmsampling import devices
from vmsampling import domain
from vmsampling import process
from vmsampling import question
from vmsampling import view
from vmsampling.history import HOST, MONITOR, PARTIAL, PROCESS, STORAGE
from vmsampling.history import Sample

NOW = 100.0
PATIENCE = 3.0

ANSWERS = {"groups": ["/nfs"], "canary": "answers", "why": None}

ENTRY = {
    "key": "u", "call": "<Monitor ...>", "seconds": 9.0, "late": 8.0,
    "stuck": True, "thread": "monitor/1", "ident": 7, "native_id": 8,
    "stack": ["File x"], "kernel": {"state": "S"}, "since": None,
}


class Question(object):

    def __init__(self, text, since, of_vm=True):
        self.under_way = question.Call(text, since, of_vm)


def both(time, fields):
    """
    Return two samples, whose CPU times begin at 0 a second before.
    """
    return [Sample(time - 1, 0.0, {"cpu.time": 0}), Sample(time, 0.0, fields)]


class TestCase(kit.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.domain = domain.Domain("u", 1, "a")
        self.domain.state = "running"

    def view(self, stuck=None, **samples):
        found = view.vm(
            self.domain, samples, stuck, ANSWERS, NOW, PATIENCE)
        json.dumps(found)
        return found


class JobTest(TestCase):

    def test_partial(self):
        old, new = [Sample(98.0, 0.0, {})], [Sample(99.0, 0.0, {})]
        self.assertIs(self.view(partial=new, monitor=old)["partial"], True)
        self.assertIs(self.view(partial=old, monitor=new)["partial"], False)
        self.assertIs(self.view(monitor=old)["partial"], False)
        self.assertIs(self.view(partial=old)["partial"], True)
        self.assertIsNone(self.view(host=old)["partial"])

    def test_holder(self):
        self.domain.job.long = "backup"
        self.assertEqual(self.view()["holder"], "backup")

    def test_progress(self):
        found = self.view(job=[Sample(99.0, 0.0, {"job.type": 1})])
        self.assertEqual(found["stats"], {"job.type": 1})


class ViewTest(TestCase):

    def test_vm_that_was_never_sampled(self):
        self.assertEqual(self.view(), {
            "name": "a", "state": "running", "reason": None, "stuck": None,
            "about": None,
            "partial": None, "holder": None, "storage": ANSWERS,
            "age": {"host": None, "monitor": None, "storage": None,
                    "process": None, "detail": None},
            "stats": {}, "rates": {}})

    def test_each_tier_has_its_own_age(self):
        found = self.view(host=[Sample(99.0, 0.0, {})],
                          monitor=[Sample(80.0, 0.0, {}),
                                   Sample(90.0, 0.0, {})])
        self.assertEqual(found["age"],
                         {"host": 1.0, "monitor": 10.0, "storage": None,
                          "process": None, "detail": None})

    def test_stats_of_all_tiers(self):
        found = self.view(
            host=[Sample(99.0, 0.0, {"state.state": 1})],
            monitor=[Sample(99.0, 0.0, {"cpu.time": 1,
                                        "block.0.rd.reqs": 7})],
            storage=[Sample(50.0, 0.0, {"block.0.capacity": 9,
                                        "block.0.rd.reqs": 3})])
        self.assertEqual(found["stats"], {
            "state.state": 1, "cpu.time": 1, "block.0.rd.reqs": 7,
            "block.0.capacity": 9})

    def test_waits_are_shown_beside_the_monitor_tier(self):
        found = self.view(
            monitor=[Sample(99.0, 0.0, {"cpu.time": 1})],
            process=[Sample(99.0, 0.0, {"cpu.time": 2,
                                        "pressure.io.some": 7})])
        self.assertEqual(found["stats"],
                         {"cpu.time": 1, "pressure.io.some": 7})

    def test_reason(self):
        found = self.view(host=[Sample(
            99.0, 0.0, {"state.state": 3, "state.reason": 5})])
        self.assertEqual(found["reason"], "I/O error")

    def test_limits_of_the_disks(self):
        self.domain.devices = devices.Devices(
            limits={"block.0.iotune.read_iops_sec": 7})
        self.assertEqual(self.view()["stats"],
                         {"block.0.iotune.read_iops_sec": 7})

    def test_rates(self):
        found = self.view(
            host=[Sample(97.0, 0.0, {"net.0.rx.bytes": 0}),
                  Sample(99.0, 0.0, {"net.0.rx.bytes": 10})],
            monitor=[Sample(95.0, 0.0, {"cpu.time": 0}),
                     Sample(99.0, 0.0, {"cpu.time": 4})])
        self.assertEqual(found["rates"],
                         {"net.0.rx.bytes": 5.0, "cpu.time": 1.0})

    def test_old_counters_of_the_storage_tier_give_no_rates(self):
        found = self.view(storage=[
            Sample(30.0, 0.0, {"block.0.rd.reqs": 0}),
            Sample(90.0, 0.0, {"block.0.rd.reqs": 60})])
        self.assertEqual(found["rates"], {})

    def test_partial_is_shown_but_makes_nothing_younger(self):
        found = self.view(
            monitor=[Sample(89.0, 0.0, {"cpu.time": 0, "balloon.rss": 5}),
                     Sample(90.0, 0.0, {"cpu.time": 1, "balloon.rss": 5})],
            partial=[Sample(98.0, 0.0, {"cpu.time": 50}),
                     Sample(99.0, 0.0, {"cpu.time": 57})])
        self.assertEqual(found["age"]["monitor"], 10.0)
        self.assertEqual(found["stats"], {"cpu.time": 57, "balloon.rss": 5})
        self.assertEqual(found["rates"], {"cpu.time": 7.0})

    def test_partial_that_is_older_is_not_shown(self):
        found = self.view(
            partial=[Sample(80.0, 0.0, {"cpu.time": 1, "x": 1})],
            monitor=[Sample(90.0, 0.0, {"cpu.time": 2})])
        self.assertEqual(found["stats"], {"cpu.time": 2})

    def test_tiers(self):
        self.assertEqual(
            (HOST, MONITOR, STORAGE, PROCESS, PARTIAL),
            ("host", "monitor", "storage", "process", "partial"))

    def test_stuck(self):
        self.assertEqual(self.view(stuck={"call": "x"})["stuck"],
                         {"call": "x"})

    def test_views_share_nothing_that_can_change(self):
        fields = {"cpu.time": 1}
        found = self.view(monitor=[Sample(90.0, 0.0, fields)])
        found["stats"]["cpu.time"] = 2
        self.assertEqual(fields, {"cpu.time": 1})


class ProcessTest(TestCase):
    """
    What /proc says beside what libvirt says.
    """

    def test_vm_that_answers(self):
        # The newest is from /proc until the QEMU has answered in each round.
        for age in (0.5, PATIENCE):
            found = self.view(
                monitor=both(NOW - age, {"cpu.time": 50, "balloon.rss": 5}),
                process=both(NOW, {"cpu.time": 90, "balloon.rss": 6}))
            self.assertEqual(
                found["stats"], {"cpu.time": 50, "balloon.rss": 5})
            self.assertEqual(found["rates"], {"cpu.time": 50.0})
            self.assertEqual(found["age"]["process"], 0.0)

    def test_vm_that_does_not_answer(self):
        found = self.view(
            monitor=both(NOW - 3.5, {"cpu.time": 50, "balloon.rss": 5,
                                     "balloon.current": 7}),
            process=both(NOW, {"cpu.time": 90, "balloon.rss": 6}))
        self.assertEqual(found["stats"], {
            "cpu.time": 90, "balloon.rss": 6, "balloon.current": 7})
        self.assertEqual(found["rates"], {"cpu.time": 90.0})
        self.assertEqual(found["age"]["monitor"], 3.5)

    def test_vm_that_never_answered(self):
        found = self.view(process=both(NOW, {"cpu.time": 90}))
        self.assertEqual(found["stats"], {"cpu.time": 90})

    def test_older_than_the_last_answer(self):
        found = self.view(monitor=both(NOW - 10, {"cpu.time": 50}),
                          process=both(NOW - 11, {"cpu.time": 40}))
        self.assertEqual(found["stats"], {"cpu.time": 50})
        self.assertEqual(found["rates"], {"cpu.time": 50.0})

    def test_beside_a_partial_answer(self):
        # Its CPU time is libvirt's in the whole round, and its memory, which
        # libvirt does not tell then, is from /proc.
        for age in (0.1, PATIENCE - 0.1):
            found = self.view(
                monitor=both(NOW - 10, {"cpu.time": 50, "balloon.rss": 5}),
                partial=both(NOW - age, {"cpu.time": 80}),
                process=both(NOW, {"cpu.time": 90, "balloon.rss": 6}))
            self.assertEqual(
                found["stats"], {"cpu.time": 80, "balloon.rss": 6})
            self.assertEqual(found["rates"], {"cpu.time": 80.0})

    def test_no_more_partial_answers(self):
        found = self.view(
            monitor=both(NOW - 10, {"cpu.time": 50}),
            partial=both(NOW - PATIENCE - 0.1, {"cpu.time": 80, "x": 1}),
            process=both(NOW, {"cpu.time": 90}))
        self.assertEqual(found["stats"], {"cpu.time": 90, "x": 1})
        self.assertEqual(found["rates"], {"cpu.time": 90.0})


class StuckTest(kit.TestCase):

    def setUp(self):
        super(StuckTest, self).setUp()
        self.domain = domain.Domain("u", 1, "a")

    def stuck(self, answers=True):
        return view.stuck(ENTRY, self.domain, answers, NOW)

    def test_the_call_not_the_task(self):
        self.domain.question = Question("domainListGetStats(X)", 97.5)
        self.assertEqual(self.stuck(), {
            "call": "domainListGetStats(X)", "seconds": 2.5,
            "late": 8.0, "thread": "monitor/1", "native_id": 8,
            "stack": ["File x"], "kernel": {"state": "S"}, "since": None,
            "why": None})

    def test_returned_meanwhile(self):
        self.assertIsNone(self.stuck())
        self.domain.question = Question("x", 97.5)
        self.domain.question.under_way = None
        self.assertIsNone(self.stuck())

    def test_vm_that_is_gone(self):
        self.domain = None
        self.assertIsNone(self.stuck())

    def test_waits_for_libvirtd(self):
        self.domain.question = Question("lookup", 97.5, of_vm=False)
        # libvirtd answers for others: it is about this VM.
        self.assertIsNotNone(self.stuck(answers=True))
        self.assertIsNone(self.stuck(answers=False))

    def test_waits_for_the_vm(self):
        self.domain.question = Question("x", 97.5, of_vm=True)
        self.assertIsNotNone(self.stuck(answers=False))

    def test_evidence(self):
        self.assertEqual(view.evidence(ENTRY), {
            "call": "<Monitor ...>", "seconds": 9.0,
            "late": 8.0, "thread": "monitor/1", "native_id": 8,
            "stack": ["File x"], "kernel": {"state": "S"}, "since": None,
            "why": None})

    def test_not_asked(self):
        found = view.held(process.Held(90.0, 99.0, "it is stopped",
                                       {"state": "T"}), NOW)
        self.assertEqual(set(found), set(view.evidence(ENTRY)))
        self.assertEqual(found["seconds"], NOW - 90.0)
        self.assertEqual(found["why"], "it is stopped")
        self.assertEqual(found["kernel"], {"state": "T"})
        self.assertEqual(found["call"], "not asked")
