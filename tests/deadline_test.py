# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import kit
from vmsampling import deadline

MOST = 1.0


class DeadlineTest(kit.TestCase):

    def setUp(self):
        super(DeadlineTest, self).setUp()
        self.deadline = deadline.Deadline()

    def answer(self, *seconds):
        for took in seconds:
            self.deadline.answered(took, took > self.deadline.seconds(MOST))

    def check(self, expected):
        self.assertAlmostEqual(self.deadline.seconds(MOST), expected)

    def test_nothing_known_yet(self):
        self.check(MOST)

    def test_quick_one(self):
        self.answer(0.006)
        self.check(deadline.LEAST)

    def test_first_answer(self):
        # RFC 6298, (2.2): the deviation is taken to be half of it.
        self.answer(0.2)
        self.check(0.2 + 4 * 0.1)

    def test_smoothed(self):
        # RFC 6298, (2.3).
        self.answer(0.2, 0.4)
        deviation = 0.75 * 0.1 + 0.25 * 0.2
        mean = 0.875 * 0.2 + 0.125 * 0.4
        self.check(mean + 4 * deviation)

    def test_steady_one_needs_no_patience(self):
        self.answer(*90 * [0.3])
        self.check(0.3)

    def test_never_longer_than_allowed(self):
        self.answer(0.9)
        self.check(MOST)
        self.assertEqual(self.deadline.seconds(0.25), 0.25)

    def test_late_answer_doubles_it(self):
        self.answer(0.006, 40.0)
        self.check(2 * deadline.LEAST)
        self.answer(40.0)
        self.check(4 * deadline.LEAST)

    def test_answer_in_time_ends_that(self):
        self.answer(0.006, 40.0, 0.006)
        self.check(deadline.LEAST)

    def test_one_that_became_slow_is_given_its_time(self):
        self.answer(0.006)
        late = []
        for _ in range(40):
            late.append(0.4 > self.deadline.seconds(MOST))
            self.answer(0.4)
        self.assertEqual(late.index(False), 2)
        self.assertFalse(any(late[12:]), late)

    def test_late_before_anything_is_known(self):
        self.deadline.answered(2.0, late=True)
        self.check(MOST)
        self.answer(0.006)
        self.check(deadline.LEAST)
