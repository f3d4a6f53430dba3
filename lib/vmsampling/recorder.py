# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The flight recorder: keeps the last minutes of samples and of what happened,
and writes them to a file when a VM gets stuck, or when it is told to.

A dump is lines of JSON, compressed: snapshots as those of watch, and events,
see incidents.py, in the order of time. Read it with vdsm-sampler replay.
"""

from __future__ import absolute_import, division, print_function

import functools
import heapq
import logging
import os
import threading
import time
import traceback

from threadpool import clock as _clock
from threadpool import threads
from vmsampling import dumps
from vmsampling import incidents
from vmsampling import output
from vmsampling import tape
from vmsampling import text

log = logging.getLogger("vmsampling.recorder")

# What is kept. 500 VMs take 0.2 MB a round.
SECONDS = 300.0
_MAX_BYTES = 32 << 20

# A stream of log records must not push the samples out.
_MAX_EVENT_BYTES = 1 << 20
_MAX_TEXT = 4000

# Seconds between two dumps that nobody asked for, and between two for the
# same VM.
GAP = 60.0
SAME = 600.0

# VMs that the reason of a dump names. With the storage of many hundreds get
# stuck at once.
_NAMED = 5


class Recorder(object):
    """
    Construct, start, stop: one way. Thread: the station's, unless it says
    otherwise.
    """

    def __init__(self, folder, uri, clock=_clock.monotonic):
        """
        folder: path of the folder for dumps.
        uri: what is sampled, for the reader of a dump.
        """
        self._folder = dumps.Folder(folder)
        self._uri = uri
        self._clock = clock
        self._rounds = tape.Tape(SECONDS, _MAX_BYTES, clock)
        self._events = tape.Tape(SECONDS, _MAX_EVENT_BYTES, clock, 1)
        self._handler = _Handler(self._events)
        # One way; set by the thread that has looked at the folder.
        self.off = False
        self._last = None
        # Why a dump is wanted that was not begun yet.
        self._wanted = []
        # When one was begun by itself, and for which VM.
        self._dumped = float("-inf")
        self._dumped_for = {}
        # Writes a dump, or makes the folder; it may hang for ever, and then
        # nothing is written any more.
        self._writer = threads.create(self._make_folder, "dump")

    def start(self):
        logging.getLogger().addHandler(self._handler)
        self._writer.start()

    def stop(self):
        """
        Idempotent. A dump that is being written is waited for by nobody.
        """
        logging.getLogger().removeHandler(self._handler)

    def add(self, snapshot, line):
        """
        Take over a round, with its line.
        """
        if self.off:
            return
        found = incidents.between(self._last, snapshot)
        self._last = snapshot
        # The line first: it has the evidence of what the events say.
        self._rounds.put(line)
        for event in found:
            self._events.put(_line(event))
            if event["event"] == incidents.STUCK:
                self._want(event)
        if self._wanted and self._clock() >= self._dumped + GAP:
            self._dumped = self._clock()
            self.dump(_shortened(self._wanted))

    def dump(self, reason):
        """
        Write what there is, on another thread.
        """
        self._wanted = []
        if self.off:
            log.warning("No dump is made: the flight recorder is off")
            return
        if self._writer.is_alive():
            log.warning("No dump is made: the one before is still being "
                        "written; does %s hang?", self._folder.path)
            return
        # People are told the time of day.
        now = time.time()
        head = incidents.event(incidents.DUMP, now, reason)
        head.update(uri=self._uri, pid=os.getpid(), period=(
            self._last and self._last.get("period")))
        parts = [tape.compressed(_line(head))] + [
            entry[-1] for entry in heapq.merge(
                self._rounds.kept(), self._events.kept())]
        self._writer = threads.create(
            functools.partial(self._write, now, parts, reason), "dump")
        try:
            self._writer.start()
        except (RuntimeError, threading.ThreadError) as e:
            # The station goes on without it.
            log.error("No dump is made: %s", e)

    def _want(self, event):
        """
        A VM is stuck. One that is so again and again is not news.
        """
        now = self._clock()
        self._dumped_for = dict(
            (uuid, since) for uuid, since in self._dumped_for.items()
            if since > now - SAME)
        if event["uuid"] in self._dumped_for:
            return
        self._dumped_for[event["uuid"]] = now
        # Into the log it goes as well.
        self._wanted.append(u"VM %s %s" % (
            text.clean(event["name"]), text.clean(event["text"])))

    def _make_folder(self):
        """
        Thread: of its own.
        """
        try:
            self._folder.make()
        except EnvironmentError as e:
            self.off = True
            log.warning("There is no flight recorder: %s: %s; see dump_folder "
                        "in [sampling]", self._folder.path, e.strerror)

    def _write(self, now, parts, reason):
        """
        Thread: of its own.
        """
        try:
            path = self._folder.write(now, parts)
        except EnvironmentError as e:
            log.error("No dump is made: %s: %s", self._folder.path,
                      e.strerror)
        else:
            log.warning("Dumped the last minutes to %s: %s", path, reason)


class _Handler(logging.Handler):
    """
    Records the warnings of this process. Thread: any; never blocks.
    """

    def __init__(self, events):
        super(_Handler, self).__init__(logging.WARNING)
        self._events = events

    def emit(self, record):
        try:
            message = record.getMessage()
            if record.exc_info:
                message += "\n" + "".join(
                    traceback.format_exception(*record.exc_info))
            found = incidents.event(
                incidents.LOG, record.created, message[:_MAX_TEXT])
            found.update(level=record.levelname, logger=record.name)
            self._events.put(_line(found))
        except Exception:
            # As logging's own do.
            self.handleError(record)


def _shortened(reasons):
    shown = reasons[:_NAMED]
    if len(reasons) > _NAMED:
        shown.append("and %d more" % (len(reasons) - _NAMED))
    return "; ".join(shown)


def _line(event):
    return (output.json_line(event) + "\n").encode("ascii")
