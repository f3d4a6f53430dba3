# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import kit
import manager
import snapshots
from vmsampling import notify
from vmsampling import pulse


class Health(object):

    def __init__(self):
        self.age = 0.0

    def goes_on(self, grace):
        return self.age <= grace


class PulseTest(kit.TestCase):

    def make(self, **environ):
        self.manager = manager.Manager()
        self.addCleanup(self.manager.close)
        self.health = Health()
        return pulse.Pulse(
            notify.Notifier(dict(self.manager.environ, **environ)),
            self.health, lambda: {"vms": {}, "connected": True})

    def test_from_start_to_stop(self):
        made = self.make(WATCHDOG_USEC="60000000")
        made.begin()
        self.assertEqual(
            self.manager.receive(), ["STATUS=Connecting to libvirt"])
        made.beat()
        self.assertEqual(self.manager.receive(),
                         ["STATUS=no VMs", "READY=1", "WATCHDOG=1"])
        made.beat()
        self.assertEqual(
            self.manager.receive(), ["STATUS=no VMs", "WATCHDOG=1"])
        made.end()
        self.assertEqual(self.manager.receive(), ["STOPPING=1"])

    def test_hung_sampler_is_not_alive(self):
        made = self.make(WATCHDOG_USEC="60000000")
        made.beat()
        self.manager.receive()
        self.health.age = 31.0
        made.beat()
        self.assertEqual(self.manager.receive(), ["STATUS=no VMs"])
        # It was only late.
        self.health.age = 29.0
        made.beat()
        self.assertIn("WATCHDOG=1", self.manager.receive())

    def test_how_often(self):
        for environ, seconds in (({}, 15.0), ({"WATCHDOG_USEC": "8000000"}, 2),
                                 ({"WATCHDOG_USEC": "600000000"}, 15.0)):
            self.assertEqual(self.make(**environ).seconds, seconds)

    def test_nobody_listens(self):
        # It takes no snapshot then, and nothing has to wake up.
        made = pulse.Pulse(notify.Notifier({}), None, None)
        self.assertIsNone(made.seconds)
        made.begin()
        made.beat()
        made.end()

    def test_ready_is_told_until_it_is_taken(self):
        notifier = notify.Notifier({"NOTIFY_SOCKET": "/nowhere"})
        told = []
        notifier.tell = lambda *lines: told.append(lines) or len(told) > 1
        made = pulse.Pulse(notifier, Health(),
                           lambda: {"vms": {}, "connected": True})
        for _ in range(3):
            made.beat()
        self.assertEqual(["READY=1" in lines for lines in told],
                         [True, True, False])


class StatusTest(kit.TestCase):

    def check(self, expected, vms, connected=True):
        self.assertEqual(pulse.status({
            "vms": dict(enumerate(vms)), "period": 15.0,
            "connected": connected}), expected)

    def test_lines(self):
        well = [snapshots.vm("a")] * 3
        self.check("no VMs", [])
        self.check("3 of 3 VMs fresh", well)
        self.check("3 of 4 VMs fresh, 1 stuck",
                   well + [snapshots.vm("b", stuck={"seconds": 9.0},
                                        age={"monitor": 99.0})])

    def test_before_the_first_round(self):
        self.check("0 of 1 VMs fresh; libvirt does not answer",
                   [snapshots.unknown("a")], False)
