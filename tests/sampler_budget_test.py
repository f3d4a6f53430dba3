# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What the sampler does when so many calls hang that no more may.
"""

from __future__ import absolute_import, division, print_function

import contextlib
import json

import libvirt

import fakelibvirt
import kit
import sampler_test
from vmsampling import deadline
from vmsampling import process

MAX_HUNG = 8
NAMES = "abcdefghijklmnopqrst"
FROZEN = "fghijklmnopq"


class BudgetTest(sampler_test.TestCase):

    @contextlib.contextmanager
    def freeze(self, names, call="monitor"):
        hanging = [self.libvirt.hang(call, name) for name in names]
        try:
            yield [hang.__enter__() for hang in hanging]
        finally:
            for hang in hanging:
                hang.__exit__(None, None, None)

    def fresh(self):
        # Time goes on while the questions of a round are under way.
        vms = self.sampler.snapshot()["vms"].values()
        return "".join(sorted(
            vm["name"] for vm in vms
            if vm["age"]["monitor"] is not None and
            vm["age"]["monitor"] < sampler_test.PERIOD))

    def hung(self, gates):
        return sum(gate.calls - gate.left for gate in gates)

    def settle(self):
        """
        Let those be late that hang, and others be asked in their place.
        """
        for _ in range(3):
            self.advance(deadline.LEAST)

    def test_more_hang_than_may(self):
        self.start(*NAMES, max_hung=MAX_HUNG)
        kit.eventually(self.quiet)
        self.sampler.spread = 0
        with self.freeze(FROZEN) as gates:
            self.advance()
            self.settle()
            # The last place is free.
            self.assertEqual(self.hung(gates), MAX_HUNG - 1)
            for _ in range(5):
                self.advance()
                # Those who have answered since the first of them hung.
                self.assertEqual(self.fresh(), "abcde")
                self.assertEqual(self.hung(gates), MAX_HUNG - 1)
                for name in NAMES:
                    self.assertLess(
                        self.vm(name)["age"]["host"], sampler_test.PERIOD)
            found = self.sampler.snapshot()
            self.assertEqual(found["budget"]["hung"], MAX_HUNG - 1)
            self.assertGreater(found["budget"]["withheld"], 0)
            json.dumps(found)
        kit.eventually(self.quiet)
        self.advance()
        self.assertEqual(self.fresh(), NAMES)
        self.assertEqual(self.sampler.snapshot()["budget"]["hung"], 0)

    def test_more_hang_in_the_details_than_may(self):
        self.start(*NAMES, max_hung=MAX_HUNG)
        kit.eventually(self.quiet)
        self.sampler.spread = 0
        with self.freeze(FROZEN, "detail") as gates:
            self.advance()
            self.settle()
            for _ in range(5):
                self.advance()
                self.assertLess(self.hung(gates), MAX_HUNG)
                self.assertTrue(set("abcde").issubset(self.fresh()))

    def test_hung_calls_of_before(self):
        # Nobody has answered yet, so it is seen from /proc who is well.
        well = fakelibvirt.Process()
        well.well = True
        self.patch(process.Sight, "process", lambda _self, _name: well)
        for name in NAMES:
            self.libvirt.add(name)
        for name in FROZEN[:MAX_HUNG - 2]:
            self.libvirt.vms[name].control = [
                libvirt.VIR_DOMAIN_CONTROL_OCCUPIED, 0, 60000]
            # With NOWAIT libvirtd answers for them.
            self.libvirt.vms[name].busy = True
        self.start(max_hung=MAX_HUNG)
        kit.eventually(self.quiet)
        self.assertEqual(self.sampler.snapshot()["pool"]["max_workers"], 2)
        self.assertEqual(self.fresh(), "abcdelmnopqrst")
        for name in FROZEN:
            self.libvirt.vms[name].control = [0, 0, 0]
            self.libvirt.vms[name].busy = False
        self.advance()
        self.assertEqual(
            self.sampler.snapshot()["pool"]["max_workers"], MAX_HUNG)
        self.advance()
        self.assertEqual(self.fresh(), NAMES)
