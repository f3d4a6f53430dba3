# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import contextlib
import logging

import kit
from vmsampling import lane


class TestCase(kit.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.clock = kit.Scheduler()
        self.lane = lane.Lane(2, self.clock)
        self.lane.start()
        self.addCleanup(self.lane.stop)
        self.pokes = []

    def poke(self):
        self.pokes.append(self.clock.now)

    @contextlib.contextmanager
    def inside(self, poke=None):
        with self.lane.place(poke or self.poke) as granted:
            self.assertTrue(granted)
            yield

    def advance(self, seconds):
        for _ in range(int(round(seconds / 0.05))):
            self.clock.advance(0.05)
            kit.eventually(self.is_quiet)

    def is_settled(self, gate):
        """
        Those who are there hang in it, or have nothing to do.
        """
        state = self.lane.state()
        return gate.calls + state["idle"] == state["threads"] and (
            not state["queued"] or not state["idle"])

    def is_quiet(self):
        state = self.lane.state()
        return state["threads"] - state["idle"] == state["late"]


class PlaceTest(TestCase):

    def test_places(self):
        with kit.logs("vmsampling.lane") as logs:
            with self.inside(), self.inside():
                for _ in range(3):
                    with self.lane.place() as third:
                        self.assertIs(third, False)
            with self.inside(), self.inside():
                pass
        self.assertEqual(len(logs.at(logging.WARNING)), 1)

    def test_an_error_gives_the_place_back(self):
        for _ in range(3):
            with self.assertRaises(ValueError):
                with self.inside():
                    raise ValueError()


class PokeTest(TestCase):

    def test_none_while_calls_are_short(self):
        for _ in range(20):
            with self.inside():
                self.advance(0.1)
        self.assertEqual(self.pokes, [])

    def test_idle_it_does_not_wake_up(self):
        with self.inside():
            pass
        self.advance(0.3)
        self.assertEqual(self.clock.pending, [])

    def test_a_call_that_hangs(self):
        with self.inside():
            self.advance(1.0)
            self.assertGreaterEqual(len(self.pokes), 7)
            self.assertLessEqual(len(self.pokes), 9)
        count = len(self.pokes)
        self.advance(1.0)
        self.assertEqual(len(self.pokes), count)

    def test_pokes_that_hang_are_few(self):
        with kit.Gate() as gate, self.inside(gate):
            self.clock.advance(0.2)
            gate.wait()
            for _ in range(40):
                self.clock.advance(0.1)
                kit.eventually(lambda: self.is_settled(gate))
            kit.eventually(lambda: gate.calls == 3)
            self.assertEqual(self.lane.state()["threads"], 3)
        kit.eventually(lambda: self.lane.state()["threads"] == 1)

    def test_pokes_that_fail(self):
        def fail():
            self.poke()
            raise ValueError("gone")
        with kit.logs("vmsampling.lane"):
            with self.inside(fail):
                self.advance(1.0)
        self.assertGreater(len(self.pokes), 5)

    def test_nothing_to_poke(self):
        with self.lane.place():
            self.advance(1.0)
        self.assertEqual(self.pokes, [])

    def test_stopped(self):
        with self.inside():
            self.lane.stop()
            self.advance(1.0)
        self.assertEqual(self.pokes, [])
