# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Whether the storage of a VM answers, for those who are about to have its QEMU,
or themselves, touch the images:

    lookout.ask(devices, wish)
    ...                                     # wish() is called
    if lookout.answers(devices):
        with lookout.touching(devices):
            ...

One canary looks at a time at each storage; those who ask meanwhile share the
next look. While a storage hangs nobody's wish for it is fulfilled, and when
it answers again all are.
"""

from __future__ import absolute_import, division, print_function

import threading

from vmsampling import canary
from vmsampling import underway

# Seconds for which an answer counts.
FRESH = 1.0


class Lookout(object):
    """
    Thread: any.
    """

    def __init__(self, canaries, timeout, local, clock):
        """
        canaries: admission.Admission to the pool for the looks.
        timeout: seconds that what touches the images may take.
        local: whether the images are files of this machine.
        """
        self._canaries = canaries
        self._local = local
        self._clock = clock
        self._answers = canary.Answers(clock)
        # Half: before the pool goes on without one that hangs.
        self._looks = underway.UnderWay(canaries.timeout / 2, clock)
        self._touches = underway.UnderWay(timeout / 2, clock)
        self._lock = threading.Lock()
        # Under the lock: storage -> {image: set of wishes for the next look};
        # and the storages that are being looked at.
        self._wishes = {}
        self._watched = set()

    def sees(self, devices):
        """
        Return whether all images of these devices can be looked at; if not,
        nothing can be found out. None: they are not known.
        """
        return self._local and devices is not None and not devices.opaque

    def answers(self, devices):
        """
        Return whether all images have answered just now, if it were with an
        error: what fails does not hang.
        """
        oldest = max(self._clock() - FRESH,
                     self._looks.doubted_until(devices.storages),
                     self._touches.doubted_until(devices.storages))
        times = [self._answers.returned(image) for image in devices.images]
        return all(time is not None and time >= oldest for time in times)

    def ask(self, devices, wish):
        """
        Have wish() called when the images have answered: in here if they
        have just done so, else by a canary, for each image that answers. It
        must not block. Who asks again with the same wish has asked once.
        """
        if self.answers(devices):
            wish()
            return
        with self._lock:
            for storage, images in devices.storages.items():
                waiting = self._wishes.setdefault(storage, {})
                for image in images:
                    waiting.setdefault(image, set()).add(wish)
        for storage in devices.storages:
            self._send(storage)

    def touching(self, devices):
        """
        The images are touched inside the with statement.
        """
        return self._touches.noted(devices.storages)

    def retain(self, images):
        """
        Forget the images that are not among these.
        """
        self._answers.retain(images)

    def _send(self, storage):
        with self._lock:
            if storage in self._watched:
                return
            self._watched.add(storage)
        if not self._canaries.dispatch(
                _Watch(storage, self._watch), key=storage):
            with self._lock:
                self._watched.discard(storage)

    def _watch(self, watch):
        """
        Look at a storage until nobody wishes it. May hang. Thread: a canary's.
        """
        try:
            while True:
                with self._lock:
                    waiting = self._wishes.pop(watch.storage, None)
                    if waiting is None:
                        self._watched.discard(watch.storage)
                        return
                watch.canary = canary.Canary(
                    watch.storage, waiting, self._answers, self._looks,
                    _fulfil)
                watch.canary()
        except:  # NOQA: E722 (leaves the storage to others, the error goes on)
            with self._lock:
                self._watched.discard(watch.storage)
            raise


class _Watch(object):
    """
    The task that looks at one storage.
    """

    def __init__(self, storage, watch):
        self.storage = storage
        # The canary.Canary under way.
        self.canary = None
        self._watch = watch

    def __call__(self):
        self._watch(self)

    def __repr__(self):
        return "<Watch %s>" % (self.canary or self.storage,)


def _fulfil(wish):
    wish()
