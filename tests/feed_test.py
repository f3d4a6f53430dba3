# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import errno
import logging
import os
import select
import shutil
import tempfile

import mock

import kit
from vmsampling import feed
from vmsampling import listener

GREETING = b"hello\n"
PATIENCE = 10.0
# More than the kernel takes for one that does not read.
BIG = 4 << 20


class FeedTest(kit.TestCase):

    def setUp(self):
        super(FeedTest, self).setUp()
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        self.listener = listener.Listener(
            os.path.join(folder, "socket"), "all")
        self.listener.open()
        self.now = 1000.0
        self.feed = feed.Feed(
            self.listener, GREETING, PATIENCE, lambda: self.now)
        self.poll = select.poll()
        self.feed.register(self.poll)
        self.addCleanup(self.feed.close)
        logs = kit.logs("vmsampling.feed")
        self.logs = logs.__enter__()
        self.addCleanup(logs.__exit__, None, None, None)

    def turn(self):
        """
        Have all done that can be done now.
        """
        for _ in range(100):
            events = self.poll.poll(0)
            if not events:
                return
            self.feed.handle(events)
        self.fail("the poll does not wait")

    def connect(self):
        client = listener.connect(self.listener.path)
        self.addCleanup(client.close)
        self.turn()
        return client

    def read(self, client):
        """
        Return all that it gets without waiting; None: the end.
        """
        found = []
        while True:
            self.turn()
            try:
                data = client.recv(1 << 20)
            except EnvironmentError as e:
                self.assertEqual(e.errno, errno.EAGAIN)
                return b"".join(found)
            if not data:
                return b"".join(found) or None
            found.append(data)

    def test_greeting_then_lines(self):
        client = self.connect()
        self.assertEqual(self.read(client), GREETING)
        self.feed.publish(b"1\n")
        self.assertEqual(self.read(client), b"1\n")
        self.feed.publish(b"2\n")
        self.assertEqual(self.read(client), b"2\n")
        self.assertIsNone(self.feed.tick())

    def test_current_line_at_once(self):
        self.feed.publish(b"1\n")
        self.feed.publish(b"2\n")
        self.assertEqual(self.read(self.connect()), GREETING + b"2\n")

    def test_client_goes(self):
        client = self.connect()
        self.assertEqual(len(self.feed), 1)
        client.close()
        self.turn()
        self.assertEqual(len(self.feed), 0)
        self.feed.publish(b"1\n")

    def test_new_client_with_the_descriptor_of_one_that_goes(self):
        client = self.connect()
        client.close()
        new = listener.connect(self.listener.path)
        self.addCleanup(new.close)
        events = self.poll.poll(0)
        self.assertEqual(len(events), 2)
        # As by a round that is settled meanwhile.
        self.feed.publish(b"1\n")
        self.assertEqual(len(self.feed), 0)
        self.feed.handle(events)
        self.assertEqual(len(self.feed), 1)
        self.assertEqual(self.read(new), GREETING + b"1\n")

    def test_client_goes_with_unread_lines(self):
        client = self.connect()
        self.feed.publish(BIG * b"x" + b"\n")
        client.close()
        self.feed.publish(b"1\n")
        self.turn()
        self.assertEqual(len(self.feed), 0)

    def test_what_clients_send_is_not_read(self):
        client = self.connect()
        client.send(b"GET / HTTP/1.0\r\n\r\n")
        self.feed.publish(b"1\n")
        self.assertEqual(self.read(client), GREETING + b"1\n")

    def test_slow_client_misses_lines(self):
        slow, quick = self.connect(), self.connect()
        big = BIG * b"x" + b"\n"
        self.feed.publish(big)
        for number in range(100):
            self.feed.publish(b"%d\n" % number if str is not bytes
                              else str(number) + "\n")
        self.assertEqual(self.read(quick), GREETING + big + b"99\n")
        self.assertEqual(self.read(slow), GREETING + big + b"99\n")

    def test_slow_client_is_not_cut_off(self):
        client = self.connect()
        big = BIG * b"x" + b"\n"
        self.feed.publish(big)
        self.now += PATIENCE - 1
        self.feed.publish(big)
        self.turn()
        # It has read the first one in time; the time of the next begins.
        got = b""
        while len(got) < len(GREETING) + len(big):
            got += client.recv(1 << 20)
            self.turn()
        self.now += PATIENCE - 1
        self.feed.tick()
        self.assertEqual(len(got + self.read(client)),
                         len(GREETING) + 2 * len(big))

    def test_client_that_does_not_read_is_cut_off(self):
        hostile, other = self.connect(), self.connect()
        self.feed.publish(BIG * b"x")
        self.assertTrue(self.read(other))
        self.assertEqual(self.feed.tick(), PATIENCE)
        self.now += 1
        # What comes later gives it no more time.
        self.feed.publish(BIG * b"x")
        self.assertTrue(self.read(other))
        self.now += PATIENCE - 1.5
        self.assertEqual(self.feed.tick(), 0.5)
        self.assertEqual(len(self.feed), 2)
        self.now += 0.5
        self.assertIsNone(self.feed.tick())
        self.assertEqual(len(self.feed), 1)
        self.assertIn("it does not read", self.logs.records[-1][1])
        hostile.close()

    def test_many_clients(self):
        for _ in range(feed.MAX_CLIENTS):
            self.assertEqual(self.read(self.connect()), GREETING)
        refused = self.read(self.connect())
        self.assertIn(b'"refused": "it has 32 clients"', refused)
        self.assertEqual(len(self.feed), feed.MAX_CLIENTS)

    def test_many_clients_of_one_user(self):
        with mock.patch.object(
                listener, "peer", lambda connection: (7, 4711)):
            for _ in range(feed.MAX_OF_USER):
                self.connect()
            refused = self.read(self.connect())
        self.assertIn(b"8 clients of user 4711", refused)
        self.assertEqual(self.read(self.connect()), GREETING)

    def test_who_is_refused_cannot_fill_the_log(self):
        for _ in range(feed.MAX_CLIENTS + 20):
            self.connect()
        self.now += 10
        self.connect()
        refused = [text for text in self.logs.at(logging.INFO)
                   if "Refused" in text]
        self.assertEqual(len(refused), 2)
        self.assertIn("it has 32 clients (19 more not logged)", refused[1])

    def test_no_descriptor_left(self):
        error = EnvironmentError(errno.EMFILE, "Too many open files")
        real = self.listener.socket
        self.listener.socket = mock.Mock(
            fileno=real.fileno, accept=mock.Mock(side_effect=error))
        client = self.connect()
        self.listener.socket = real
        # Nobody turns round and round meanwhile.
        self.assertEqual(self.feed.tick(), 1.0)
        self.assertEqual(self.read(client), b"")
        self.now += 1.0
        self.assertIsNone(self.feed.tick())
        self.assertEqual(self.read(client), GREETING)

    def test_close(self):
        client = self.connect()
        self.feed.close()
        self.assertEqual(self.read_end(client), GREETING)
        self.assertFalse(os.path.exists(self.listener.path))

    def read_end(self, client):
        found = client.recv(100)
        self.assertEqual(client.recv(100), b"")
        return found
