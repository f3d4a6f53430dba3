# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import collections

import mock

import kit
from vmsampling import admin
from vmsampling import config
from vmsampling import limits

CONF = "/etc/libvirt/libvirtd.conf"
PLACE = admin.Place("libvirtd:///system", "libvirtd", CONF)

DEFAULTS = {
    "minWorkers": 5, "maxWorkers": 20, "nWorkers": 5, "freeWorkers": 4,
    "prioWorkers": 5, "jobQueueDepth": 0, "nclients_max": 5000,
    "nclients": 1, "nclients_unauth_max": 20, "nclients_unauth": 0}

Survey = collections.namedtuple("Survey", "place answer greeting")


def settings(**changes):
    return dict(config.load([]), **changes)


class TestCase(kit.TestCase):

    def judge(self, place=PLACE, refusal=None, changes=(), given=(),
              uri="qemu:///system"):
        """
        Return {name of finding: finding}.
        """
        answer = None
        if place is not None:
            answer = admin.Answer(
                {} if refusal else dict(DEFAULTS, **dict(changes)), refusal)
        greeting = mock.Mock(uri=uri, driver="DRIVER")
        with mock.patch.object(admin, "client_requests", lambda _path: None):
            rows = limits.judge(Survey(place, answer, greeting),
                                settings(**dict(given)))
        found = collections.OrderedDict((row.name, row) for row in rows)
        self.assertEqual(len(found), len(rows))
        return found

    def check_warns(self, rows, name, found, advice):
        """
        This one and no other.
        """
        self.assertEqual([row.name for row in rows.values()
                          if row.verdict != "ok"], [name])
        self.assertEqual((rows[name].verdict, rows[name].found,
                          rows[name].advice), ("warn", found, advice))


class WorkersTest(TestCase):

    def test_defaults_are_well(self):
        rows = self.judge()
        self.assertEqual(list(rows),
                         ["workers", "busy", "clients", "requests"])
        self.assertEqual([row.verdict for row in rows.values()], ["ok"] * 4)
        self.assertEqual([row.found for row in rows.values()], [
            "libvirtd has at most 20 workers (at least 5), and 5 for "
            "priority calls; max_hung = 12 leaves 8 to other clients",
            "1 of 20 workers are in use now, 5 are running, waiting calls: 0",
            "1 of at most 5000 clients are connected; we may need 24",
            "max_client_requests is not to be read from libvirtd; %s does "
            "not set it (default 5); it does not matter, as we have one call "
            "on a connection" % CONF])

    def test_too_few(self):
        self.check_warns(
            self.judge(changes={"maxWorkers": 19}), "workers",
            "libvirtd has at most 19 workers (at least 5), and 5 for "
            "priority calls; max_hung = 12 leaves 7 to other clients, who "
            "should have 8",
            "set max_workers = 20 in %s and restart libvirtd, or max_hung = "
            "11 in [sampling]" % CONF)

    def test_max_hung_is_too_much(self):
        rows = self.judge(given={"max_hung": 13})
        self.assertIn("max_workers = 21 in", rows["workers"].advice)
        self.assertIn("max_hung = 12 in", rows["workers"].advice)

    def test_no_max_hung_would_do(self):
        rows = self.judge(changes={"maxWorkers": 8})
        self.assertIn("leaves 0 to other", rows["workers"].found)
        self.assertNotIn("max_hung", rows["workers"].advice)

    def test_unknown_configuration_file(self):
        rows = self.judge(PLACE._replace(conf=None), given={"max_hung": 13})
        self.assertIn("in libvirtd.conf and", rows["workers"].advice)
        self.assertIn("its configuration file is not known",
                      rows["requests"].found)


