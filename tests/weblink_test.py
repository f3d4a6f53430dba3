# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import socket
import ssl

import kit

selectors = kit.modern("selectors")
weblink = kit.modern("vmsampling.weblink")
webresponse = kit.modern("vmsampling.webresponse")

GET = b"GET /x HTTP/1.1\r\nHost: h\r\n\r\n"

PATIENCE = weblink.Patience(
    request=5.0, idle=60.0, answer=10.0, taking=20.0, linger=1.0)


class TestCase(kit.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.now = 1000.0
        self.client, sock = socket.socketpair()
        self.addCleanup(self.client.close)
        self.client.setblocking(False)
        sock.setblocking(False)
        self.link = weblink.Link(
            self.wrap(sock), "peer", self.now, PATIENCE)
        self.addCleanup(self.link.dispose)

    def wrap(self, sock):
        return sock

    def say(self, data):
        """
        The client sends, and the link takes it.
        """
        self.client.sendall(data)
        self.link.proceed(self.now)

    def heard(self):
        """
        Return all that the client can read now.
        """
        found = b""
        try:
            while True:
                data = self.client.recv(65536)
                if not data:
                    break
                found += data
        except EnvironmentError:
            pass
        return found

    def answer(self, body=b"body", status=200):
        self.link.answer(
            webresponse.Response(status, "text/plain", body), self.now)

    def wait(self, seconds):
        """
        Let time pass; the link is told only if its deadline has come.
        """
        self.now += seconds
        if self.link.deadline <= self.now:
            self.link.expire(self.now)

    def check(self, state, events):
        self.assertEqual((self.link.state, self.link.events), (state, events))

    def check_refused(self, status, text):
        head, _, body = self.heard().partition(b"\r\n\r\n")
        self.assertTrue(
            head.startswith(("HTTP/1.1 %d " % status).encode()), head)
        self.assertIn(b"Connection: close", head)
        self.assertEqual(body.count(b"\n"), 1)
        self.assertIn(text, body)
        self.assertEqual(self.link.complaint[0], status)
        self.check(weblink.LINGER, selectors.EVENT_READ)


class StateTest(TestCase):

    def test_request(self):
        self.check(weblink.READ, selectors.EVENT_READ)
        self.say(GET[:5])
        self.check(weblink.READ, selectors.EVENT_READ)
        self.say(GET[5:])
        self.check(weblink.WAIT, 0)
        self.assertEqual(self.link.request.question.path, "/x")
        self.answer()
        self.check(weblink.READ, selectors.EVENT_READ)
        self.assertIsNone(self.link.request)
        head, _, body = self.heard().partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"HTTP/1.1 200 OK\r\n"))
        self.assertIn(b"Content-Length: 4\r\n", head)
        self.assertIn(b"Connection: keep-alive", head)
        self.assertEqual(body, b"body")

    def test_next_request(self):
        for _ in range(3):
            self.say(GET)
            self.answer()
            self.assertTrue(self.heard().endswith(b"body"))

    def test_head(self):
        self.say(GET.replace(b"GET", b"HEAD"))
        self.answer()
        heard = self.heard()
        self.assertIn(b"Content-Length: 4\r\n", heard)
        self.assertTrue(heard.endswith(b"\r\n\r\n"))

    def test_last_request(self):
        self.say(GET.replace(b"1.1", b"1.0"))
        self.answer()
        self.assertIn(b"Connection: close", self.heard())
        self.check(weblink.LINGER, selectors.EVENT_READ)
        self.client.close()
        self.link.proceed(self.now)
        self.check(weblink.CLOSED, 0)

    def test_several_at_once(self):
        # The first is answered; the client sends the others again.
        self.say(GET + GET)
        self.answer()
        self.assertIn(b"Connection: close", self.heard())
        self.check(weblink.LINGER, selectors.EVENT_READ)

    def test_client_goes(self):
        self.client.close()
        self.link.proceed(self.now)
        self.check(weblink.CLOSED, 0)

    def test_client_goes_while_it_is_answered(self):
        self.say(GET)
        self.client.close()
        self.answer(b"x" * 10 ** 7)
        self.check(weblink.CLOSED, 0)

    def test_long_answer(self):
        self.say(GET)
        self.answer(b"x" * 10 ** 7)
        self.check(weblink.WRITE, selectors.EVENT_WRITE)
        found = b""
        while self.link.state == weblink.WRITE:
            found += self.heard()
            self.link.proceed(self.now)
        found += self.heard()
        self.assertTrue(found.endswith(b"\r\n\r\n" + b"x" * 10 ** 7))

    def test_bad_request(self):
        self.say(b"nonsense\r\n\r\n")
        self.check_refused(400, b"makes no sense")

    def test_other_method(self):
        self.say(b"PUT / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertIn(b"Allow: GET, HEAD\r\n", self.heard())

    def test_what_comes_after_a_bad_request_is_dropped(self):
        self.say(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab")
        for _ in range(10):
            self.say(b"x" * 30000)
            self.check(weblink.LINGER, selectors.EVENT_READ)
        self.check_refused(405, b"GET")

    def test_endless_request(self):
        sent = 0
        while self.link.state == weblink.READ:
            self.say(b"G" * 1000)
            sent += 1000
        self.assertLess(sent, 20000)
        self.check_refused(414, b"too long")

    def test_repr(self):
        self.assertEqual(repr(self.link), "<Link peer read>")


class DeadlineTest(TestCase):

    def test_nothing_comes(self):
        self.wait(4.9)
        self.check(weblink.READ, selectors.EVENT_READ)
        self.wait(0.1)
        self.check(weblink.CLOSED, 0)
        self.assertIsNone(self.link.complaint)

    def test_byte_by_byte(self):
        for byte in range(12):
            self.say(GET[byte:byte + 1])
            self.assertEqual(self.link.state, weblink.READ)
            self.wait(0.4)
        self.wait(0.3)
        self.check_refused(408, b"too long")

    def test_idle(self):
        self.say(GET)
        self.answer()
        self.wait(59.9)
        self.check(weblink.READ, selectors.EVENT_READ)
        self.wait(0.1)
        self.check(weblink.CLOSED, 0)
        self.assertIsNone(self.link.complaint)

    def test_next_request_byte_by_byte(self):
        self.say(GET)
        self.answer()
        self.heard()
        self.wait(30)
        for byte in range(10):
            self.say(GET[byte:byte + 1])
            self.wait(0.4)
        self.wait(1.1)
        self.check_refused(408, b"too long")

    def test_next_request_just_in_time(self):
        # It gets no more time than was left.
        self.say(GET)
        self.answer()
        self.heard()
        self.wait(59.0)
        self.say(GET[:1])
        self.wait(1.1)
        self.check_refused(408, b"too long")

    def test_no_answer(self):
        self.say(GET)
        self.wait(9.9)
        self.check(weblink.WAIT, 0)
        self.wait(0.1)
        self.assertIsNone(self.link.request)
        self.check_refused(503, b"no answer")

    def test_answer_is_taken_byte_by_byte(self):
        self.say(GET)
        self.answer(b"x" * 10 ** 7)
        for _ in range(19):
            self.client.recv(1)
            self.link.proceed(self.now)
            self.wait(1.0)
            self.check(weblink.WRITE, selectors.EVENT_WRITE)
        self.wait(1.0)
        self.check(weblink.CLOSED, 0)
        self.assertEqual(self.link.complaint, (None, "too slow: write"))

    def test_client_does_not_close(self):
        self.say(b"nonsense\r\n\r\n")
        self.wait(0.9)
        self.check(weblink.LINGER, selectors.EVENT_READ)
        self.say(b"more")
        self.wait(0.1)
        self.check(weblink.CLOSED, 0)

    def test_late_end_changes_nothing(self):
        self.link.abort()
        self.link.abort()
        self.link.expire(self.now)
        self.link.proceed(self.now)
        self.check(weblink.CLOSED, 0)


class HandshakeTest(TestCase):

    def wrap(self, sock):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).wrap_socket(
            sock, server_side=True, do_handshake_on_connect=False)

    def test_byte_by_byte(self):
        for byte in b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03":
            self.say(bytes([byte]))
            self.check(weblink.HANDSHAKE, selectors.EVENT_READ)
            self.wait(0.4)
        self.wait(0.7)
        self.check(weblink.CLOSED, 0)
        self.assertEqual(self.link.complaint, (None, "too slow: handshake"))

    def test_no_tls(self):
        self.say(GET)
        self.check(weblink.LINGER, selectors.EVENT_READ)
        self.assertTrue(self.link.complaint[1].startswith("TLS: "))
        self.wait(1.0)
        self.check(weblink.CLOSED, 0)

    def test_client_goes(self):
        self.client.close()
        self.link.proceed(self.now)
        self.assertIn(self.link.state, (weblink.CLOSED, weblink.LINGER))
