# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Who is asked when in a round, and what is looked at before the first question.
"""

from __future__ import absolute_import, division, print_function

import libvirt

import cycle_test
import fakelibvirt

PERIOD = cycle_test.PERIOD


class SpreadTest(cycle_test.TestCase):

    def setUp(self):
        super(SpreadTest, self).setUp()
        for number in range(40):
            self.libvirt.add("%02d" % number)
        self.begin()
        self.hosts.run()

    def test_new_ones_are_asked_at_once(self):
        self.assertEqual(len(self.monitors.tasks), 43)

    def test_others_within_half_a_period(self):
        self.monitors.run()
        self.scheduler.advance(PERIOD)
        self.libvirt.add("new")
        self.hosts.run()
        asked = set(self.monitors.tasks)
        self.assertIn("uuid-of-new", asked)
        self.assertTrue(16 < len(asked) < 44, asked)
        self.monitors.run()
        self.assertEqual(self.rounds.last()[0], 1)
        self.scheduler.advance(PERIOD / 2)
        asked.update(self.monitors.tasks)
        self.assertEqual(len(asked), 44)
        self.monitors.run()
        self.assertEqual(self.rounds.last()[0], 2)


class OccupiedTest(cycle_test.TestCase):

    def occupy(self, *names):
        for name in "abc":
            self.libvirt.vms[name].control = [
                libvirt.VIR_DOMAIN_CONTROL_OCCUPIED if name in names else
                libvirt.VIR_DOMAIN_CONTROL_OK, 0, 5000]

    def round(self):
        self.scheduler.advance(PERIOD)
        self.hosts.run()
        return self.names(self.budget.occupied)

    def test_until_they_return(self):
        self.occupy("a", "b")
        self.rounds.start()
        self.assertEqual(self.round(), ["a", "b"])
        self.occupy("b", "c")
        # Those that hang since then are not from before we came.
        self.assertEqual(self.round(), ["b"])
        self.occupy("a")
        self.assertEqual(self.round(), [])
        looks = self.libvirt.count("controlInfo", "a")
        self.round()
        self.assertEqual(self.libvirt.count("controlInfo", "a"), looks)

    def test_seen_before_the_first_question(self):
        self.begin()
        self.hosts.run()
        calls = [call for call, _ in self.libvirt.calls]
        self.assertIn("controlInfo", calls)
        self.assertEqual(self.asked(), ["a", "b", "c"])

    def test_not_known(self):
        self.libvirt.errors["list"] = fakelibvirt.Error(
            libvirt.VIR_ERR_INTERNAL_ERROR)
        self.occupy("a")
        self.begin()
        self.hosts.run()
        self.assertEqual(self.asked(), ["a", "b", "c"])
        self.assertEqual(self.names(self.budget.occupied), [])
        del self.libvirt.errors["list"]
        self.assertEqual(self.round(), ["a"])
