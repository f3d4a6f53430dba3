# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import threading

import kit
from threadpool import evidence
from threadpool import report
from threadpool import task as _task


class FakeWorker(object):

    name = "pool/0"

    def __init__(self, task):
        self.task = task
        self.ident = threading.current_thread().ident
        self.native_id = evidence.native_id()


class TestReporter(kit.TestCase):

    def setUp(self):
        super(TestReporter, self).setUp()
        self.clock = kit.Scheduler()
        self.told = []
        self.reporter = report.Reporter(
            "pool", self.clock.clock, self.told.append)

    def stuck(self, key="vm"):
        task = _task.Task(int, 1, key)
        task.begin(self.clock.now)
        return FakeWorker(task), task

    def test_task_that_ended_is_no_entry(self):
        worker, task = self.stuck()
        worker.task = None
        self.assertIsNone(self.reporter.describe(worker, task, True))
        with kit.logs("threadpool.report") as logs:
            self.reporter.log_stuck(worker, task)
        self.assertEqual((logs.records, self.told), ([], []))

    def test_since_is_of_the_same_task(self):
        worker, task = self.stuck()
        self.reporter.describe(worker, task, True)
        worker.task, other = self.stuck()[0].task, None
        other = worker.task
        self.assertIsNone(
            self.reporter.describe(worker, other, True)["since"])
        self.clock.advance(3)
        since = self.reporter.describe(worker, other, True)["since"]
        self.assertEqual(since["seconds"], 3)

    def test_forget(self):
        worker, task = self.stuck()
        self.reporter.describe(worker, task, True)
        self.assertEqual(self.reporter.describe_late(
            [(worker, task, False, False)]), [])
        self.assertEqual(self.reporter._looks, {})

    def test_log_is_throttled_the_hook_is_not(self):
        with kit.logs("threadpool.report") as logs:
            for n in range(30):
                self.reporter.log_stuck(*self.stuck(key=n))
            self.clock.advance(60)
            self.reporter.log_stuck(*self.stuck())
        self.assertEqual(len(logs.records), 11)
        self.assertIn("(20 like it not logged)", logs.records[-1][1])
        self.assertEqual(len(self.told), 31)

    def test_all_facts_are_in_the_record(self):
        with kit.logs("threadpool.report") as logs:
            worker, task = self.stuck()
            self.clock.advance(7)
            self.reporter.log_stuck(worker, task)
        text = logs.records[0][1]
        for fact in ("pool: stuck for 7.0 s", "key='vm'", "thread=pool/0",
                     "'state': 'R'", __name__.rpartition(".")[2] + ".py"):
            self.assertIn(fact, text)
