# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import json
import os

import feedclient_test
import kit
import wire_test
from vmsampling import hearsay
from vmsampling import table

SERVICE = {"pid": 7, "uri": "test:///default"}
AGE = {"host": 0.5, "monitor": 0.5, "storage": None}
HELD = {"call": "not asked", "why": "all threads in state T",
        "seconds": 9.0, "kernel": {"state": "T"}}
HUNG = {"call": "domainListGetStats(...)", "why": None, "seconds": 3.0,
        "kernel": None}


def vm(name, **changes):
    return dict(wire_test.VM, name=name, age=AGE, **changes)


class ReportTest(kit.TestCase):

    def report(self, *vms, **changes):
        found = hearsay.report(wire_test.snapshot(
            vms=dict((one["name"], one) for one in vms), **changes),
            SERVICE, 1.5)
        json.dumps(found)
        return found

    def test_well(self):
        found = self.report(vm("a"))
        self.assertEqual((found["stuck"], found["busy"]), ({}, {}))
        self.assertEqual(found["vms"], 1)
        self.assertEqual(found["source"], {"pid": 7, "age": 1.5})
        self.assertEqual(table.verdict(found), [
            "0 of 1 VMs stuck; by process 7, the service, 1.5s ago"])

    def test_stuck(self):
        found = self.report(vm("a", stuck=HELD), vm("b", stuck=HUNG), vm("c"))
        self.assertEqual(found["stuck"], {
            "a": {"name": "a", "seconds": 9.0, "holder": None,
                  "control": None, "kernel": {"state": "T"},
                  "why": ["all threads in state T"]},
            "b": {"name": "b", "seconds": 3.0, "holder": None,
                  "control": None, "kernel": {},
                  "why": ["domainListGetStats(...) has not returned"]}})
        self.assertEqual(table.verdict(found)[:3], [
            "a is stuck for 9.0s", "    all threads in state T",
            "    kernel: state T"])

    def test_silent(self):
        old, never = (dict(AGE, monitor=age) for age in (9.0, None))
        found = self.report(
            dict(vm("a"), age=old), dict(vm("b"), age=never),
            dict(vm("c"), age=old, state="paused"),
            dict(vm("d", stuck=HELD), age=old))
        self.assertEqual(sorted(found["busy"]), ["a", "b"])
        self.assertIn("its last answer is 9.0 s old",
                      found["busy"]["a"]["why"][0])
        self.assertIn("it has not answered yet",
                      found["busy"]["b"]["why"][0])

    def test_job_held(self):
        old = dict(AGE, monitor=9.0)
        found = self.report(dict(vm("a", holder="migration out"), age=old),
                            vm("b", stuck=HUNG, holder="backup"))
        self.assertEqual(found["busy"]["a"]["why"], [
            "its last answer is 9.0 s old; its job is held: migration out"])
        self.assertEqual(found["stuck"]["b"]["holder"], "backup")

    def test_first_rounds(self):
        never = dict(AGE, monitor=None)
        self.assertEqual(
            self.report(dict(vm("a"), age=never), round=2)["busy"], {})


class TakeTest(feedclient_test.TestCase):

    def take(self, *lines):
        service = self.service()
        found = []
        with kit.Bunch(1, lambda _: service.greet(*lines)):
            found.append(hearsay.take(self.settings))
        service.__exit__()
        return found[0]

    def test_service(self):
        found = self.take()
        self.assertEqual(found["vms"], 1)
        self.assertEqual(found["source"]["pid"], 4711)

    def test_service_that_does_not_know(self):
        greeting = hearsay.feedclient.wire.greeting(
            "test:///default", 5.0, os.getpid())
        line = self.service().line
        for one in (line(0), line(7, connected=False)):
            self.settings["socket"] += "x"
            self.assertIsNone(self.take(greeting, one))

    def test_none(self):
        self.assertIsNone(hearsay.take(self.settings))
