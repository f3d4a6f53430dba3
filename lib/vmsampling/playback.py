# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Snapshots and events from a file, as if they happened now: a dump of the flight
recorder, or what watch or a service wrote.
"""

from __future__ import absolute_import, division, print_function

import datetime
import re
import threading
import time

import six

from vmsampling import errors
from vmsampling import incidents
from vmsampling import output
from vmsampling import pages
from vmsampling import table
from vmsampling import text as _text
from vmsampling import vmfigures
from vmsampling import wire

# Seconds between two rounds, where nobody tells.
_PERIOD = 2.0

_DAY = 86400.0

# Seconds; Python waits for no more than some centuries.
_LONGEST = 365 * _DAY
_TIME = r"(\d\d?):(\d\d)(?::(\d\d))?"
_TIME_OF_DAY = re.compile(_TIME + "$")
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)[ T]" + _TIME + "$")
_EXPECTED = "a time such as 14:05, 14:05:30 or 2026-11-27 14:05:30"


def read(path, stream):
    """
    Yield (number of the line, object) for each snapshot and event. Raises
    BadFile.

    path: for people.
    """
    number = 0
    try:
        for line in pages.lines(stream.read1 if hasattr(
                stream, "read1") else stream.read):
            number += 1
            if line.strip():
                found = wire.read_object(line)
                if _is_wanted(found):
                    yield number, found
    except ValueError as e:
        # What was not read yet fails as the line after it.
        raise errors.BadFile(path, "line %d: %s" % (max(number, 1), e))
    except EnvironmentError as e:
        raise errors.BadFile(path, "cannot be read: %s" % e.strerror)


def _is_wanted(found):
    if "event" in found:
        for key in ("event", "text"):
            if not isinstance(found.get(key), six.string_types):
                raise ValueError("an event without %s" % key)
        wire.check_time(found.get("time"))
        return True
    # The first line of a service has nothing to show.
    if "vdsm-sampler" in found:
        return False
    wire.check_snapshot(found)
    return True


class Playback(object):
    """
    Shows what read() gives.
    """

    def __init__(self, out, as_json=False, how_many=None, speed=None,
                 span=None):
        """
        out: output.Output.
        how_many: rounds, None: all.
        speed: how many times as fast as it was, None: at once.
        span: Span of what is shown, None: all.
        """
        self._out = out
        self._as_json = as_json
        self._how_many = how_many
        self._speed = speed
        self._span = span or Span()
        self._stopped = threading.Event()
        # Time of the last round that was shown, and between two of them.
        self._last = None
        self._period = _PERIOD
        # Events since that one.
        self._events = []

    def run(self, found):
        """
        found: as read() gives it. Returns how many rounds were shown. Raises
        BadFile.
        """
        count = 0
        for number, one in found:
            if not self._span.has(one["time"]):
                continue
            is_round = "event" not in one
            if is_round and count == self._how_many or self._stopped.is_set():
                break
            count += is_round
            if is_round:
                self._wait(one)
            if self._as_json:
                self._out.write(_json_line(number, one) + u"\n")
            elif is_round:
                self._show(one)
            else:
                self._note(one)
        if self._events:
            self._out.show(self._lines_of_events())
        self._out.close()
        return count

    def stop(self):
        """
        Have run() end soon. Thread: any.
        """
        self._stopped.set()

    def _wait(self, snapshot):
        now = snapshot["time"]
        if self._last is not None:
            self._period = max(now - self._last, 0.0) or self._period
            if self._speed is not None:
                self._stopped.wait(
                    min((now - self._last) / self._speed, _LONGEST))
        self._last = now

    def _note(self, event):
        if event["event"] == incidents.DUMP:
            self._period = (vmfigures.number(event.get("period")) or
                            self._period)
        self._events.append(event)

    def _show(self, snapshot):
        columns, rows = self._out.size()
        events = self._lines_of_events(columns)
        self._events = []
        if rows is not None:
            # The table has most of the screen, and the newest are news.
            events = events[-(rows // 3):]
            rows -= len(events)
        period = snapshot.get("period") or self._period
        self._out.show(events + table.lines(
            snapshot, period, columns, rows, self._out.encoding))

    def _lines_of_events(self, columns=None):
        found = [_event_line(event, self._out.encoding)
                 for event in self._events]
        if columns is None:
            return found
        return [_text.cut(line, columns, self._out.encoding)
                for line in found]


def _json_line(number, found):
    try:
        return output.json_line(found)
    except RuntimeError:
        # The decoder goes deeper than the encoder does.
        raise errors.BadFile("line %d" % number, "no JSON that is of us")


def _event_line(event, encoding):
    words = [time.strftime("%H:%M:%S", time.localtime(event["time"])),
             event["event"]]
    words += [event[key] for key in ("name", "level", "logger", "text")
              if isinstance(event.get(key), six.string_types)]
    return u"* " + u"  ".join(_text.clean(word, encoding) for word in words)


class Span(object):
    """
    Of time, from the words of a user: with a date, or the time of day that is
    nearest to the first one of a file.
    """

    def __init__(self, since=None, until=None):
        """
        Raises BadValue.
        """
        self._since = _parse("--from", since)
        self._until = _parse("--until", until)
        # Time of what was looked at first.
        self._first = None

    def has(self, moment):
        """
        Return whether it lies in it, in seconds since 1970.
        """
        if self._first is None:
            self._first = moment
            self._since = self._since and self._since(moment)
            self._until = self._until and self._until(moment)
        return ((self._since is None or moment >= self._since) and
                (self._until is None or moment <= self._until))


def _parse(where, text):
    """
    Return a function that is called with the first time of a file, and
    returns seconds since 1970; or None.
    """
    if text is None:
        return None
    for pattern, find in ((_DATE, _on_date), (_TIME_OF_DAY, _on_that_day)):
        match = pattern.match(text.strip())
        if match:
            numbers = [int(number or 0) for number in match.groups()]
            try:
                # Complains of a 25th hour.
                time.strptime("%d:%d:%d" % tuple(numbers[-3:]), "%H:%M:%S")
                if numbers[:-3]:
                    # mktime() would take the 31st of November for a later
                    # day.
                    datetime.date(*numbers[:3])
                return lambda first: find(first, numbers)
            except ValueError:
                break
    raise errors.BadValue(where, text, _EXPECTED)


def _on_date(_first, numbers):
    return time.mktime(tuple(numbers) + (0, 0, -1))


def _on_that_day(first, numbers):
    day = time.localtime(first)[:3]
    found = time.mktime(day + tuple(numbers) + (0, 0, -1))
    # The nearest one: a file may begin before midnight, and end after it.
    if abs(found - first) > _DAY / 2:
        found += _DAY if found < first else -_DAY
    return found
