# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import kit
from vmsampling import agenda


class AgendaTest(kit.TestCase):

    def make(self, *intervals):
        made = agenda.Agenda()
        for interval in intervals:
            made.add(str(interval), interval)
        made.start(1000.0)
        return made

    def take(self, made, now):
        due = made.due(now)
        for call in due:
            made.done(call, now)
        return [call.interval for call in due]

    def test_all_are_due_at_the_start(self):
        self.assertEqual(self.take(self.make(2, 15, 60), 1000.0), [2, 15, 60])

    def test_nothing_drifts(self):
        made = self.make(2, 15)
        self.take(made, 1000.0)
        for number in range(1, 1000):
            # Each run comes late.
            now = 1000.0 + 2 * number + 1.5
            self.assertIn(2, self.take(made, now))
            self.assertEqual(made.next(now) % 1, 0.0)

    def test_runs_of_an_hour(self):
        # One wake-up a second would do, whatever the product of the
        # intervals is.
        made = self.make(2, 15, 60)
        now, runs = 1000.0, []
        while now < 4600.0:
            runs.extend(self.take(made, now))
            now = made.next(now)
        self.assertEqual([runs.count(n) for n in (2, 15, 60)],
                         [1800, 240, 60])

    def test_what_was_missed_is_due_once(self):
        made = self.make(2)
        self.take(made, 1000.0)
        self.assertEqual(self.take(made, 1007.0), [2])
        self.assertEqual(self.take(made, 1007.9), [])
        self.assertEqual(made.next(1007.9), 1008.0)

    def test_a_fraction_that_rounds(self):
        made = self.make(0.1)
        now = 1000.0
        for _ in range(1000):
            self.take(made, now)
            self.assertGreater(made.next(now), now)
            now = made.next(now)

    def test_kinds(self):
        made = agenda.Agenda()
        made.add("a", 1, "x")
        made.add("b", 1, "y")
        made.start(0.0)
        self.assertEqual([call.function for call in made.due(0.0, "y")],
                         ["b"])

    def test_empty(self):
        made = self.make()
        self.assertEqual(made.due(1000.0), [])
        self.assertIsNone(made.next(1000.0))
