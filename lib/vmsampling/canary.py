# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Whether the storage of an image answers, found out by a thread of ours, so
that it is that thread which hangs if it does not, and not a VM.
"""

from __future__ import absolute_import, division, print_function

import errno
import io
import logging
import mmap
import os
import threading

from threadpool import clock as _clock
from threadpool import throttle
from vmsampling import storages

log = logging.getLogger("vmsampling.canary")

# What is named as an image may be a pipe, which waits for a writer to be
# opened, or a terminal, which would become ours.
_FLAGS = (os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY |
          getattr(os, "O_CLOEXEC", 0))

# A sector of any device, as a direct read wants whole ones.
_SECTOR = 4096

_refusals = throttle.Throttle(interval=600.0, burst=3)


class _Looks(object):
    """
    What is known of one image. Times are of beginnings: what is known is not
    younger than that.
    """

    __slots__ = ("under_way", "answered", "refused", "why")

    def __init__(self):
        # Whether there is a look right now.
        self.under_way = False
        # Time of the last look if it succeeded, or of the last one before
        # the one under way; else None.
        self.answered = None
        # The same for one that failed, and why as text.
        self.refused = None
        self.why = None


# Never changed.
_NOTHING = _Looks()


class Answers(object):
    """
    When each image was last looked at, and with what success. Thread: any.
    """

    def __init__(self, clock=_clock.monotonic, opener=os.open):
        self._clock = clock
        self._opener = opener
        self._lock = threading.Lock()
        # storages.Image -> _Looks. Under the lock, the _Looks too.
        self._looks = {}

    def look(self, image):
        """
        Look at the image. May hang. An error is no answer: we may lack a
        permission that QEMU has.
        """
        began = self._clock()
        with self._lock:
            looks = self._looks.setdefault(image, _Looks())
            looks.under_way = True
        why = None
        try:
            _touch(image, self._opener)
        except EnvironmentError as e:
            why = e.strerror or str(e)
        with self._lock:
            is_new = looks.why != why
            looks.under_way = False
            looks.why = why
            looks.answered = began if why is None else None
            looks.refused = None if why is None else began
        if why is not None and is_new:
            _say_refused(image, why)

    def time(self, image):
        """
        Return when the last look began, if it succeeded and no other one is
        under way, else None.
        """
        with self._lock:
            looks = self._looks.get(image, _NOTHING)
            return None if looks.under_way else looks.answered

    def last(self, image):
        """
        Return when the last look that has ended began, if it succeeded, else
        None.
        """
        with self._lock:
            return self._looks.get(image, _NOTHING).answered

    def returned(self, image):
        """
        As time(), but whatever the look brought: an error tells as well that
        nothing hangs.
        """
        with self._lock:
            looks = self._looks.get(image, _NOTHING)
            if looks.under_way:
                return None
            return looks.refused if looks.answered is None else looks.answered

    def refusal(self, image):
        """
        Return (when the last look that has ended began, why it failed), or
        None if it did not.
        """
        with self._lock:
            looks = self._looks.get(image, _NOTHING)
            if looks.refused is None:
                return None
            return looks.refused, looks.why

    def retain(self, images):
        """
        Forget the images that are not among these.
        """
        with self._lock:
            for image in set(self._looks).difference(images):
                del self._looks[image]


class Canary(object):
    """
    A look at images on one storage: a task, whose key is the storage.
    """

    def __init__(self, storage, waiting, answers, looks, ready):
        """
        waiting: image -> list of what waits for its answer.
        looks: an underway.UnderWay to be told of each look.
        ready: called with each of what waited for an image, after the look
            at that image. It must not block.
        """
        self._storage = storage
        self._waiting = waiting
        self._answers = answers
        self._looks = looks
        self._ready = ready
        # The image that it looks at.
        self._image = None

    def __call__(self):
        for image in sorted(self._waiting):
            self._image = image
            with self._looks.noted([self._storage]):
                self._answers.look(image)
            for waiter in self._waiting[image]:
                self._ready(waiter)

    def __repr__(self):
        return "<Canary storage=%r path=%r>" % (
            self._storage, self._image and self._image.path)


def _touch(image, opener):
    """
    Have the storage of an image answer. May hang. Raises EnvironmentError.
    """
    is_block = image.kind == storages.BLOCK
    # Without O_DIRECT the kernel would answer from its memory.
    fd = opener(image.path, _FLAGS | (os.O_DIRECT if is_block else 0))
    try:
        if is_block:
            _read(fd)
        else:
            os.fstat(fd)
            os.fstatvfs(fd)
    finally:
        os.close(fd)


def _read(fd):
    # A direct read wants its buffer aligned: this one begins with a page.
    sector = mmap.mmap(-1, _SECTOR)
    try:
        with io.FileIO(fd, "rb", closefd=False) as device:
            if not device.readinto(sector):
                # It is empty, so nobody was asked.
                raise EnvironmentError(
                    errno.ENODATA, os.strerror(errno.ENODATA))
    finally:
        sector.close()


def _say_refused(image, why):
    suppressed = _refusals.admit()
    if suppressed is not None:
        log.info("No storage tier for the VMs with image %r: %s "
                 "(%d like it not logged)", image.path, why, suppressed)
