# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import kit
from threadpool import clock
from vmsampling import webrequest

GET = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"

# What the fuzzer makes its requests of.
PIECES = (
    b"GET", b"HEAD", b"POST", b" ", b"/", b"/metrics", b"*", b"http://x/y",
    b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"\r\n", b"\n", b"\r", b"\r\n\r\n",
    b"Host: x", b"Content-Length: ", b"0", b"-1", b"99999999999999999999",
    b"Transfer-Encoding: chunked", b"Connection: close, Keep-Alive",
    b"Accept-Encoding: gzip;q=0, *", b"Accept: a/b;q=0.5,c;q=x;;=", b":",
    b"\x00", b"\xff\xfe", b"\x80", b"%00", b"?", b"#", b";", b",", b"a" * 5000,
    b" \t" * 100, b"\x16\x03\x01\x02\x00\x01", b"PRI * HTTP/2.0\r\n\r\nSM",
)


def request(line=b"GET / HTTP/1.1", *fields):
    """
    Return the bytes of a request.
    """
    return b"\r\n".join((line, b"Host: x") + fields) + b"\r\n\r\n"


class TakeTest(kit.TestCase):

    def test_get(self):
        taken, rest = webrequest.take(GET)
        self.assertEqual(taken, webrequest.Request(
            "GET", webrequest.Question("/metrics", False, False), True, "x"))
        self.assertEqual(rest, b"")

    def test_host(self):
        for field, name in (
                (b"Evil.Example:9177", "evil.example"), (b"[::1]:80", "[::1]"),
                (b"[::1]", "[::1]"), (b"localhost:", "localhost"),
                (b"", ""), (b"a:b", "a:b")):
            taken, _ = webrequest.take(
                b"GET / HTTP/1.1\r\nHost: " + field + b"\r\n\r\n")
            self.assertEqual(taken.host, name)
        taken, _ = webrequest.take(b"GET / HTTP/1.0\r\n\r\n")
        self.assertIsNone(taken.host)

    def test_head(self):
        taken, _ = webrequest.take(request(b"HEAD / HTTP/1.1"))
        self.assertEqual(taken.method, "HEAD")

    def test_incomplete(self):
        for end in range(len(GET)):
            self.assertIsNone(webrequest.take(GET[:end]), GET[:end])

    def test_next_one_is_left(self):
        _, rest = webrequest.take(GET + GET[:7])
        self.assertEqual(rest, GET[:7])

    def test_one_line_end_before(self):
        self.assertIsNone(webrequest.take(b"\r\n"))
        self.assertIsNotNone(webrequest.take(b"\r\n" + GET))

    def test_path(self):
        for target, path in (
                (b"/", "/"), (b"/a/b", "/a/b"), (b"/a?b=/c", "/a"),
                (b"/%2e%2e/x", "/%2e%2e/x"), (b"http://h:1/a?b", "/a"),
                (b"HTTPS://h", "/")):
            taken, _ = webrequest.take(request(b"GET " + target +
                                               b" HTTP/1.1"))
            self.assertEqual(taken.question.path, path)

    def test_keep_alive(self):
        for expected, line, field in (
                (True, b"GET / HTTP/1.1", b"A: b"),
                (False, b"GET / HTTP/1.0", b"A: b"),
                (False, b"GET / HTTP/1.1", b"Connection: Close"),
                (False, b"GET / HTTP/1.1", b"connection:x , close"),
                (True, b"GET / HTTP/1.1", b"Connection: keep-alive"),
                # Later versions are answered as 1.1.
                (True, b"GET / HTTP/1.7", b"A: b")):
            taken, _ = webrequest.take(request(line, field))
            self.assertEqual(taken.keep_alive, expected, (line, field))

    def test_old_request_needs_no_host(self):
        self.assertIsNotNone(webrequest.take(b"GET / HTTP/1.0\r\n\r\n"))

    def test_gzip(self):
        for expected, value in (
                (True, b"gzip"), (True, b"deflate, GZIP;q=0.5"),
                (True, b"gzip; q=1.0"), (False, b"gzip;q=0"),
                (False, b"gzip ; Q=0.000, br"), (False, b"br"),
                (False, b"xgzip"), (False, b"")):
            taken, _ = webrequest.take(
                request(b"GET / HTTP/1.1", b"Accept-Encoding: " + value))
            self.assertEqual(taken.question.gzip, expected, value)

    def test_openmetrics(self):
        # What Prometheus 2.42 and 3.0 send.
        for value in (
                b"application/openmetrics-text;version=1.0.0,"
                b"application/openmetrics-text;version=0.0.1;q=0.75,"
                b"text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                b"application/openmetrics-text;version=1.0.0;"
                b"escaping=allow-utf-8;q=0.6,text/plain;q=0.3,*/*;q=0.2"):
            taken, _ = webrequest.take(
                request(b"GET / HTTP/1.1", b"Accept: " + value))
            self.assertTrue(taken.question.openmetrics)
        taken, _ = webrequest.take(
            request(b"GET / HTTP/1.1", b"Accept: text/html, */*"))
        self.assertFalse(taken.question.openmetrics)

    def test_empty_body(self):
        self.assertIsNotNone(webrequest.take(
            request(b"GET / HTTP/1.1", b"Content-Length: 0")))


