# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What a service has around its sampler: the feed of its snapshots, so that
others need no sampler, and the flight recorder. One thread does it, beside
those of the sampling.
"""

from __future__ import absolute_import, division, print_function

import errno
import logging
import os
import select
import threading

from threadpool import clock as _clock
from threadpool import threads
from threadpool import throttle
from threadpool import waiter as _waiter
from vmsampling import config
from vmsampling import errors
from vmsampling import feed as _feed
from vmsampling import listener as _listener
from vmsampling import recorder as _recorder
from vmsampling import wire

log = logging.getLogger("vmsampling.station")

# Seconds between two tries to have the socket.
_RETRY = 10.0

# A client that has not read a snapshot after so many periods, but at least so
# many seconds, reads nothing.
_PATIENCE_PERIODS = 2
_PATIENCE = 10.0


class Station(object):
    """
    Construct, start, stop: one way.
    """

    def __init__(self, settings, period, must_serve=False, reader=None,
                 clock=_clock.monotonic):
        """
        settings: as config.load() returns them.
        period: seconds between two rounds of the sampler.
        must_serve: have start() raise when the socket is not to be had. If
            not, that is logged and tried again.
        reader: called with each snapshot on the station's thread, if there is
            one; must not block.
        """
        self._reader = reader
        self._settings = settings
        self._period = period
        self._must_serve = must_serve
        self._clock = clock
        self._thread = threads.create(self._run, "station")
        self._poll = select.poll()
        # Set by start(); afterwards of the thread only.
        self._sampler = None
        self._feed = None
        self._recorder = None
        # The round that was taken last.
        self._round = 0
        self._line = None
        # When to try again to have the socket; None: never.
        self._retry_at = None
        # Reentrant, since a signal may come while its thread holds it.
        self._lock = threading.RLock()
        # Under the lock; None before start() and after stop().
        self._waiter = None
        self._stopped = False
        # Whether somebody has asked for a dump.
        self._asked = False
        self._throttle = throttle.Throttle(interval=60.0, clock=clock)

    def start(self, sampler):
        """
        sampler: a Sampler that is started.

        Raises SocketBusy and SocketFailed.
        """
        self._sampler = sampler
        if self._settings["socket"] != config.OFF:
            self._open_feed(self._must_serve)
        with self._lock:
            self._waiter = _waiter.Waiter()
        self._poll.register(self._waiter, select.POLLIN)
        if self._settings["dump_folder"] != config.OFF:
            self._recorder = _recorder.Recorder(
                self._settings["dump_folder"], self._settings["connect"],
                self._clock)
            self._recorder.start()
        sampler.add_listener(self._wake)
        self._thread.start()

    def stop(self, timeout=1.0):
        """
        Always returns in time; idempotent.
        """
        if self._sampler is None:
            return
        self._sampler.remove_listener(self._wake)
        self._stopped = True
        self._wake()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def dump(self):
        """
        Have the last minutes written to the dump folder. Never blocks.
        Thread: any, and a signal's handler.
        """
        self._asked = True
        self._wake()

    def _wake(self):
        """
        Thread: any, and a signal's handler. Never blocks.
        """
        with self._lock:
            if self._waiter is not None:
                self._waiter.wake()

    def _run(self):
        """
        Thread: ours.
        """
        try:
            self._publish()
            while not self._stopped:
                events = self._wait()
                if self._sampler.wait_round(self._round + 1, 0):
                    self._publish()
                if self._asked:
                    self._asked = False
                    self._dump()
                if self._feed is not None:
                    self._feed.handle(events)
                elif self._is_due():
                    self._open_feed()
        finally:
            if self._feed is not None:
                self._feed.close()
            if self._recorder is not None:
                self._recorder.stop()
            with self._lock:
                self._waiter.close()
                self._waiter = None

    def _wait(self):
        """
        Return what the poll has found.
        """
        timeout = None
        if self._feed is not None:
            timeout = self._feed.tick()
        elif self._retry_at is not None:
            timeout = self._retry_at - self._clock()
        try:
            events = self._poll.poll(
                None if timeout is None else max(timeout, 0.0) * 1000 + 1)
        except select.error as e:
            # On Python 2.7 a signal ends the wait.
            if e.args[0] != errno.EINTR:
                raise
            events = []
        self._waiter.clear()
        return events

    def _publish(self):
        """
        Take the newest snapshot, and give it to all.
        """
        try:
            self._give_out()
        except EnvironmentError as e:
            # The system has none of something for us now. The next snapshot
            # may work, and nobody would begin this thread anew.
            suppressed = self._throttle.admit()
            if suppressed is not None:
                log.warning("A snapshot is lost: %s (%d more not logged)",
                            e.strerror or e, suppressed)

    def _give_out(self):
        snapshot = self._sampler.snapshot()
        self._round = max(self._round, snapshot["round"])
        # Once, however many read it.
        self._line = wire.line(snapshot)
        if self._feed is not None:
            self._feed.publish(self._line)
        if self._recorder is not None and self._round:
            self._recorder.add(snapshot, self._line)
        if self._reader is not None:
            self._reader(snapshot)

    def _dump(self):
        if self._recorder is None:
            log.warning("No dump is made: dump_folder in [sampling] is off")
        else:
            self._recorder.dump("somebody has asked for it")

    def _is_due(self):
        return self._retry_at is not None and self._retry_at <= self._clock()

    def _open_feed(self, must_serve=False):
        listener = _listener.Listener(
            self._settings["socket"], self._settings["socket_access"])
        try:
            listener.open()
        except (errors.SocketBusy, errors.SocketFailed) as e:
            if must_serve:
                raise
            # The first time only.
            log.log(logging.WARNING if self._retry_at is None
                    else logging.DEBUG, "%s", e)
            self._retry_at = self._clock() + _RETRY
            return
        log.info("Serving at %s", listener.path)
        self._feed = _feed.Feed(
            listener, wire.greeting(self._settings["connect"], self._period,
                                    os.getpid()),
            max(_PATIENCE_PERIODS * self._period, _PATIENCE), self._clock)
        self._feed.register(self._poll)
        if self._line is not None:
            self._feed.publish(self._line)
