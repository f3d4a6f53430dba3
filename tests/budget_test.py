# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import logging

import fakelibvirt
import kit
from vmsampling import budget
from vmsampling import domain
from vmsampling import history

MAX_HUNG = 4
LATE = 0.1


class BudgetTest(kit.TestCase):

    def setUp(self):
        super(BudgetTest, self).setUp()
        self.scheduler = kit.Scheduler()
        self.history = history.History(clock=self.scheduler.clock)
        self.sizes = []
        self.budget = budget.Budget(
            MAX_HUNG, self.sizes.append, self.history, self.scheduler.clock,
            patience=0)
        self.domains = dict(
            (name, domain.Domain("uuid-of-" + name, 1, name,
                                 process=fakelibvirt.Process()))
            for name in "abcdef")
        self.history.retain(self.domains.values())
        self.calls = {}
        logs = kit.logs("vmsampling.budget")
        self.logs = logs.__enter__()
        self.addCleanup(logs.__exit__, None, None, None)

    def call(self, name):
        """
        Begin a call, and return whether it may be made.
        """
        place = self.budget.place(self.domains[name], LATE)
        self.verdict = place.__enter__()
        if self.verdict == budget.GRANTED:
            self.calls[name] = place
            return True
        place.__exit__(None, None, None)
        return False

    def end(self, name):
        self.calls.pop(name).__exit__(None, None, None)

    def answer(self, name):
        self.history.put(
            self.domains[name], history.MONITOR, self.scheduler.now, {})

    def hang(self, *names):
        for name in names:
            self.assertTrue(self.call(name))
        self.scheduler.advance(LATE)

    def test_all_places_while_nothing_hangs(self):
        self.assertEqual([self.call(name) for name in "abcde"],
                         [True] * 4 + [False])
        self.assertEqual(self.verdict, budget.BUSY)
        self.end("b")
        self.assertTrue(self.call("e"))

    def test_last_place_is_for_those_who_answered_since(self):
        self.answer("d")
        self.scheduler.advance(1.0)
        self.hang("a", "b", "c")
        # That was before they hung.
        self.assertFalse(self.call("d"))
        self.assertEqual(self.verdict, budget.WITHHELD)
        self.assertFalse(self.call("e"))
        self.answer("e")
        self.assertTrue(self.call("e"))
        # There is one such place.
        self.answer("f")
        self.assertFalse(self.call("f"))
        self.end("e")
        self.assertTrue(self.call("f"))

    def test_since_the_first_of_the_hung_calls_began(self):
        self.hang("a")
        self.answer("d")
        self.scheduler.advance(1.0)
        self.hang("b", "c")
        self.assertTrue(self.call("d"))

    def test_last_place_for_one_that_is_seen_to_be_well(self):
        self.hang("a", "b", "c")
        self.assertFalse(self.call("d"))
        self.domains["d"].process.well = True
        self.assertTrue(self.call("d"))

    def test_those_in_flight_count(self):
        self.hang("a")
        self.assertTrue(self.call("b"))
        self.assertTrue(self.call("c"))
        # It would be the last place, though two are only under way.
        self.assertFalse(self.call("d"))
        self.assertEqual(self.verdict, budget.BUSY)
        self.end("b")
        self.assertTrue(self.call("d"))

    def test_waits_for_a_place(self):
        self.hang("a", "b")
        self.call("c")
        verdicts = []

        def call(_):
            with self.budget.place(self.domains["d"], 1.0) as verdict:
                verdicts.append(verdict)

        self.budget._patience = kit.PATIENCE
        with kit.Bunch(1, call):
            kit.eventually(lambda: len(self.budget._departures))
            self.end("c")
        self.assertEqual(verdicts, [budget.GRANTED])

    def test_nothing_is_asked_beyond_the_last_place(self):
        self.hang("a", "b", "c")
        self.answer("d")
        self.hang("d")
        for name in "ef":
            self.answer(name)
            self.domains[name].process.well = True
            self.assertFalse(self.call(name))

    def test_recovery(self):
        self.hang("a", "b", "c")
        self.assertFalse(self.call("d"))
        self.end("a")
        self.assertTrue(self.call("d"))

    def test_place_is_free_after_an_error(self):
        self.hang("a", "b")
        with self.assertRaises(ZeroDivisionError):
            with self.budget.place(self.domains["c"], LATE):
                raise ZeroDivisionError
        self.assertTrue(self.call("d"))

    def test_told_now_and_then(self):
        self.hang("a", "b", "c")
        for _ in range(3):
            self.call("d")
        self.assertEqual(len(self.logs.at(logging.WARNING)), 1)
        self.assertEqual(self.budget.state()["withheld"], 3)

    def test_state(self):
        self.budget.reserve(["uuid-of-f"])
        self.hang("a")
        self.call("b")
        self.assertEqual(self.budget.state(), {
            "max_hung": MAX_HUNG, "places": MAX_HUNG - 1, "hung": 2,
            "occupied": 1, "withheld": 0})


class ReserveTest(BudgetTest):
    """
    Calls hung before we came; all of the above holds after they returned.
    """

    def setUp(self):
        super(ReserveTest, self).setUp()
        self.budget.reserve(["uuid-of-x", "uuid-of-y"])
        self.before = list(self.sizes)
        self.budget.reserve([])

    def test_sizes(self):
        self.assertEqual(self.before, [2])
        self.assertEqual(self.sizes, [2, 4])
        self.budget.reserve([])
        self.assertEqual(self.sizes, [2, 4])

    def test_they_count(self):
        self.budget.reserve(["uuid-of-x", "uuid-of-y"])
        self.assertTrue(self.call("a"))
        # The last place.
        self.assertFalse(self.call("b"))
        self.answer("b")
        self.assertTrue(self.call("b"))

    def test_one_place_is_left_in_any_case(self):
        self.budget.reserve(["uuid-of-%d" % n for n in range(20)])
        self.assertEqual(self.sizes[-1], 1)
        self.assertFalse(self.call("a"))
        # Nobody has answered us yet, so a look must tell.
        self.domains["a"].process.well = True
        self.assertTrue(self.call("a"))
        self.domains["b"].process.well = True
        self.assertFalse(self.call("b"))