class RefuseTest(kit.TestCase):

    def check(self, status, data):
        with self.assertRaises(webrequest.Refused) as caught:
            webrequest.take(data)
        self.assertEqual(caught.exception.status, status, data)
        self.assertNotIn("\n", caught.exception.reason)

    def test_no_sense(self):
        for line in (b"GET /", b"GET  / HTTP/1.1", b"GET / HTTP/1.1 ",
                     b"GET / http/1.1", b"GET /\x00 HTTP/1.1",
                     b"GET /\xc3\xa4 HTTP/1.1", b"GET / HTTP/11",
                     b"GET / x HTTP/1.1", b"GET * HTTP/1.1",
                     b"GET x HTTP/1.1", b"GET http:///x HTTP/1.1",
                     b"G@T / HTTP/1.1"):
            self.check(400, request(line))

    def test_not_http_is_refused_at_once(self):
        # A TLS client, a space, an empty line too many.
        for data in (b"\x16\x03\x01", b" ", b"\r\n\r\n", b"\x00", b"\xff"):
            self.check(400, data)

    def test_lines_without_cr(self):
        self.check(400, b"GET / HTTP/1.1\n")
        self.check(400, b"GET / HTTP/1.1\r\nHost: x\n\r\n\r\n")

    def test_fields(self):
        for field in (b"no colon", b": x", b"A : x", b" A: folded", b"A: \x00",
                      b"A: \x7f", b"A: \rx", b"\xc3\xa4: x"):
            self.check(400, request(b"GET / HTTP/1.1", field))

    def test_host(self):
        self.check(400, b"GET / HTTP/1.1\r\n\r\n")
        self.check(400, request(b"GET / HTTP/1.1", b"host: y"))

    def test_method(self):
        for method in (b"POST", b"PUT", b"OPTIONS", b"get", b"CONNECT"):
            self.check(405, request(method + b" / HTTP/1.1"))

    def test_version(self):
        for version in (b"2.0", b"0.9", b"3.1"):
            self.check(505, request(b"GET / HTTP/" + version))
        self.check(505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")

    def test_body(self):
        for status, field in (
                (413, b"Content-Length: 1"), (413, b"Content-Length: 007"),
                (413, b"Transfer-Encoding: chunked"),
                (413, b"Transfer-Encoding: identity"),
                (400, b"Content-Length: -1"), (400, b"Content-Length: +0"),
                (400, b"Content-Length: "), (400, b"Content-Length: 0, 0"),
                (400, b"Content-Length: 0\r\nContent-Length: 0")):
            self.check(status, request(b"GET / HTTP/1.1", field))

    def test_long_line(self):
        self.check(414, b"GET /" + b"a" * webrequest.MAX_LINE)
        self.check(414, request(b"GET /" + b"a" * webrequest.MAX_LINE +
                                b" HTTP/1.1"))

    def test_long_request(self):
        begun = request()[:-2] + b"A: " + b"a" * webrequest.MAX_HEAD
        self.check(431, begun)
        self.check(431, begun + b"\r\n\r\n")

    def test_many_fields(self):
        self.check(431, request(
            b"GET / HTTP/1.1", *[b"A: b"] * webrequest.MAX_FIELDS))


class FuzzTest(kit.TestCase):

    def test_no_bytes_do_harm(self):
        rng = kit.rng("webrequest")
        outcomes = {}
        for _ in range(10000):
            data = self.mutated(rng) if rng.random() < 0.5 else b"".join(
                rng.choice(PIECES) for _ in range(rng.randrange(1, 20)))
            outcome = self.outcome(data)
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
        # It has got everywhere.
        for outcome in ("incomplete", "taken", 400, 405, 413, 414, 505):
            self.assertIn(outcome, outcomes)

    def mutated(self, rng):
        data = bytearray(request(
            rng.choice((b"GET /metrics HTTP/1.1", b"HEAD / HTTP/1.0")),
            b"Accept: a/b;q=0.5, */*", b"Accept-Encoding: gzip, br;q=0",
            b"Connection: keep-alive",
            b"Content-Length: " + rng.choice((b"0", b"7"))))
        for _ in range(rng.randrange(4)):
            at = rng.randrange(len(data))
            data[at:at + rng.randrange(3)] = bytearray(
                rng.randrange(256) for _ in range(rng.randrange(3)))
        return bytes(data)

    def outcome(self, data):
        try:
            taken = webrequest.take(data)
        except webrequest.Refused as e:
            self.assertIn(e.status, (400, 405, 413, 414, 431, 505))
            return e.status
        if taken is None:
            self.assertLess(len(data), webrequest.MAX_HEAD + 4)
            return "incomplete"
        self.assertTrue(taken[0].question.path.startswith("/"))
        self.assertTrue(data.endswith(taken[1]))
        return "taken"

    def test_early_as_late(self):
        # What is refused by a part is refused as a whole.
        rng = kit.rng("webrequest early")
        for _ in range(500):
            data = self.mutated(rng)
            for end in range(len(data)):
                if isinstance(self.outcome(data[:end]), int):
                    self.assertIsInstance(self.outcome(data), int, data)

    def test_no_bytes_take_long(self):
        # Each is as long as may be, and made for expressions that look at
        # the same bytes again and again.
        for field in (b"A:" + b" " * 16000 + b"\x00",
                      b"A:" + b" \t" * 8000 + b"x" + b"\x7f",
                      b"Accept: " + b"," * 16000,
                      b"Accept: x" + b";q=0" * 4000,
                      b"Content-Length: " + b"0" * 15000 + b"x",
                      b"a" * 16000):
            began = clock.monotonic()
            self.outcome(request(b"GET / HTTP/1.1", field))
            self.assertLess(clock.monotonic() - began, 0.5)
