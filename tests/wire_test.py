# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import json

import kit
from vmsampling import wire

VM = {"name": u"a\u2028", "state": "running", "stuck": None,
      "age": {"host": 0.0, "monitor": None, "storage": 1.5},
      "stats": {"cpu.time": 7}, "rates": {"cpu.time": 1.0}}


def snapshot(**changes):
    found = {
        "time": 0.0, "monotonic": 1000.0, "period": 2.0, "round": 7,
        "elapsed": 0.1, "threads": 11, "connected": True, "hung": [],
        "pool": {"free": 4, "late": 0, "stuck": 0},
        "budget": {"hung": 0, "max_hung": 12},
        "vms": {"u": dict(VM)},
    }
    found.update(changes)
    return found


def vm(**changes):
    return {"u": dict(VM, **changes)}


class WireTest(kit.TestCase):

    def test_line(self):
        for vms in ({}, {"u": VM}, {"u": VM, "v": VM}):
            found = snapshot(vms=vms)
            line = wire.line(found)
            self.assertTrue(line.endswith(b"}\n"))
            self.assertEqual(line.count(b"\n"), 1)
            self.assertEqual(json.loads(line.decode("ascii")), found)
            self.assertEqual(wire.read_snapshot(line), found)
            self.assertEqual(wire.read_served(line), found)

    def test_greeting(self):
        self.assertEqual(
            wire.read_greeting(wire.greeting("test:///default", 15.0, 7)),
            {"vdsm-sampler": 1, "uri": "test:///default", "period": 15.0,
             "pid": 7})
        self.assertEqual(
            wire.read_greeting(wire.refusal("full"))["refused"], "full")

    def check(self, read, line, message):
        with self.assertRaises(ValueError) as caught:
            read(line)
        self.assertEqual(str(caught.exception), message)

    def test_other_greetings(self):
        for line, message in (
                (b"SSH-2.0", "no JSON"),
                (b"[]", "the line is no object"),
                (b"{}", "there is no vdsm-sampler"),
                (b'{"vdsm-sampler": 2}',
                 "it speaks version 2 of our protocol, we 1"),
                (b'{"vdsm-sampler": 1}', "there is no ")):
            with self.assertRaises(ValueError) as caught:
                wire.read_greeting(line)
            self.assertIn(message, str(caught.exception))

    def test_other_lines(self):
        for line, message in (
                (b"\xff", "no JSON"),
                (b"{", "no JSON"),
                (b'{"a": NaN}', "no JSON"),
                (b'{"a": ' * 100000, "no JSON that is of us"),
                (b"7", "no JSON object")):
            self.check(wire.read_snapshot, line, message)

    def test_what_is_missing(self):
        for key in ("time", "round", "elapsed", "threads", "pool", "budget",
                    "vms"):
            found = snapshot()
            del found[key]
            self.check_snapshot("there is no " + key, found)
        for key in VM:
            found = snapshot()
            del found["vms"]["u"][key]
            self.check_snapshot("there is no vms/u/" + key, found)

    def check_snapshot(self, message, found):
        with self.assertRaises(ValueError) as caught:
            wire.check_snapshot(json.loads(json.dumps(found)))
        self.assertEqual(str(caught.exception), message)

    def test_what_is_wrong(self):
        for path, found in (
                ("round", snapshot(round="7")),
                ("round", snapshot(round=10 ** 400)),
                ("elapsed", snapshot(elapsed=[])),
                ("pool/free", snapshot(pool={"free": None, "late": 0})),
                ("vms/u/name", snapshot(vms=vm(name=7))),
                ("vms/u/stuck", snapshot(vms=vm(stuck=[]))),
                ("vms/u/stats", snapshot(vms=vm(stats=[])))):
            self.check_snapshot(path + " is not what it should be", found)
        self.check_snapshot("vms is no object", snapshot(vms=[]))
        self.check_snapshot("vms/u is no object", snapshot(vms={"u": 7}))
        self.check_snapshot("there is no vms/u/age/host",
                            snapshot(vms=vm(age={})))
        self.check_snapshot("time is 1e+300", snapshot(time=1e300))

    def test_what_may_be_absent_or_null(self):
        for key in ("host", "hung", "pools", "server", "source", "period"):
            wire.read_snapshot(wire.line(snapshot(**{key: None})))
        for key in ("holder", "storage"):
            wire.read_snapshot(wire.line(snapshot(vms=vm(**{key: None}))))

    def test_what_is_wrong_in_it(self):
        rates = {"rates": {}, "age": 1.0}
        for path, found in (
                ("period", snapshot(period="2")),
                ("host/age", snapshot(host=dict(rates, age=None))),
                ("host/load/1", snapshot(host=dict(rates, load=[1, "x"]))),
                ("host/memory/total",
                 snapshot(host=dict(rates, memory={"total": "x"}))),
                ("hung/0/seconds", snapshot(hung=[{"seconds": "x"}])),
                ("pools/p/age", snapshot(pools={"p": {"age": 10 ** 400}})),
                ("server/age", snapshot(server={"age": []})),
                ("source/text", snapshot(source={"text": 7})),
                ("vms/u/stuck/kernel", snapshot(vms=vm(stuck={"kernel": 7}))),
                ("vms/u/storage/groups/0",
                 snapshot(vms=vm(storage={"groups": [None]})))):
            self.check_snapshot(path + " is not what it should be", found)
        self.check_snapshot("hung is no list", snapshot(hung=7))
        self.check_snapshot("host is no object", snapshot(host=7))

    def test_period_that_is_none(self):
        for period in (0, -1.0, 1e300):
            with self.assertRaises(ValueError):
                wire.read_greeting(wire.greeting("u", period, 7))

    def test_infinite(self):
        self.check(wire.read_snapshot, wire.line(snapshot()).replace(
            b'"round": 7', b'"round": 1e999'),
            "round is not what it should be")

    def test_served_line_without_its_time(self):
        found = snapshot()
        del found["monotonic"]
        line = wire.line(found)
        wire.read_snapshot(line)
        self.check(wire.read_served, line, "there is no monotonic")
