# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import libvirt

import fakelibvirt
import kit
from vmsampling import connection
from vmsampling import devices
from vmsampling import fallback
from vmsampling import mounts


class FakeDomain(object):
    """
    A virDomain with the older calls.
    """

    def __init__(self, answers):
        self._answers = answers
        self.calls = []

    def __getattr__(self, name):
        def call(*args):
            self.calls.append((name,) + args)
            answer = self._answers[name]
            if isinstance(answer, Exception):
                raise answer
            return answer
        return call


ANSWERS = {
    "getCPUStats": [{"cpu_time": 9, "user_time": 4, "system_time": 5}],
    "memoryStats": {"actual": 2048, "rss": 1024, "last_update": 7,
                    "usable": -1},
    "info": [1, 4096, 2048, 2, 9],
    "maxVcpus": 4,
    "vcpus": ([(0, 1, 77, 15), (1, 1, 78, -1)], [(True,), (True,)]),
    "blockStats": (1, 512, 2, 1024, -1),
    "interfaceStats": (1, 2, 3, 4, 5, 6, -1, 8),
}


class FallbackTest(fakelibvirt.TestCase):

    def setUp(self):
        super(FallbackTest, self).setUp()
        self.domain = self
        self.devices = devices.Devices(
            [devices.Device(0, "vda")], [devices.Device(0, "vnet0")])
        self.fallback = fallback.Fallback()
        self.said = []
        self.connection = connection.Connection(
            self.libvirt.open(fakelibvirt.URI, True))

    def say(self, call, of_vm=False):
        self.assertTrue(of_vm)
        self.said.append(call)

    def add(self, answers, fields=()):
        fields = dict(fields)
        self.virt_domain = FakeDomain(answers)
        self.fallback.add(self, self.connection, self.virt_domain, fields)
        return fields

    def test_all_under_the_names_of_the_groups(self):
        self.assertEqual(self.add(ANSWERS), {
            "cpu.time": 9, "cpu.user": 4, "cpu.system": 5,
            "balloon.current": 2048, "balloon.maximum": 4096,
            "balloon.rss": 1024, "balloon.last-update": 7,
            "vcpu.current": 2, "vcpu.maximum": 4,
            "vcpu.0.state": 1, "vcpu.0.time": 77,
            "vcpu.1.state": 1, "vcpu.1.time": 78,
            "block.count": 1, "block.0.name": "vda",
            "block.0.rd.reqs": 1, "block.0.rd.bytes": 512,
            "block.0.wr.reqs": 2, "block.0.wr.bytes": 1024,
            "net.count": 1, "net.0.name": "vnet0",
            "net.0.rx.bytes": 1, "net.0.rx.pkts": 2, "net.0.rx.errs": 3,
            "net.0.rx.drop": 4, "net.0.tx.bytes": 5, "net.0.tx.pkts": 6,
            "net.0.tx.drop": 8,
        })

    def test_what_the_groups_brought_stays(self):
        self.assertEqual(self.add(ANSWERS, {"cpu.time": 3})["cpu.time"], 3)

    def test_what_is_not_known_is_absent_not_zero(self):
        fields = self.add(dict(ANSWERS, getCPUStats=[{}], vcpus=([], []),
                               blockStats=(-1, -1, -1, -1, -1)))
        self.assertNotIn("cpu.user", fields)
        self.assertNotIn("vcpu.0.time", fields)
        self.assertNotIn("block.0.rd.reqs", fields)
        # From info().
        self.assertEqual(fields["cpu.time"], 9)

    def test_unsupported_calls_are_not_repeated(self):
        missing = dict(ANSWERS)
        for name in ("getCPUStats", "blockStats", "vcpus"):
            missing[name] = fakelibvirt.Error(libvirt.VIR_ERR_NO_SUPPORT)
        fields = self.add(missing)
        self.assertNotIn("cpu.user", fields)
        self.assertEqual(fields["balloon.rss"], 1024)
        self.add(missing)
        self.assertEqual([call[0] for call in self.virt_domain.calls],
                         ["memoryStats", "info", "maxVcpus",
                          "interfaceStats"])

    def test_other_errors_leave_out_what_they_concern(self):
        broken = dict(ANSWERS, interfaceStats=fakelibvirt.Error(
            libvirt.VIR_ERR_INVALID_ARG))
        for _ in range(2):
            self.assertNotIn("net.0.rx.bytes", self.add(broken))
            self.assertIn(("interfaceStats", "vnet0"),
                          self.virt_domain.calls)

    def test_vm_that_ended(self):
        with self.assertRaises(libvirt.libvirtError):
            self.add(dict(ANSWERS, info=fakelibvirt.Error(
                libvirt.VIR_ERR_NO_DOMAIN)))

    def test_connection_that_broke(self):
        self.connection.virt.broken = True
        with self.assertRaises(libvirt.libvirtError):
            self.add(dict(ANSWERS, info=fakelibvirt.Error(
                libvirt.VIR_ERR_RPC)))

    def test_names_the_call(self):
        self.add(ANSWERS)
        self.assertEqual(self.said, [
            "getCPUStats", "memoryStats", "info", "maxVcpus", "vcpus",
            "blockStats", "interfaceStats"])


class RealTest(kit.TestCase):
    """
    libvirt's test driver, which lives in the library.
    """

    def test_test_driver(self):
        virt = libvirt.openReadOnly("test:///default")
        self.addCleanup(virt.close)
        virt_domain = virt.lookupByName("test")
        self.domain = self
        self.devices = devices.parse(virt_domain.XMLDesc(0), mounts.read())
        fields = {}
        fallback.Fallback().add(
            self, connection.Connection(virt), virt_domain, fields)
        for name in ("cpu.time", "balloon.current", "balloon.maximum",
                     "vcpu.current", "vcpu.0.time", "block.0.rd.bytes",
                     "net.0.rx.bytes"):
            self.assertGreater(fields[name], 0, name)
        del virt_domain

    def say(self, call, of_vm=False):
        """
        Nobody wants to know.
        """
