# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import json

import kit
from vmsampling import pagedata
from vmsampling import trends

STUCK = {
    "call": "not asked", "why": "its QEMU is stopped", "seconds": 20.04,
    "kernel": {"state": "T", "wchan": "do_signal_stop"},
}


def vm(name, **changes):
    found = {
        "name": name,
        "state": "running",
        "age": {"host": 0.123, "monitor": 0.5, "storage": None},
        "stuck": None,
        "storage": {"groups": ["/srv"], "canary": "answers", "why": None},
        "stats": {"balloon.current": 4 * 1024 ** 2, "balloon.rss": 1500000,
                  "vcpu.current": 2, "block.count": 1, "block.0.name": "vda",
                  "net.0.name": "vnet7"},
        "rates": {"cpu.time": 1.5e9, "net.0.rx.bytes": 2.0 ** 20,
                  "block.0.rd.bytes": 1000.4, "block.0.wr.bytes": 0.0},
    }
    found.update(changes)
    return found


def snapshot(*vms, **changes):
    found = {
        "time": 5.0, "round": 7, "elapsed": 0.0123, "threads": 11,
        "connected": True, "hung": [],
        "pool": {"threads": 5, "free": 4, "late": 1, "stuck": 1, "queued": 0,
                 "groups": {}},
        "budget": {"hung": 1, "max_hung": 12, "withheld": 0},
        "vms": dict((str(n), one) for n, one in enumerate(vms)),
    }
    found.update(changes)
    return found


def compact(*vms, **changes):
    return pagedata.compact(snapshot(*vms, **changes), trends.Trends())


def one(*args, **changes):
    return compact(vm(*args, **changes))["vms"][0]


class CompactTest(kit.TestCase):

    def test_head(self):
        found = compact(vm("a"), vm("b", stuck=STUCK), period=2.0)
        self.assertEqual(found.pop("vms")[0]["name"], "b")
        self.assertEqual(found, {
            "time": 5.0, "period": 2.0, "round": 7, "elapsed": 0.012,
            "late": None, "machine": None, "threads": 11, "connected": True,
            "troubles": [], "calls": [], "count": 2, "stuck": 1, "fresh": 2,
            "pool": {"threads": 5, "free": 4, "late": 1, "stuck": 1,
                     "queued": 0},
            "budget": {"hung": 1, "max_hung": 12, "withheld": 0},
        })

    def test_machine(self):
        host = {"age": 0.1, "rates": {"busy": 12.0}, "load": (1.0, 2.0, 3.0)}
        self.assertEqual(
            compact(host=host, period=2.0)["machine"],
            u"host  CPU% 12  load 1.00 2.00 3.00  MEM -/-G")

    def test_fresh_is_unknown_without_a_period(self):
        found = compact(vm("a"))
        self.assertEqual((found["period"], found["fresh"]), (None, None))

    def test_troubles(self):
        found = compact(vm("a"), connected=False)
        self.assertIn("libvirt does not answer", found["troubles"][0])

    def test_calls_that_say_nothing_of_a_vm(self):
        found = compact(hung=[{"call": "stat(\x1b)", "seconds": 2.04}] * 9)
        self.assertEqual(found["calls"],
                         [{"call": u"stat(\\x1b)", "seconds": 2.0}] * 5)

    def test_the_longest_stuck_come_first(self):
        found = compact(
            vm("a"), vm("b", stuck=dict(STUCK, seconds=None)),
            vm("c", stuck=STUCK), vm("d", stuck=dict(STUCK, seconds=99.0)))
        self.assertEqual([one["name"] for one in found["vms"]],
                         ["d", "c", "b", "a"])

    def test_too_many_vms(self):
        vms = [vm("vm%04d" % n) for n in range(pagedata.MAX_VMS + 1)]
        vms[-1]["stuck"] = STUCK
        found = compact(*vms)
        self.assertEqual(len(found["vms"]), pagedata.MAX_VMS)
        self.assertEqual(found["count"], pagedata.MAX_VMS + 1)
        self.assertEqual(found["vms"][0]["name"], vms[-1]["name"])


