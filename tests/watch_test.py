# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import json
import threading

import mock

import kit
from vmsampling import config
from vmsampling import errors
from vmsampling import supervisor
from vmsampling import watch


class Sampler(object):
    """
    Looks like a sampler whose rounds are settled as soon as they are waited
    for, up to the last one.
    """

    def __init__(self, last=1000, late=(), error=None):
        self._last = last
        # Numbers of rounds that are not in time at first.
        self._late = list(late)
        self._error = error
        # Added to the number of the round that a snapshot shows.
        self.ahead = 0
        self.waited = []
        self.stopped = threading.Event()
        self.listener = None
        self.settings = None

    def __call__(self, **settings):
        self.settings = settings
        return self

    def add_listener(self, listener):
        self.listener = listener

    def start(self):
        if self._error:
            raise self._error

    def wait_round(self, number, timeout):
        assert timeout == 0
        assert self.listener is not None
        self.waited.append(number)
        if number in self._late:
            self._late.remove(number)
            return False
        return number <= self._last

    def snapshot(self):
        return {
            "time": 0.0, "round": self.waited[-1] + self.ahead,
            "elapsed": 0.1, "threads": 9, "connected": True,
            "budget": {"hung": 0, "max_hung": 12},
            "pool": {"free": 4, "late": 0, "stuck": 0}, "vms": {}}

    def stop(self, timeout):
        assert timeout <= 0.5
        self.stopped.set()
        return []


class Interrupt(object):
    """
    Looks like a supervisor's, and wakes its user some times, then with a
    signal.
    """

    def __init__(self, wakes=3):
        self._wakes = wakes

    def wake(self):
        pass

    def wait(self):
        if not self._wakes:
            raise supervisor.Interrupted()
        self._wakes -= 1

    def wait_writable(self, fd):
        pass


class Out(object):
    """
    Looks like an output.
    """
    wait = None
    encoding = "utf-8"

    def __init__(self, error=None):
        self.written = []
        self.shown = []
        self.closed = False
        self._error = error

    def write(self, what):
        if self._error:
            raise self._error
        self.written.append(what)

    def show(self, lines):
        self.shown.append(lines)

    def size(self):
        return None, None

    def close(self):
        self.closed = True


class WatchTest(kit.TestCase):

    def watch(self, sampler, rounds=None, as_json=True, out=None):
        self.out = out or Out()
        with mock.patch.object(watch.sampler, "Sampler", sampler):
            return watch.Watch(
                config.load([]), 2.0, rounds, as_json, self.out)

    def shown(self):
        return [json.loads(line)["round"] for line in self.out.written]

    def test_settings_reach_the_sampler(self):
        sampler = Sampler()
        self.watch(sampler)
        self.assertEqual(sampler.settings, {
            "connect": "qemu:///system", "period": 2.0, "workers": 4,
            "max_hung": 12, "timeout": 1.0, "stuck_after": 2.0,
            "storage_period": 60.0, "metadata": ""})

    def test_rounds(self):
        sampler = Sampler()
        self.watch(sampler, rounds=3).run(Interrupt())
        self.assertEqual(self.shown(), [1, 2, 3])
        self.assertEqual(self.out.wait.__name__, "wait_writable")
        self.assertTrue(sampler.stopped.is_set())
        self.assertTrue(self.out.closed)

    def test_one_line_a_round(self):
        self.watch(Sampler(), rounds=2).run(Interrupt())
        for line in self.out.written:
            self.assertEqual(line.count("\n"), 1)
            self.assertTrue(line.endswith("\n"))

    def test_table(self):
        self.watch(Sampler(), rounds=2, as_json=False).run(Interrupt())
        self.assertEqual(self.out.written, [])
        self.assertTrue(self.out.shown[1][0].startswith("round 2 "))

    def test_round_that_is_not_in_time(self):
        sampler = Sampler(late=[2, 2])
        self.watch(sampler, rounds=3).run(Interrupt())
        self.assertEqual(sampler.waited, [1, 2, 2, 2, 3])
        self.assertEqual(self.shown(), [1, 2, 3])

    def test_reader_slower_than_the_rounds(self):
        sampler = Sampler()
        sampler.ahead = 3
        self.watch(sampler, rounds=3).run(Interrupt())
        self.assertEqual(self.shown(), [4, 8, 12])

    def test_signal(self):
        sampler = Sampler(last=2)
        with self.assertRaises(supervisor.Interrupted):
            self.watch(sampler).run(Interrupt())
        self.assertEqual(self.shown(), [1, 2])
        self.assertTrue(sampler.stopped.is_set())

    def test_stop_while_it_starts(self):
        sampler = Sampler()
        self.watch(sampler).stop()
        self.assertTrue(sampler.stopped.is_set())

    def test_no_libvirt(self):
        error = errors.ConnectFailed("uri", "reason")
        with self.assertRaises(errors.ConnectFailed):
            self.watch(Sampler(error=error)).start()
        self.assertEqual(self.out.written, [])

    def test_reader_goes_away(self):
        sampler = Sampler()
        with self.assertRaises(errors.OutputClosed):
            self.watch(sampler, out=Out(errors.OutputClosed("gone"))).run(
                Interrupt())
        self.assertTrue(sampler.stopped.is_set())
