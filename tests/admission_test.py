# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import logging
import threading

import kit
from threadpool import executor
from vmsampling import admission


class AdmissionTest(kit.TestCase):

    def setUp(self):
        super(AdmissionTest, self).setUp()
        self.scheduler = kit.Scheduler()
        self.pool = executor.Executor(
            "test", workers=1, max_workers=1, max_tasks=1,
            scheduler=self.scheduler)
        self.pool.start()
        self.addCleanup(self.pool.stop)
        self.admission = admission.Admission(self.pool, timeout=5.0)

    def test_runs(self):
        done = threading.Event()
        self.assertTrue(self.admission.dispatch(done.set))
        kit.wait(done)

    def test_busy_is_silent(self):
        with kit.Gate() as gate, kit.logs("vmsampling") as logs:
            self.admission.dispatch(gate, key="a")
            gate.wait()
            self.assertFalse(self.admission.dispatch(gate, key="a"))
        self.assertEqual(self.admission.busy, 1)
        self.assertEqual(logs.records, [])

    def test_group_whose_places_are_held_by_late_tasks(self):
        self.pool = executor.Executor(
            "test", workers=1, max_workers=2, scheduler=self.scheduler)
        self.pool.start()
        self.addCleanup(self.pool.stop)
        self.admission = admission.Admission(self.pool, timeout=5.0)
        done = threading.Event()
        with kit.Gate() as gate, kit.logs("vmsampling") as logs:
            self.assertTrue(self.admission.dispatch(gate, group="/nfs"))
            gate.wait()
            self.assertEqual(
                list(self.pool.state()["groups"]), ["/nfs"])
            with kit.logs("threadpool"):
                self.scheduler.advance(5.0)
            self.assertFalse(self.admission.dispatch(
                self.fail, key="a", group="/nfs"))
            self.assertTrue(self.admission.dispatch(
                done.set, key="a", group="/other"))
            kit.wait(done)
        self.assertEqual((self.admission.withheld, self.admission.refused,
                          self.admission.busy), (1, 0, 0))
        self.assertEqual(logs.at(logging.WARNING), [])

    def test_no_room_is_logged_now_and_then(self):
        with kit.Gate() as gate, kit.logs("vmsampling") as logs:
            self.admission.dispatch(gate)
            gate.wait()
            self.admission.dispatch(gate)
            for _ in range(3):
                self.assertFalse(self.admission.dispatch(gate))
            self.assertEqual(self.admission.refused, 3)
            # With its timeout over the pool has nobody left.
            with kit.logs("threadpool"):
                self.scheduler.advance(5.0)
            self.assertFalse(self.admission.dispatch(gate))
        self.assertEqual(self.admission.refused, 4)
        self.assertEqual(len(logs.at(logging.WARNING)), 1)

    def test_stopped(self):
        self.pool.stop()
        self.assertFalse(self.admission.dispatch(self.fail))
        self.assertEqual(
            (self.admission.busy, self.admission.refused), (0, 0))
