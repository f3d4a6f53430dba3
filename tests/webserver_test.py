# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import errno
import logging
import socket
import threading
import zlib

import mock

import kit
import webclient

weblink = kit.modern("vmsampling.weblink")
webresponse = kit.modern("vmsampling.webresponse")
webserver = kit.modern("vmsampling.webserver")

# Nothing here waits for a deadline.
PATIENCE = weblink.Patience(*[600.0] * 5)

BODY = b"abc\n" * 1000


class TestCase(kit.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.gate = kit.Gate(webresponse.line(200, "at last"))
        self.routes = {
            "/x": lambda question: webresponse.Response(
                200, "text/plain", BODY),
            "/big": lambda question: webresponse.Response(
                200, "text/plain", b"x" * 10 ** 7),
            "/hangs": self.gate,
        }

    def start(self, **kwargs):
        kwargs.setdefault("patience", PATIENCE)
        server = webserver.WebServer("127.0.0.1:0", self.routes, **kwargs)
        server.start()
        self.addCleanup(server.stop)
        # Runs before it.
        self.addCleanup(self.gate.open)
        self.port = webclient.port(server)
        return server

    def client(self):
        client = webclient.Client(self.port)
        self.addCleanup(client.close)
        return client

    def get(self, path, *fields):
        return webclient.get(self.port, path, *fields)


class AnswerTest(TestCase):

    def test_get(self):
        server = self.start()
        self.assertEqual(server.url, "http://127.0.0.1:%d/" % self.port)
        answer = self.get("/x?y")
        self.assertEqual((answer.status, answer.body), (200, BODY))

    def test_gzip(self):
        self.start()
        answer = self.get("/x", "Accept-Encoding: gzip")
        self.assertEqual(answer.headers["Content-Encoding"], "gzip")
        self.assertEqual(zlib.decompress(answer.body, 31), BODY)

    def test_keep_alive(self):
        self.start()
        client = self.client()
        for _ in range(5):
            self.assertEqual(client.get("/x").body, BODY)
            self.assertEqual(client.get("/nothing").status, 404)

    def test_bad_request(self):
        self.start()
        client = self.client()
        client.send(b"nonsense\r\n\r\n")
        self.assertEqual(client.answer().status, 400)
        self.assertTrue(client.is_closed())

    def test_big_answer(self):
        self.start()
        self.assertEqual(len(self.get("/big").body), 10 ** 7)

    def test_many_at_once(self):
        self.start()
        found = []

        def ask(_number):
            found.extend(self.get("/x").body for _ in range(20))

        with kit.Bunch(8, ask):
            pass
        self.assertEqual(found, [BODY] * 160)

    def test_route_that_hangs_hangs_alone(self):
        self.start(patience=PATIENCE._replace(answer=0.05))
        client = self.client()
        client.send(b"GET /hangs HTTP/1.1\r\nHost: x\r\n\r\n")
        self.gate.wait()
        self.assertEqual(client.answer().status, 503)
        # On another worker.
        for _ in range(3):
            self.assertEqual(self.get("/x").status, 200)
        self.assertEqual(self.gate.calls, 1)

    def test_look_at_certificates_that_hangs_hangs_alone(self):
        certificates = mock.Mock(
            secure=False, refresh=self.gate, wrap=lambda sock: sock,
            is_due=lambda now: True)
        server = self.start(certificates=certificates)
        for _ in range(6):
            self.get("/nothing")
        self.gate.wait()
        # No other one waits for a worker.
        self.assertEqual(server._pool.state()["queued"], 0)

    def test_bad_answer(self):
        self.routes["/bad"] = lambda question: webresponse.Response(
            200, u"\u20ac", b"")
        self.start()
        with kit.logs("vmsampling.weblinks") as logs:
            self.assertTrue(self.hangs_up("/bad"))
            self.assertEqual(len(logs.at(logging.ERROR)), 1)
        self.assertEqual(self.get("/x").status, 200)

    def hangs_up(self, path):
        client = self.client()
        return client.get(path) is None


class PlacesTest(TestCase):

    def test_the_oldest_slow_one_leaves(self):
        self.start(places=4)
        slow = [self.client() for _ in range(4)]
        for client in slow:
            client.send(b"GET /x HTTP/1.1\r\n")
        self.assertEqual(self.get("/x").status, 200)
        self.assertTrue(slow[0].is_closed())
        for client in slow[1:]:
            client.send(b"Host: x\r\n\r\n")
            self.assertEqual(client.answer().status, 200)

    def test_a_crowd_of_slow_ones_locks_nobody_out(self):
        self.start(places=8)
        slow = [self.client() for _ in range(40)]
        for client in slow:
            client.whisper(b"GET /x HT")
        for _ in range(20):
            self.assertEqual(self.get("/x").status, 200)

    def test_those_who_do_not_take_their_answers(self):
        server = self.start()
        slow = [self.client() for _ in range(40)]
        for client in slow:
            client.whisper(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        for _ in range(5):
            self.assertEqual(self.get("/x").status, 200)
        # Not more than these have an answer of theirs in memory.
        kit.eventually(lambda: len(server._links._links) == 16)

    def test_those_whom_we_keep_waiting_stay(self):
        self.start(places=2)
        waiting = self.client()
        waiting.send(b"GET /hangs HTTP/1.1\r\nHost: x\r\n\r\n")
        self.gate.wait()
        slow = [self.client() for _ in range(5)]
        for client in slow[:4]:
            self.assertTrue(client.is_closed())
        self.gate.open()
        self.assertEqual(waiting.answer().body, b"at last\n")

    def test_no_descriptors(self):
        server = self.start()
        self.assertEqual(self.get("/x").status, 200)
        accept = mock.Mock(side_effect=EnvironmentError(
            errno.EMFILE, "Too many open files"))
        with kit.logs("vmsampling.webserver") as logs, \
                mock.patch.object(webserver, "_PAUSE", 0.01), \
                mock.patch.object(server, "_listener", mock.Mock(
                    accept=accept, fileno=server._listener.fileno)):
            client = self.client()
            kit.eventually(lambda: accept.call_count > 1, "more tries")
            self.assertLess(accept.call_count, 10)
        self.assertEqual(client.get("/x").status, 200)
        self.assertEqual(len(logs.at(logging.WARNING)), 1)


class StopTest(TestCase):

    def test_stop(self):
        server = self.start()
        client = self.client()
        self.assertEqual(client.get("/x").status, 200)
        server.stop()
        self.assertTrue(client.is_closed())
        with self.assertRaises(EnvironmentError):
            socket.create_connection(("127.0.0.1", self.port))
        server.stop()

    def test_stop_while_a_route_hangs(self):
        server = self.start()
        client = self.client()
        client.send(b"GET /hangs HTTP/1.1\r\nHost: x\r\n\r\n")
        self.gate.wait()
        server.stop(timeout=0.1)
        self.assertTrue(client.is_closed())

    def test_never_started(self):
        threads = threading.active_count()
        webserver.WebServer("127.0.0.1:0", {}).stop()
        self.assertEqual(threading.active_count(), threads)
