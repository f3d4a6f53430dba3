# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import contextlib

import mock

import kit
import snapshots
from vmsampling import errors
from vmsampling import spans
from vmsampling import supervisor
from vmsampling import top


class Rounds(object):
    """
    Looks like source.Source; each snapshot is of a new round.
    """

    def __init__(self, error=None):
        self._error = error
        self.new = True
        self.taken = 0
        self.listener = None
        self.stopped = 0

    def start(self):
        if self._error:
            raise self._error

    def add_listener(self, listener):
        self.listener = listener

    def wait(self, timeout):
        assert timeout == 0
        return self.new

    def snapshot(self):
        self.new = False
        self.taken += 1
        return snapshots.snapshot(
            snapshots.vm("vm01"), snapshots.vm("vm02"), round=self.taken,
            period=2.0)

    def stop(self, timeout):
        self.stopped += 1


class Terminal(object):
    """
    Looks like a terminal.Terminal whose user presses these keys.
    """

    encoding = "utf-8"

    def __init__(self, *batches):
        self._batches = list(batches)
        self.drawn = []
        self.timeouts = []
        self.used = 0
        self.calls = []

    @contextlib.contextmanager
    def use(self, interrupt):
        self.used += 1
        try:
            yield
        finally:
            self.used -= 1

    def size(self):
        return 79, 24

    def draw(self, lines):
        assert self.used
        self.drawn.append([spans.plain(line) for line in lines])

    def read(self, timeout):
        self.timeouts.append(timeout)
        batch = self._batches.pop(0)
        if isinstance(batch, Exception):
            raise batch
        return batch() if callable(batch) else batch

    def suspend(self):
        self.calls.append("suspend")

    def forget(self):
        self.calls.append("forget")


class TopTest(kit.TestCase):

    def run_top(self, *batches, **kwargs):
        self.rounds = kwargs.get("rounds") or Rounds()
        self.terminal = Terminal(*batches)
        self.interrupt = mock.Mock()
        made = top.Top(self.rounds, "test:///\x1b", self.terminal)
        made.start()
        made.run(self.interrupt)
        return self.terminal.drawn

    def test_draws_until_the_user_quits(self):
        drawn = self.run_top([], ["q"])
        self.assertEqual(len(drawn), 2)
        self.assertIn("test:///\\x1b", drawn[0][0])
        self.assertTrue(drawn[0][3].startswith("vm01"))
        self.assertEqual(self.terminal.used, 0)
        self.assertEqual(self.rounds.stopped, 1)

    def test_woken_by_rounds(self):
        def settle():
            self.rounds.new = True
            return []
        self.run_top(settle, ["q"])
        self.assertIs(self.rounds.listener, self.interrupt.wake)
        self.assertEqual(self.rounds.taken, 2)

    def test_keys_need_no_new_snapshot(self):
        drawn = self.run_top(["M"], ["R"], ["q"])
        self.assertEqual(self.rounds.taken, 1)
        self.assertIn("sorted by mem, backwards", drawn[-1][0])

    def test_ages_grow_without_rounds(self):
        with mock.patch.object(top, "_TICK", 0.0):
            self.run_top([], [], ["q"])
        self.assertEqual(self.rounds.taken, 3)
        self.assertEqual(self.terminal.timeouts, [0.0] * 3)

    def test_waits_for_a_second_at_most(self):
        self.run_top(["q"])
        self.assertLessEqual(self.terminal.timeouts[0], 1.0)
        self.assertGreater(self.terminal.timeouts[0], 0.0)

    def test_asked_of_the_terminal(self):
        self.run_top(["ctrl-z", "ctrl-l"], ["q", "ctrl-z"])
        self.assertEqual(self.terminal.calls, ["suspend", "forget"])

    def test_ends_after_whatever_happens(self):
        for error in (supervisor.Interrupted(), errors.OutputClosed("x"),
                      ZeroDivisionError()):
            with self.assertRaises(type(error)):
                self.run_top(error)
            self.assertEqual(self.terminal.used, 0)
            self.assertEqual(self.rounds.stopped, 1)

    def test_cannot_connect(self):
        with self.assertRaises(errors.ConnectFailed):
            self.run_top(rounds=Rounds(errors.ConnectFailed("a", "b")))
        self.assertEqual(self.terminal.drawn, [])

    def test_period(self):
        rounds = Rounds()
        snapshot = rounds.snapshot()
        rounds.snapshot = lambda: dict(snapshot, period=15.0)
        drawn = self.run_top(["q"], rounds=rounds)
        self.assertIn(" of 15 s ", drawn[0][1])
