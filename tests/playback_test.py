# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import io
import json

import mock

import incidents_test
import kit
from vmsampling import errors
from vmsampling import incidents
from vmsampling import playback
from vmsampling import wire

# 2026-11-27 14:05:30 UTC
NOW = 1795788330.0


def snapshot(number, *names, **changes):
    return incidents_test.snapshot(
        *names, round=number, time=NOW + 60 * number, **changes)


def event(number, text="x"):
    return incidents.event("some", NOW + 60 * number, text)


class Out(object):
    """
    Looks like an output.
    """
    encoding = "utf-8"

    def __init__(self, size=(None, None)):
        self._size = size
        self.shown = []
        self.written = []
        self.closed = False

    def size(self):
        return self._size

    def show(self, lines):
        self.shown.append(lines)

    def write(self, text):
        self.written.append(text)

    def close(self):
        self.closed = True


class TestCase(kit.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        kit.use_utc(self)


class ReadTest(TestCase):

    def read(self, data):
        return list(playback.read("a file", io.BytesIO(data)))

    def test_lines(self):
        lines = [wire.greeting("uri", 2.0, 7), wire.line(snapshot(1)), b"\n",
                 json.dumps(event(1)).encode("ascii")]
        self.assertEqual([number for number, _ in self.read(b"".join(lines))],
                         [2, 4])

    def check(self, message, *lines):
        found = []
        with self.assertRaises(errors.BadFile) as caught:
            for one in playback.read("a file", io.BytesIO(b"\n".join(lines))):
                found.append(one)
        self.assertEqual(str(caught.exception), "a file: " + message)
        return found

    def test_bad_line(self):
        good = wire.line(snapshot(1)).strip()
        self.assertEqual(len(self.check("line 2: no JSON", good, b"x")), 1)
        self.check("line 1: no JSON", b"root:x:0:0")
        self.check("line 1: no JSON object", b"7")
        self.check("line 2: no JSON", good, good[:100])
        self.check("line 1: there is no budget", b"{}")
        self.check("line 1: an event without text", b'{"event": "x"}')
        self.check("line 1: time is None", b'{"event": "x", "text": "x"}')
        self.check("line 1: time is -1",
                   b'{"event": "x", "text": "x", "time": -1}')

    def test_broken_gzip(self):
        self.check("line 1: the compressed data are broken", b"\x1f\x8bxxx")

    def test_error_of_the_disk(self):
        stream = mock.Mock()
        stream.read1.side_effect = EnvironmentError(5, "Input/output error")
        with self.assertRaises(errors.BadFile) as caught:
            list(playback.read("a file", stream))
        self.assertEqual(str(caught.exception),
                         "a file: cannot be read: Input/output error")


class StrangeTest(TestCase):
    """
    What nobody's sampler has written.
    """

    def play(self, *found, **kwargs):
        out = Out()
        playback.Playback(out, **kwargs).run(enumerate(found, 1))
        return out

    def test_deeper_than_it_can_be_written(self):
        deep = []
        for _ in range(5000):
            deep = [deep]
        # Later Pythons can write what older ones complain of; a RuntimeError
        # is wrong with any of them.
        found = None
        try:
            self.play(snapshot(1), snapshot(2, deep=deep), as_json=True)
        except errors.BadFile as e:
            found = str(e)
        self.assertIn(found, (None, "line 2: no JSON that is of us"))

    def test_cannot_be_written(self):
        with mock.patch.object(playback.output, "json_line",
                               side_effect=RuntimeError("too deep")):
            with self.assertRaises(errors.BadFile) as caught:
                self.play(snapshot(1), as_json=True)
        self.assertEqual(str(caught.exception),
                         "line 1: no JSON that is of us")

    def test_period_of_an_event(self):
        head = dict(event(1), event=incidents.DUMP)
        for period in ("x", [], None, 1e400):
            out = self.play(dict(head, period=period),
                            snapshot(1, period=None))
            self.assertEqual(len(out.shown), 1)

    def test_time_jumps(self):
        found = playback.Playback(Out(), speed=0.01)
        with mock.patch.object(found, "_stopped") as stopped:
            stopped.is_set.return_value = False
            found.run(enumerate([snapshot(1), dict(snapshot(2), time=9e10)]))
        # Python takes no more than 9.2e9.
        (seconds,), _ = stopped.wait.call_args
        self.assertLess(seconds, 1e9)


class PlaybackTest(TestCase):

    def play(self, *found, **kwargs):
        self.out = Out(kwargs.pop("size", (None, None)))
        self.playback = playback.Playback(self.out, **kwargs)
        return self.playback.run(enumerate(found))

    def heads(self):
        """
        First words of the first lines that were shown.
        """
        return [" ".join(lines[0].split()[:2]) for lines in self.out.shown]

    def test_rounds_and_events(self):
        self.assertEqual(self.play(
            snapshot(1), event(1, u"what\x1b"), snapshot(2), event(2)), 2)
        self.assertEqual(self.heads(), [
            "round 1", "* 14:06:30", "* 14:07:30"])
        self.assertEqual(self.out.shown[1][0],
                         u"* 14:06:30  some  what\\x1b")
        self.assertTrue(self.out.shown[1][1].startswith("round 2"))
        self.assertTrue(self.out.closed)

    def test_event_of_a_vm(self):
        found = incidents.between(snapshot(1), snapshot(1, u"web\x1b"))
        self.play(snapshot(1), *found)
        self.assertEqual(self.out.shown[-1],
                         [u"* 14:06:30  appeared  web\\x1b  is there"])

    def test_json(self):
        found = [snapshot(1), event(1), snapshot(2)]
        self.play(*found, as_json=True)
        self.assertEqual(list(map(json.loads, self.out.written)), found)

    def test_how_many(self):
        self.assertEqual(self.play(
            snapshot(1), snapshot(2), event(2), snapshot(3),
            how_many=2), 2)
        self.assertEqual(self.heads(), ["round 1", "round 2", "* 14:07:30"])

    def test_freshness(self):
        # Files from before the period was told.
        old = [snapshot(number, "a") for number in (1, 2)]
        for one in old:
            del one["period"]
            one["vms"]["a"]["age"] = dict(
                one["vms"]["a"]["age"], monitor=100.0)
        self.play(*old)
        self.assertIn("fresh 0/1", self.out.shown[0][0])
        self.assertIn("fresh 1/1", self.out.shown[1][0])

    def test_small_screen(self):
        events = [event(1, u"long " * 50) for _ in range(20)]
        self.play(*(events + [snapshot(2, *"abcdefghijklmnopqrstuvwxyz")]),
                  size=(79, 24))
        self.assertLessEqual(len(self.out.shown[0]), 24)
        self.assertEqual(max(map(len, self.out.shown[0])), 79)

    def test_speed(self):
        waits = []
        self.out = Out()
        made = playback.Playback(self.out, speed=10.0)
        made._stopped = mock.Mock(
            wait=waits.append, is_set=lambda: len(waits) == 2)
        made.run(enumerate(map(snapshot, (1, 2, 4, 5))))
        self.assertEqual(waits, [6.0, 12.0])
        self.assertEqual(self.heads(), ["round 1", "round 2", "round 4"])

    def test_span(self):
        found = [event(9)] + list(map(snapshot, range(1, 6)))
        self.play(*found, span=playback.Span("14:07:30", "14:08:30"))
        self.assertEqual(self.heads(), ["round 2", "round 3"])


class SpanTest(TestCase):

    def has(self, since, until, *moments):
        span = playback.Span(since, until)
        return [span.has(NOW + moment) for moment in moments]

    def test_open(self):
        self.assertEqual(self.has(None, None, 0, 1e6), [True, True])
        self.assertEqual(self.has("14:06", None, 0, 30, 1e6),
                         [False, True, True])
        self.assertEqual(self.has(None, "14:06", 0, 30, 31),
                         [True, True, False])

    def test_date(self):
        self.assertEqual(
            self.has("2026-11-28 14:05:30", "2026-11-28T14:06", 0, 86400,
                     86430, 86431), [False, True, True, False])

    def test_midnight(self):
        # 23:55, and what is after it.
        late = 35370
        self.assertEqual(
            self.has("23:58", "00:01", late, late + 180, late + 360,
                     late + 361), [False, True, True, False])
        # The first one may be the latest.
        self.assertEqual(
            self.has("23:58", None, late + 600, late, late + 180),
            [True, False, True])

    def test_nonsense(self):
        for text in ("", "noon", "25:00", "14:60", "2026-13-01 10:00",
                     "2026-11-31 10:00", "2026-11-00 10:00",
                     "0000-01-01 10:00", "2026-11-27", "14"):
            for pair in ((text, None), (None, text)):
                with self.assertRaises(errors.BadValue) as caught:
                    playback.Span(*pair)
                self.assertIn("must be a time such as",
                              str(caught.exception))
