# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import libvirt

import fakelibvirt
import kit
import monitortier_test
from vmsampling.history import JOB


class JobTest(monitortier_test.TestCase):

    def setUp(self):
        super(JobTest, self).setUp()
        self.domain.job.visible = True
        self.domain.job.long = "migration out"
        self.vm.job = {"type": 2, "data_total": 1024}

    def test_progress(self):
        self.ask()
        self.assertEqual(self.sample(JOB).fields,
                         {"job.type": 2, "job.data_total": 1024})
        self.assertEqual(self.libvirt.calls[-1], ("jobStats", "a"))

    def test_not_asked_without_a_job(self):
        for long_ in (None, "migration in"):
            self.domain.job.long = "backup"
            self.ask()
            self.assertIsNotNone(self.sample(JOB))
            self.domain.job.long = long_
            del self.libvirt.calls[:]
            self.scheduler.advance(1.0)
            self.ask()
            self.assertNotIn(("jobStats", "a"), self.libvirt.calls)
            self.assertIsNone(self.sample(JOB))
            self.scheduler.advance(1.0)

    def test_job_has_ended_meanwhile(self):
        self.ask()
        self.vm.job = {"type": 0}
        self.scheduler.advance(1.0)
        self.ask()
        self.assertIsNone(self.sample(JOB))

    def test_failure_costs_nothing_else(self):
        self.libvirt.errors["jobStats"] = fakelibvirt.Error(
            libvirt.VIR_ERR_OPERATION_UNSUPPORTED)
        self.assertIsNotNone(self.ask())
        self.assertIsNone(self.sample(JOB))
        self.assertEqual(self.domain.failures, 0)

    def test_monitor_tier_is_there_when_it_hangs(self):
        with self.libvirt.hang("jobStats", "a") as gate:
            with kit.Bunch(1, lambda _: self.ask()):
                gate.wait()
                self.assertIsNotNone(self.sample())
                gate.open()

    def test_holder_from_an_error_until_the_next_full_answer(self):
        self.domain.job.long = None
        self.libvirt.errors["blockStatsFlags"] = fakelibvirt.Error(
            libvirt.VIR_ERR_OPERATION_TIMEOUT, "Timed out during operation: "
            "cannot acquire state change lock (held by monitor="
            "remoteDispatchDomainBlockStats)")
        self.ask()
        holder = "remoteDispatchDomainBlockStats"
        self.assertEqual(self.domain.job.holder(None), holder)
        self.libvirt.errors.clear()
        self.vm.busy = True
        self.scheduler.advance(1.0)
        self.ask()
        self.assertEqual(self.domain.job.holder(None), holder)
        self.vm.busy = False
        self.scheduler.advance(1.0)
        self.ask()
        self.assertIsNone(self.domain.job.holder(None))

    def test_own_call_that_hangs(self):
        with self.libvirt.hang("monitor", "a") as gate:
            with kit.Bunch(1, lambda _: self.ask()):
                gate.wait()
                job = self.domain.job
                self.assertEqual(job.holder(self.domain.question),
                                 "migration out")
                self.scheduler.advance(1.5)
                self.assertEqual(
                    job.holder(self.domain.question),
                    "vdsm-sampler: domainListGetStats(BALLOON|VCPU|CPU_TOTAL,"
                    " NOWAIT)")
                gate.open()

    def test_call_that_may_wait_for_another_holder(self):
        with self.libvirt.hang("XMLDesc", "a") as gate:
            with kit.Bunch(1, lambda _: self.ask()):
                gate.wait()
                self.scheduler.advance(1.5)
                self.assertEqual(
                    self.domain.job.holder(self.domain.question),
                    "migration out")
                gate.open()
