# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What a program that samples VMs and its host through us shares: made when it
is first needed, with the settings of VDSM's files.
"""

from __future__ import absolute_import, division, print_function

import logging
import threading

from threadpool import executor
from threadpool import periodic
from threadpool import schedule
from vmsampling import config
from vmsampling import errors
from vmsampling import guard

log = logging.getLogger("vmsampling.service")

# Threads for what concerns the host: more of them in calls that hang tell
# nothing new.
_MAX_HOST_THREADS = 3


class Service(object):
    """
    Thread: any.
    """

    def __init__(self, load=config.load):
        """
        load: returns the settings, see config.load().
        """
        self._load = load
        self._lock = threading.Lock()
        # Made under the lock.
        self._scheduler = None
        self._guard = None
        self._hosts = None

    def guard(self):
        """
        Return the guard.Guard that looks after calls about VMs.
        """
        with self._lock:
            if self._guard is None:
                settings = self._settings()
                self._guard = guard.Guard(
                    settings["connect"], settings["max_hung"],
                    settings["timeout"], settings["stuck_after"],
                    self._running_scheduler())
                self._guard.start()
            return self._guard

    def operation(self, call, period):
        """
        Return a periodic.Operation that concerns the host, not started. Its
        first run comes after a period, in seconds.
        """
        with self._lock:
            if self._hosts is None:
                self._hosts = executor.Executor(
                    "host", 1, _MAX_HOST_THREADS,
                    scheduler=self._running_scheduler())
                self._hosts.start()
            return periodic.Operation(
                call, period, self._hosts, self._scheduler, period,
                delay=period)

    def state(self):
        """
        Return plain data, see Guard.state(); None before the first guard().
        """
        return self._guard and self._guard.state()

    def stop(self):
        """
        End all threads; what comes afterwards makes new ones.
        """
        with self._lock:
            made = [self._guard, self._hosts, self._scheduler]
            self._guard = self._hosts = self._scheduler = None
        for part in made:
            if part is not None:
                part.stop()

    def _running_scheduler(self):
        if self._scheduler is None:
            self._scheduler = schedule.Scheduler("sampling")
            self._scheduler.start()
        return self._scheduler

    def _settings(self):
        try:
            return self._load()
        except errors.Error as e:
            log.error("The built-in settings are used: %s", e)
            return dict((key.name, key.default) for key in config.KEYS)


# The one of this process.
shared = Service()
