# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Where a command gets its snapshots from: the service that samples this libvirt
already, or a sampler of its own if there is none.

Each sampler may let as many calls hang as it is told, and libvirtd has workers
for one. So a command takes what the service has, its own sampler only stands
in while there is none, and whose figures they are is said with each of them.
"""

from __future__ import absolute_import, division, print_function

import logging
import os
import threading
import time

from threadpool import clock as _clock
from threadpool import threads
from threadpool import waiter as _waiter
from vmsampling import aging
from vmsampling import config
from vmsampling import errors
from vmsampling import feedclient

log = logging.getLogger("vmsampling.source")

# Seconds between two looks for a service, while there is none.
_RETRY = 5.0

# For a sampler that has had its time: what hangs is left behind.
_STOP_TIMEOUT = 0.5


class Source(object):
    """
    Construct, start, stop: one way.
    """

    def __init__(self, settings, period, own=False, asked=False):
        """
        settings: as config.load() returns them.
        period: seconds between two rounds, if we sample.
        own: never use a service.
        asked: a user asked for this period.
        """
        self._settings = settings
        self._period = period
        self._own = own
        self._figures = _Figures(period if asked else None)
        self._thread = threads.create(self._run, "source")
        self._changes = _Changes()
        # Both change under the lock. The first one is set by our thread, and
        # by start() before it.
        self._lock = threading.Lock()
        self._link = None
        self._sampler = None
        # One way; under the lock.
        self._stopped = False

    def start(self):
        """
        Begin. May hang until stop(). Raises ConnectFailed.
        """
        if not self._own:
            link = feedclient.find(self._settings)
            if self._follow(link):
                self._take(link)
        if self._link is None:
            self._start_sampler()
        if not self._own:
            # If it is stopped already, it closes what there is.
            self._thread.start()

    def stop(self, timeout=1.0):
        """
        Always returns in time; idempotent. Thread: any.
        """
        limit = _clock.monotonic() + timeout
        with self._lock:
            self._stopped = True
            if self._link is not None:
                self._link.wake()
            sampler = self._sampler
        self._changes.tell()
        if sampler is not None:
            sampler.stop(timeout)
        if self._thread.is_alive():
            self._thread.join(max(limit - _clock.monotonic(), 0.0))

    def wait(self, timeout):
        """
        Wait for a round that snapshot() has not shown; False if there is none
        in time, or no more.
        """
        if timeout > 0:
            self._changes.wait(
                lambda: self._stopped or self._figures.are_new(), timeout)
        return self._figures.are_new()

    def snapshot(self):
        """
        Return what is known now, see Sampler.snapshot(), and "source": the
        "pid" of who sampled it, whether that is our "own", and "text": the
        same for people, None if there is nothing to say.

        Never waits. What was taken some time ago has grown older since.
        Thread: any, after start().
        """
        return self._figures.take()

    @property
    def sampler(self):
        """
        Ours; None while a service is used.
        """
        return self._sampler

    def add_listener(self, listener):
        """
        listener: as for Sampler.add_listener(); may also be called when there
            is nothing new.
        """
        self._changes.add_listener(listener)

    def _run(self):
        """
        Thread: ours.
        """
        while not self._stopped:
            if self._link is not None:
                self._read()
            elif not self._changes.wait(lambda: self._stopped, _RETRY):
                self._look_for_service()
        self._follow(None)

    def _read(self):
        """
        Take over what comes from the service until it ends.
        """
        link = self._link
        try:
            while not self._stopped:
                if link.read(link.silence) is not None:
                    self._take(link)
                elif not self._stopped:
                    raise errors.ServiceGone(
                        self._settings["socket"],
                        "has said nothing for %g s" % link.silence)
        except errors.ServiceGone as e:
            self._replace(link.service["pid"], e)

    def _take(self, link):
        self._figures.serve(link.latest, link.service)
        with self._lock:
            sampler, self._sampler = self._sampler, None
        if sampler is not None:
            sampler.stop(_STOP_TIMEOUT)
        self._changes.tell()

    def _replace(self, pid, error):
        """
        The service has ended, or is of no use: there is another one, or we
        sample.
        """
        link = feedclient.find(self._settings)
        if self._follow(link):
            log.warning("%s; there is another one, process %d", error,
                        link.service["pid"])
            self._take(link)
        elif not self._stopped:
            log.warning("%s; sampling goes on in this process", error)
            self._figures.lose(pid)
            self._changes.tell()
            self._try_sampler()

    def _look_for_service(self):
        link = feedclient.find(self._settings)
        if self._follow(link):
            log.warning("There is a service now, process %d: its samples are "
                        "shown from here on", link.service["pid"])
            self._take(link)
        elif self._sampler is None:
            self._try_sampler()

    def _follow(self, link):
        """
        Let go of the link that there is, and take this one, if it is any;
        return whether it was taken.
        """
        with self._lock:
            old, self._link = self._link, None
            if not self._stopped:
                self._link = link
            taken = self._link is not None
        for one in (old, None if taken else link):
            if one is not None:
                one.close()
        return taken

    def _try_sampler(self):
        try:
            self._start_sampler()
        except errors.ConnectFailed as e:
            if not self._stopped:
                log.warning("%s", e)
            with self._lock:
                self._sampler = None
            self._figures.disconnect()
            self._changes.tell()

    def _start_sampler(self):
        made = make_sampler(self._settings, self._period)

        def listener():
            self._figures.settle(made)
            self._changes.tell()

        made.add_listener(listener)
        with self._lock:
            if self._stopped:
                return
            self._sampler = made
        self._figures.begin(made)
        made.start()
        if self._stopped:
            # Before it was started.
            made.stop(_STOP_TIMEOUT)


class _Changes(object):
    """
    Those who are to know that something is new. Thread: any.
    """

    def __init__(self):
        self._waiters = _waiter.Waiters()
        # Never changed in place.
        self._listeners = ()

    def add_listener(self, listener):
        self._listeners += (listener,)

    def wait(self, condition, timeout):
        """
        Wait until condition() is true; False if it is not in time.
        """
        return self._waiters.wait(condition, timeout)

    def tell(self):
        self._waiters.wake()
        for listener in self._listeners:
            listener()


class _Figures(object):
    """
    What there is to be shown, and what of it was. Thread: any.
    """

    def __init__(self, asked):
        """
        asked: seconds between two rounds that a user wants, None: no matter.
        """
        self._asked = asked
        # All below changes under the lock.
        self._lock = threading.Lock()
        # The last snapshot of a service, until our sampler has one, and who
        # that is; None: there was none.
        self._served = None
        self._service = None
        # Ours, None: there was none.
        self._sampler = None
        # Whose figures these are, for people, or None; and what it will be
        # with those of our sampler.
        self._text = None
        self._then = None
        # The round that was shown last and when it was taken. None: of
        # another origin.
        self._shown = None
        self._shown_at = None

    def serve(self, snapshot, service):
        """
        A service has sent this.
        """
        text = "from the service, process %d, a round every %g s" % (
            service["pid"], service["period"])
        if self._asked is not None and self._asked < service["period"]:
            text += "; --own samples every %g s" % self._asked
        with self._lock:
            if service is not self._service or self._sampler is not None:
                self._shown = None
            self._sampler = None
            self._served = snapshot
            self._service = service
            self._text = text

    def lose(self, pid):
        """
        The service, a process of this number, has ended.
        """
        text = "process %d, the service, has ended; " % pid
        with self._lock:
            self._text = text + "this was its last round"
            self._then = text + "sampled by this process since %s" % (
                time.strftime("%H:%M:%S"))
            self._shown = None

    def begin(self, sampler):
        """
        Ours is starting. What a service has sent is shown until settle().
        """
        with self._lock:
            self._sampler = sampler

    def settle(self, sampler):
        """
        Our sampler has finished a round, maybe.
        """
        if self._served is None or not sampler.wait_round(1, 0):
            return
        with self._lock:
            if self._sampler is sampler:
                self._served = None
                self._shown = None
                self._text = self._then

    def disconnect(self):
        """
        There is neither a service nor libvirt.
        """
        with self._lock:
            self._sampler = None
            self._served = dict(self._served, connected=False)
            self._shown = None

    def are_new(self):
        with self._lock:
            served, sampler = self._served, self._sampler
            shown, shown_at = self._shown, self._shown_at
        if served is None:
            return sampler is not None and sampler.wait_round(
                (shown or 0) + 1, 0)
        # There is one before the first round of a service.
        if shown is None or not served["round"]:
            return served["round"] > 0
        return served["round"] != shown and (
            self._asked is None or served["monotonic"] - shown_at >=
            self._asked - served["period"] / 2)

    def take(self):
        with self._lock:
            served, service = self._served, self._service
            sampler, text = self._sampler, self._text
        if served is None:
            found = sampler.snapshot()
            pid = os.getpid()
        else:
            found = aging.aged(served, max(
                _clock.monotonic() - served["monotonic"], 0.0))
            pid = service["pid"]
        found["source"] = {"pid": pid, "own": served is None, "text": text}
        with self._lock:
            if served is self._served:
                self._shown = found["round"]
                self._shown_at = served and served["monotonic"]
        return found


def make_sampler(settings, period):
    """
    Return a sampler.Sampler with these settings, not started.
    """
    # Here, not above: with a service no libvirt is needed.
    from vmsampling import sampler
    return sampler.Sampler(period=period, **config.of_sampler(settings))