class VmTest(kit.TestCase):

    def test_all(self):
        self.assertEqual(one("a"), {
            "uuid": "0", "name": "a", "state": "running", "stuck": None,
            "holder": None,
            "age": {"host": 0.12, "monitor": 0.5, "storage": None},
            "cpu": 1.5, "disk": 1000, "net": 1048576,
            "memory": 4 * 1024 ** 3, "rss": 1500000 * 1024, "vcpus": 2,
            "lines": {"cpu": [1.0, ""], "disk": [65536.0, ""],
                      "net": [65536.0, ""]},
            "storage": {"groups": ["/srv"], "canary": "answers", "why": None},
            "disks": [["vda", 1000, 0]], "nics": [["vnet7", 1048576, None]],
        })

    def test_what_is_not_known_is_no_zero(self):
        found = one("a", stats={}, rates={}, age={"host": None})
        for key in ("cpu", "disk", "net", "memory", "rss", "vcpus"):
            self.assertIsNone(found[key])
        self.assertEqual((found["disks"], found["nics"]), ([], []))
        self.assertEqual(found["age"], {"host": None})

    def test_numbers_that_are_none(self):
        for value in (float("nan"), float("inf"), -float("inf")):
            found = one("a", rates={"cpu.time": value})
            self.assertIsNone(found["cpu"])

    def test_devices_by_number(self):
        rates = dict(("block.%d.rd.bytes" % n, float(n)) for n in range(40))
        found = one("a", stats={"block.2.name": u"sd\x1b"}, rates=rates)
        self.assertEqual(len(found["disks"]), 32)
        self.assertEqual(found["disks"][2], [u"sd\\x1b", 2, None])
        self.assertEqual(found["disks"][10], [u"10", 10, None])

    def test_names_are_cleaned_and_cut(self):
        self.assertEqual(one(u"\u202ea")["name"], u"\\u202ea")
        self.assertEqual(one(u"a\n")["name"], u"a\\x0a")
        self.assertEqual(one(u"\u05d0<b>")["name"], u"\u05d0<b>")
        self.assertEqual(one("a" * 201)["name"], u"a" * 199 + u"\u2026")
        # A lone surrogate, from a name that is not UTF-8.
        self.assertEqual(one(u"\udcff")["name"], u"\\xff")

    def test_stuck(self):
        found = one("a", stuck=STUCK)["stuck"]
        self.assertEqual(found, {
            "seconds": 20.0, "call": "not asked",
            "why": "its QEMU is stopped",
            "kernel": "the QEMU is stopped: state T, in do_signal_stop",
        })

    def test_stuck_in_a_call(self):
        found = one("a", stuck={
            "call": "ask()", "seconds": 2.0, "why": None,
            "kernel": {"state": "S", "syscall_name": "poll"}})["stuck"]
        self.assertEqual(found["kernel"], "the thread of the call sleeps: "
                         "state S, system call poll")

    def test_holder_of_the_job(self):
        self.assertEqual(one("a", holder=u"back\x1bup")["holder"],
                         u"back\\x1bup")

    def test_stuck_without_details(self):
        found = one("a", stuck={"seconds": None})["stuck"]
        self.assertEqual(set(found.values()), {None})


class LinesTest(kit.TestCase):

    def lines(self, *cpus, **points):
        followed = trends.Trends(points.get("points", 60))
        for n, cpu in enumerate(cpus):
            followed.add({"round": n, "vms": {"0": vm("a", rates={
                "cpu.time": cpu} if cpu is not None else {})}})
        return pagedata.compact(
            snapshot(vm("a")), followed)["vms"][0]["lines"]["cpu"]

    def test_digits_and_gaps(self):
        self.assertEqual(self.lines(0.0, None, 2e9, 4e9), [4.0, "0-iz"])

    def test_nearly_nothing_is_low(self):
        self.assertEqual(self.lines(0.0, 1e7), [1.0, "00"])

    def test_no_number(self):
        self.assertEqual(self.lines(float("inf"), 1e9, float("nan"), -1.0),
                         [1.0, "-z--"])

    def test_no_more_than_are_drawn(self):
        found = self.lines(*[0.0] * 90 + [1e9], points=100)
        self.assertEqual(found[1], "0" * 59 + "z")


class SizeTest(kit.TestCase):

    def test_500_vms(self):
        followed = trends.Trends()
        host = snapshot(*[vm("vm%04d" % n) for n in range(500)])
        for number in range(60):
            followed.add(dict(host, round=number))
        data = json.dumps(pagedata.compact(host, followed))
        self.assertLess(len(data), 400000)
