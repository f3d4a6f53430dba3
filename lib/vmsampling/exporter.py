# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The service: it samples, and gives what it has to Prometheus and to other
commands.
"""

from __future__ import absolute_import, division, print_function

import logging

from threadpool import clock as _clock
from vmsampling import notify
from vmsampling import page
from vmsampling import pulse
from vmsampling import scrape
from vmsampling import source
from vmsampling import station
from vmsampling import trends
from vmsampling import vocabulary
from vmsampling import webaddress
from vmsampling import webresponse
from vmsampling import webserver
from vmsampling import webtls

log = logging.getLogger("vmsampling.exporter")

# Seconds that each part has to end, together less than a second.
_STOP = 0.3

# What the client is told to take; anything else is text.
_OPENMETRICS = "application/openmetrics-text; version=1.0.0"


class Exporter(object):
    """
    Construct, start, stop: one way.
    """

    def __init__(self, settings, period):
        """
        settings: as config.load() returns them.
        period: seconds between two rounds.
        """
        if not settings["metadata"]:
            settings = dict(settings, metadata=vocabulary.metadata(
                settings["names"]))
        self._sampler = source.make_sampler(settings, period)
        lines = trends.Trends()
        self._station = station.Station(settings, period, reader=lines.add)
        self._scrape = scrape.Scrape(self._sampler.snapshot, settings)
        self._page = page.Page(
            self._sampler.snapshot, lines, settings["connect"])
        self._health = Health(self._sampler, period)
        self._pulse = pulse.Pulse(
            notify.Notifier(), self._health, self._sampler.snapshot)
        self._server = webserver.WebServer(
            settings["listen"], self._routes(), _certificates(settings),
            # With TLS, the certificate is for no name but ours.
            is_ours=None if settings["certificate"]
            else webaddress.judge(settings["listen"]))

    @property
    def url(self):
        """
        Where it is, once it was started.
        """
        return self._server.url

    def start(self):
        """
        Serve first, since a scraper is to hear that libvirt is away. May hang
        until stop(). Raises ListenFailed, ConnectFailed for a bad URI, and
        BadFile for certificates.
        """
        self._server.start()
        log.info("Serving %s", self.url)
        try:
            self._pulse.begin()
            self._sampler.add_listener(self._health.settle)
            self._sampler.start(insist=True)
            self._station.start(self._sampler)
        except:  # NOQA: E722 (ends what was begun, the error goes on)
            self.stop()
            raise

    def run(self, interrupt):
        """
        Wait for the signal that ends us. Raises Interrupted.

        interrupt: a supervisor.Interrupt.
        """
        while True:
            self._pulse.beat()
            interrupt.wait(self._pulse.seconds)

    def dump(self):
        """
        Have the flight recorder write its file. Thread: any, and a signal's
        handler.
        """
        self._station.dump()

    def stop(self):
        """
        End within a second; idempotent. Thread: any.
        """
        self._pulse.end()
        self._server.stop(_STOP)
        self._station.stop(_STOP)
        self._sampler.stop(_STOP)

    def _routes(self):
        return {
            "/": self._html,
            "/snapshot.json": self._figures,
            "/metrics": self._metrics,
            "/healthz": self._health.answer,
        }

    # What follows is called by the server's worker.

    def _html(self, _question):
        return webresponse.Response(
            200, page.HTML_TYPE, self._page.html(), self._page.headers)

    def _figures(self, _question):
        return webresponse.Response(
            200, page.DATA_TYPE, self._page.data(), self._page.headers)

    def _metrics(self, question):
        content_type, body = self._scrape.render(
            _OPENMETRICS if question.openmetrics else None)
        return webresponse.Response(200, content_type, body)


class Health(object):
    """
    Whether the rounds go on: libvirt may hang, they may not.
    """

    def __init__(self, sampler, period, clock=_clock.monotonic):
        self._sampler = sampler
        self._patience = 2 * period
        self._clock = clock
        # When a round was last settled. Set on any thread.
        self._settled = clock()

    def settle(self):
        """
        The sampler's listener.
        """
        self._settled = self._clock()

    def goes_on(self, grace):
        """
        Whether a round was settled lately: not two periods ago, nor so many
        seconds. Before the first one, this is about the start.
        """
        return self._clock() - self._settled <= max(self._patience, grace)

    def answer(self, _question=None):
        """
        Return a webresponse.Response, of status 200 or 503.
        """
        age = self._clock() - self._settled
        if not self._sampler.wait_round(1, 0):
            return webresponse.line(503, "there was no round yet")
        if age > self._patience:
            return webresponse.line(
                503, "the last round was %.0f s ago" % age)
        return webresponse.line(200, "ok")


def _certificates(settings):
    if not settings["certificate"]:
        return webtls.NONE
    return webtls.Certificates(
        settings["certificate"], settings["key"], settings["client_ca"])
