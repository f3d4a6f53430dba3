# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What a Prometheus gets when it scrapes:

    scraping = scrape.Scrape(sampler.snapshot, settings)
    content_type, body = scraping.render(headers.get("Accept"))

Nothing here touches libvirt, so a scrape costs the same whatever hangs.
"""

from __future__ import absolute_import, division, print_function

import logging
import threading

from prometheus_client import exposition as _client

from threadpool import clock as _clock
from threadpool import throttle
from vmsampling import exposition
from vmsampling import series
from vmsampling import vocabulary

log = logging.getLogger("vmsampling.scrape")

# Seconds for which what was written is good, at the least, and as a multiple
# of what writing it took: whoever scrapes all the time, it is not more than
# this part of a processor.
_GOOD_FOR = 1.0
_PART = 10.0

_OPENMETRICS = "application/openmetrics-text"


class _Page(object):
    """
    What a snapshot says, as text.
    """

    __slots__ = ("time", "until", "text", "moving")

    def __init__(self, time, until, text, moving):
        # When the snapshot was taken, and until when this is good.
        self.time = time
        self.until = until
        self.text = text
        # Families whose values grow with time, so that they are written for
        # each scrape.
        self.moving = moving


class Scrape(object):
    """
    Thread: any.
    """

    def __init__(self, take, settings, clock=_clock.monotonic):
        """
        take: returns a snapshot, or None.
        settings: as config.load() returns them.
        """
        self._take = take
        self._clock = clock
        self._gatherer = series.Gatherer(vocabulary.named(settings["names"]))
        self._throttle = throttle.Throttle(interval=600.0, clock=clock)
        # Held while a page is written: who comes meanwhile gets that one.
        self._lock = threading.Lock()
        # Whether it is OpenMetrics -> _Page. Under the lock.
        self._pages = {}

    def render(self, accept=None):
        """
        Return (content type, bytes).

        accept: the header of the request, or None.
        """
        _, content_type = _client.choose_encoder(accept or "")
        openmetrics = content_type.startswith(_OPENMETRICS)
        with self._lock:
            page = self._pages.get(openmetrics)
            now = self._clock()
            if page is None or now >= page.until:
                page = self._write(now, openmetrics)
                self._pages[openmetrics] = page
        text = page.text + exposition.text(
            _moved(page.moving, max(now - page.time, 0.0)), openmetrics)
        if openmetrics:
            text += exposition.END
        return content_type, text.encode("utf-8")

    def _write(self, now, openmetrics):
        families = self._gatherer.gather(self._take() or {})
        self._tell(families)
        moving = [one for one in families if one.metric.moving]
        text = exposition.text(
            [one for one in families if not one.metric.moving], openmetrics)
        end = self._clock()
        good = max(_GOOD_FOR, _PART * (end - now))
        return _Page(now, end + good, text, moving)

    def _tell(self, families):
        for family in families:
            if family.metric.source == "renamed" and family.values[0]:
                suppressed = self._throttle.admit()
                if suppressed is not None:
                    log.warning(
                        "%d VMs or devices have the name of another one, and "
                        "are shown as NAME#...", family.values[0])


def _moved(families, seconds):
    """
    Return families with values that are so many seconds later.
    """
    found = []
    for family in families:
        later = series.Family(family.metric)
        # Nobody hangs since a moment ago because time passes.
        later.labels = family.labels
        later.values = [
            round(value + seconds, 3) if value or family.metric.absent is None
            else value for value in family.values]
        found.append(later)
    return found
