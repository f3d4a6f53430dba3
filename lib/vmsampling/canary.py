# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Whether the storage of an image answers, found out by a thread of ours, so
that it is that thread which hangs if it does not, and not a VM.
"""

from __future__ import absolute_import, division, print_function

import logging
import os
import threading

from threadpool import clock as _clock
from threadpool import throttle

log = logging.getLogger("vmsampling.canary")

# O_NONBLOCK: what is named as an image may be a pipe.
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0)

_refusals = throttle.Throttle(interval=600.0, burst=3)


class Answers(object):
    """
    When each image was last looked at with success. Thread: any.
    """

    def __init__(self, clock=_clock.monotonic):
        self._clock = clock
        self._lock = threading.Lock()
        # path -> time from before the last look, if that one succeeded;
        # there is none while a look is under way.
        self._answered = {}
        # path -> time of the last look, if that one failed.
        self._refused = {}

    def look(self, path):
        """
        Open the image and ask for its size and its file system's. May hang.
        An error is no answer: we may lack a permission that QEMU has.
        """
        began = self._clock()
        with self._lock:
            self._answered.pop(path, None)
        try:
            _touch(path)
        except EnvironmentError as e:
            with self._lock:
                self._refused[path] = began
            suppressed = _refusals.admit()
            if suppressed is not None:
                log.info("No storage tier for the VMs with image %r: %s "
                         "(%d like it not logged)", path, e.strerror,
                         suppressed)
            return
        with self._lock:
            self._refused.pop(path, None)
            self._answered[path] = began

    def age(self, path):
        """
        Return seconds since before the last look, if it succeeded, else
        None.
        """
        return self._age(self._answered, path)

    def refusal_age(self, path):
        """
        Return seconds since the last look, if it failed, else None.
        """
        return self._age(self._refused, path)

    def retain(self, paths):
        """
        Forget the images that are not among paths.
        """
        with self._lock:
            for times in (self._answered, self._refused):
                for path in set(times).difference(paths):
                    del times[path]

    def _age(self, times, path):
        with self._lock:
            time = times.get(path)
        return None if time is None else self._clock() - time


class Canary(object):
    """
    A look at images on one mount: a task, whose key is the mount.
    """

    def __init__(self, mount, waiting, answers, ready):
        """
        waiting: image path -> list of what waits for its answer.
        ready: called with each of what waited for an image, after the look
            at that image. It must not block.
        """
        self._mount = mount
        self._waiting = waiting
        self._answers = answers
        self._ready = ready
        # The image that it looks at.
        self._path = None

    def __call__(self):
        for path in sorted(self._waiting):
            self._path = path
            self._answers.look(path)
            for waiter in self._waiting[path]:
                self._ready(waiter)

    def __repr__(self):
        return "<Canary mount=%r path=%r>" % (self._mount, self._path)


def _touch(path):
    fd = os.open(path, _FLAGS)
    try:
        os.fstat(fd)
        os.fstatvfs(fd)
    finally:
        os.close(fd)
