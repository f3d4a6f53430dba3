# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import json
import threading

import mock

import kit
from vmsampling import errors
from vmsampling import supervisor
from vmsampling import watch


class Source(object):
    """
    Looks like a source whose rounds are there as soon as they are waited for,
    up to the last one.
    """
    sampler = "a sampler"

    def __init__(self, last=1000, late=(), error=None):
        self._last = last
        # Numbers of rounds that are not in time at first.
        self._late = list(late)
        self._error = error
        self._number = 0
        self.waited = []
        self.stopped = threading.Event()
        self._listener = None

    def add_listener(self, listener):
        self._listener = listener

    def start(self):
        if self._error:
            raise self._error

    def wait(self, timeout):
        assert timeout == 0
        assert self._listener is not None
        number = self._number + 1
        self.waited.append(number)
        if number in self._late:
            self._late.remove(number)
            return False
        return number <= self._last

    def snapshot(self):
        self._number += 1
        return {
            "time": 0.0, "round": self._number, "period": 2.0,
            "elapsed": 0.1, "threads": 9, "connected": True,
            "budget": {"hung": 0, "max_hung": 12},
            "pool": {"free": 4, "late": 0, "stuck": 0}, "vms": {}}

    def stop(self, timeout):
        assert timeout <= 0.5
        self.stopped.set()


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

    def watch(self, source, rounds=None, as_json=True, out=None,
              station=None):
        self.out = out or Out()
        return watch.Watch(source, rounds, as_json, self.out, station)

    def shown(self):
        return [json.loads(line)["round"] for line in self.out.written]

    def test_rounds(self):
        source = Source()
        self.watch(source, rounds=3).run(Interrupt())
        self.assertEqual(self.shown(), [1, 2, 3])
        self.assertEqual(self.out.wait.__name__, "wait_writable")
        self.assertTrue(source.stopped.is_set())
        self.assertTrue(self.out.closed)

    def test_one_line_a_round(self):
        self.watch(Source(), rounds=2).run(Interrupt())
        for line in self.out.written:
            self.assertEqual(line.count("\n"), 1)
            self.assertTrue(line.endswith("\n"))

    def test_table(self):
        self.watch(Source(), rounds=2, as_json=False).run(Interrupt())
        self.assertEqual(self.out.written, [])
        self.assertTrue(self.out.shown[1][0].startswith("round 2 "))

    def test_round_that_is_not_in_time(self):
        source = Source(late=[2, 2])
        self.watch(source, rounds=3).run(Interrupt())
        self.assertEqual(source.waited, [1, 2, 2, 2, 3])
        self.assertEqual(self.shown(), [1, 2, 3])

    def test_signal(self):
        source = Source(last=2)
        with self.assertRaises(supervisor.Interrupted):
            self.watch(source).run(Interrupt())
        self.assertEqual(self.shown(), [1, 2])
        self.assertTrue(source.stopped.is_set())

    def test_stop_while_it_starts(self):
        source = Source()
        self.watch(source).stop()
        self.assertTrue(source.stopped.is_set())

    def test_no_libvirt(self):
        error = errors.ConnectFailed("uri", "reason")
        with self.assertRaises(errors.ConnectFailed):
            self.watch(Source(error=error)).start()
        self.assertEqual(self.out.written, [])

    def test_station(self):
        source = Source()
        station = mock.Mock()
        made = self.watch(source, rounds=1, station=station)
        made.start()
        station.start.assert_called_once_with("a sampler")
        made.run(Interrupt())
        station.stop.assert_called_once_with(0.1)
        self.assertTrue(source.stopped.is_set())

    def test_station_cannot_serve(self):
        source = Source()
        station = mock.Mock()
        station.start.side_effect = errors.SocketBusy("/run/socket", 7)
        with self.assertRaises(errors.SocketBusy):
            self.watch(source, station=station).start()
        self.assertTrue(source.stopped.is_set())

    def test_reader_goes_away(self):
        source = Source()
        with self.assertRaises(errors.OutputClosed):
            self.watch(source, out=Out(errors.OutputClosed("gone"))).run(
                Interrupt())
        self.assertTrue(source.stopped.is_set())
