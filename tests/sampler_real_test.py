# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import libvirt

import kit
from vmsampling import errors
from vmsampling import events
from vmsampling import sampler


class RealTest(kit.TestCase):
    """
    With libvirt's test driver and real time: the shortest way through all.
    """

    def run(self, result=None):
        # What libvirt opens once in a process' life is no leak of a test.
        events.loop.acquire()
        events.loop.release()
        return super(RealTest, self).run(result)

    def test_test_driver(self):
        with kit.logs("vmsampling"):
            found = sampler.Sampler("test:///default", period=0.05)
            found.start()
            try:
                self.assertTrue(found.wait_round(3, kit.PATIENCE))
                snapshot = found.snapshot()
            finally:
                self.assertEqual(found.stop(kit.PATIENCE), [])
        vm, = snapshot["vms"].values()
        self.assertEqual((vm["name"], vm["state"]), ("test", "running"))
        for name in ("cpu.time", "balloon.current", "block.0.rd.bytes",
                     "net.0.rx.bytes"):
            self.assertIn(name, vm["stats"])
        self.assertLess(vm["age"]["monitor"], kit.PATIENCE)
        self.assertIsNone(vm["age"]["storage"])

    def test_no_such_driver(self):
        with kit.logs("vmsampling"):
            with self.assertRaises(errors.ConnectFailed) as context:
                sampler.Sampler("nosuch:///driver", period=1.0).start()
        text = str(context.exception)
        self.assertIn("nosuch:///driver", text)
        self.assertNotIn("\n", text)

    def test_libvirt_is_not_asked_by_the_constructor(self):
        sampler.Sampler("nosuch:///driver", period=1.0)
        self.assertTrue(libvirt.getVersion())