class BusyTest(TestCase):

    def busy(self, running, free, waiting=0, most=20):
        return self.judge(changes={
            "nWorkers": running, "freeWorkers": free, "maxWorkers": most,
            "jobQueueDepth": waiting})["busy"]

    def test_bound(self):
        self.assertEqual(self.busy(20, 3).verdict, "ok")
        row = self.busy(20, 2)
        self.assertEqual(row.verdict, "warn")
        self.assertEqual(row.found, "18 of 20 workers are in use now, 20 are "
                         "running, waiting calls: 0: calls of all clients are "
                         "delayed")
        self.assertIn("virt-admin -c 'libvirtd:///system' srv-threadpool-set "
                      "libvirtd --min-workers 26 --max-workers 26",
                      row.advice)
        self.assertEqual(self.busy(20, 0).verdict, "warn")

    def test_libvirtd_does_not_start_more(self):
        # Its own counting goes wrong when many calls hang at once.
        row = self.busy(7, 0, waiting=15)
        self.assertEqual(row.verdict, "warn")
        self.assertIn(" --min-workers 30 --max-workers 30", row.advice)
        self.assertEqual(self.busy(7, 0, waiting=0).verdict, "ok")
        self.assertEqual(self.busy(7, 1, waiting=3).verdict, "ok")

    def test_few_at_all(self):
        self.assertEqual(self.busy(1, 1, most=1).verdict, "ok")
        self.assertEqual(self.busy(1, 0, most=1).verdict, "warn")


class ClientsTest(TestCase):

    def test_bound(self):
        self.assertEqual(self.judge(changes={
            "nclients_max": 30, "nclients": 6})["clients"].verdict, "ok")
        self.check_warns(
            self.judge(changes={"nclients_max": 30, "nclients": 7}),
            "clients", "7 of at most 30 clients are connected; we may need "
            "24", "set max_clients = 62 in %s and restart libvirtd" % CONF)


class RequestsTest(kit.TestCase):

    def test_set(self):
        with mock.patch.object(admin, "client_requests", lambda _path: 7):
            self.assertIn(CONF + " sets it to 7", limits.requests(PLACE)[2])

    def test_not_permitted(self):
        with mock.patch.object(admin, "client_requests",
                               side_effect=IOError(13, "Permission denied")):
            row = limits.requests(PLACE)
        self.assertEqual(row.verdict, "ok")
        self.assertIn(CONF + " cannot be read: Permission denied", row.found)


class UnknownTest(TestCase):

    def test_refusals(self):
        for refusal, advice in (
                (admin.NO_PROGRAM, "install virt-admin"),
                ("Failed to connect socket: Permission denied",
                 "run as root"),
                ("authentication failed", "run as root"),
                ("Failed to connect socket to 'x': No such file or directory",
                 "start the admin socket of libvirtd (libvirtd-admin.socket"),
                ("Connection refused", "start the admin socket"),
                ("Cannot recv data: Connection reset by peer",
                 "run as the user that libvirtd runs as"),
                ("Cannot write data: Broken pipe",
                 "run as the user that libvirtd runs as"),
                ("internal error: client socket is closed",
                 "run as the user that libvirtd runs as"),
                (admin.CUT_OFF, "run as the user that libvirtd runs as"),
                (admin.NO_ANSWER % 2, "run this again"),
                ("anything", "compare max_workers in %s with max_hung + 8" %
                 CONF)):
            rows = self.judge(refusal=refusal)
            self.assertEqual(list(rows), ["limits", "requests"])
            self.assertEqual(rows["limits"].verdict, "warn")
            self.assertEqual(rows["limits"].found, "the workers of libvirtd "
                             "are not known: " + refusal)
            self.assertIn(advice, rows["limits"].advice)

    def test_other_machine(self):
        rows = self.judge(None, uri="qemu+ssh://host/system")
        self.assertEqual(list(rows), ["limits"])
        self.assertEqual(rows["limits"].verdict, "warn")
        self.assertIn("on that machine", rows["limits"].advice)

    def test_no_daemon(self):
        rows = self.judge(None, uri="test:///default")
        self.assertEqual(rows["limits"], (
            "limits", "ok", "driver DRIVER needs no daemon here whose limits "
            "could be read", None))

    def test_numbers_are_missing(self):
        answer = admin.Answer({"unknown": 1}, None)
        rows = limits.judge(Survey(PLACE, answer, None), settings())
        self.assertEqual([row.name for row in rows if row.verdict == "warn"],
                         ["workers", "busy", "clients"])
        for row in rows[:3]:
            self.assertEqual(row.advice, "look for yourself: virt-admin -c "
                             "'libvirtd:///system' srv-threadpool-info "
                             "libvirtd")
