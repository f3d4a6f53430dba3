# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import zlib

import kit
from vmsampling import webresponse


class ResponseTest(kit.TestCase):

    def encoded(self, response, keep_alive=False, whole=True):
        """
        Return (first line, dict of headers, body).
        """
        head, _, body = b"".join(webresponse.encode(
            response, keep_alive, whole)).partition(b"\r\n\r\n")
        lines = head.decode("ascii").split("\r\n")
        return lines[0], dict(
            line.split(": ", 1) for line in lines[1:]), body

    def test_line(self):
        line, headers, body = self.encoded(
            webresponse.line(404, "there is no such page"))
        self.assertEqual(line, "HTTP/1.1 404 Not Found")
        self.assertEqual(body, b"there is no such page\n")
        self.assertEqual(headers["Content-Length"], str(len(body)))
        self.assertEqual(headers["Connection"], "close")
        self.assertTrue(headers["Content-Type"].startswith("text/plain"))
        self.assertTrue(headers["Date"].endswith(" GMT"))

    def test_security(self):
        _, headers, _ = self.encoded(webresponse.line(200, "x"))
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(headers["X-Frame-Options"], "DENY")
        self.assertIn("default-src 'none'",
                      headers["Content-Security-Policy"])
        self.assertNotIn("Server", headers)

    def test_headers_of_a_route_win(self):
        _, headers, _ = self.encoded(webresponse.Response(
            200, "text/html", b"", (("Content-Security-Policy", "x"),)))
        self.assertEqual(headers["Content-Security-Policy"], "x")

    def test_keep_alive(self):
        _, headers, _ = self.encoded(webresponse.line(200, "x"), True)
        self.assertEqual(headers["Connection"], "keep-alive")

    def test_without_body(self):
        _, headers, body = self.encoded(
            webresponse.line(200, "x"), whole=False)
        self.assertEqual((headers["Content-Length"], body), ("2", b""))

    def test_long_body_is_not_copied(self):
        response = webresponse.Response(200, "text/plain", b"x" * 10 ** 6)
        self.assertIs(
            webresponse.encode(response, True, True)[1], response.body)

    def test_gzip(self):
        plain = webresponse.Response(
            200, "text/plain", b"abc" * 1000, (("A", "b"),))
        zipped = webresponse.zipped(plain)
        self.assertLess(len(zipped.body), 100)
        self.assertEqual(zlib.decompress(zipped.body, 31), plain.body)
        _, headers, _ = self.encoded(zipped)
        self.assertEqual(headers["Content-Encoding"], "gzip")
        self.assertEqual(headers["A"], "b")
        self.assertEqual(headers["Vary"], "Accept, Accept-Encoding")

    def test_short_answers_stay_as_they_are(self):
        plain = webresponse.line(200, "abc")
        self.assertIs(webresponse.zipped(plain), plain)
