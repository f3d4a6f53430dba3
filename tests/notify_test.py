# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import logging
import os
import socket

import kit
import manager
from threadpool import clock
from vmsampling import notify


class TellTest(kit.TestCase):

    def make(self, **kwargs):
        self.manager = manager.Manager(**kwargs)
        self.addCleanup(self.manager.close)
        return notify.Notifier(self.manager.environ)

    def test_lines(self):
        notifier = self.make()
        self.assertTrue(notifier)
        self.assertTrue(notifier.tell("READY=1", u"STATUS=\u673a"))
        self.assertEqual(self.manager.receive(), ["READY=1", u"STATUS=\u673a"])
        self.assertTrue(notifier.tell("STOPPING=1"))
        self.assertEqual(self.manager.receive(), ["STOPPING=1"])

    def test_abstract_name(self):
        self.assertTrue(self.make(abstract=True).tell("READY=1"))
        self.assertEqual(self.manager.receive(), ["READY=1"])

    def test_nobody_listens(self):
        notifier = notify.Notifier({})
        self.assertFalse(notifier)
        with kit.logs("vmsampling.notify") as records:
            self.assertFalse(notifier.tell("READY=1"))
        self.assertEqual(records.records, [])

    def test_unknown_address(self):
        for text in ("vsock:2:1234", "relative"):
            with kit.logs("vmsampling.notify") as records:
                self.assertFalse(notify.Notifier({"NOTIFY_SOCKET": text}))
            self.assertIn(text, records.at(logging.WARNING)[0])

    def test_who_listened_is_gone(self):
        notifier = self.make()
        os.unlink(self.manager.environ["NOTIFY_SOCKET"])
        with kit.logs("vmsampling.notify") as records:
            self.assertFalse(notifier.tell("READY=1"))
            self.assertFalse(notifier.tell("READY=1"))
        self.assertEqual(len(records.at(logging.WARNING)), 1)

    def test_path_is_too_long(self):
        with kit.logs("vmsampling.notify"):
            self.assertFalse(notify.Notifier(
                {"NOTIFY_SOCKET": "/" + "x" * 200}).tell("READY=1"))

    def test_who_listens_hangs(self):
        notifier = self.make()
        filler = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(filler.close)
        filler.setblocking(False)
        try:
            while True:
                filler.sendto(b"x", self.manager.environ["NOTIFY_SOCKET"])
        except socket.error:
            pass
        began = clock.monotonic()
        with kit.logs("vmsampling.notify"):
            self.assertFalse(notifier.tell("READY=1"))
        self.assertLess(clock.monotonic() - began, kit.PATIENCE)


class WatchdogTest(kit.TestCase):

    def watchdog(self, socket="/nowhere", **environ):
        if socket:
            environ["NOTIFY_SOCKET"] = socket
        return notify.Notifier(environ).watchdog

    def test_seconds(self):
        self.assertEqual(self.watchdog(WATCHDOG_USEC="60000000"), 60.0)
        self.assertEqual(self.watchdog(
            WATCHDOG_USEC="500000", WATCHDOG_PID=str(os.getpid())), 0.5)

    def test_there_is_none(self):
        self.assertIsNone(self.watchdog())
        self.assertIsNone(self.watchdog(WATCHDOG_USEC="0"))
        self.assertIsNone(self.watchdog(None, WATCHDOG_USEC="60000000"))

    def test_of_another_process(self):
        self.assertIsNone(self.watchdog(
            WATCHDOG_USEC="60000000", WATCHDOG_PID=str(os.getpid() + 1)))

    def test_no_number(self):
        for text in ("1m", "-1", "9" * 30):
            with kit.logs("vmsampling.notify") as records:
                self.assertIsNone(self.watchdog(WATCHDOG_USEC=text))
            self.assertIn(text, records.at(logging.WARNING)[0])
