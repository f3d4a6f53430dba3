# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import errno
import socket
import unittest

import mock

import kit
from vmsampling import errors
from vmsampling import webaddress


def has_ipv6():
    try:
        webaddress.listen("[::1]:0").close()
        return True
    except errors.ListenFailed:
        return False


with_ipv6 = unittest.skipUnless(has_ipv6(), "no IPv6 here")


class WebAddressTest(kit.TestCase):

    def listen(self, address):
        sock = webaddress.listen(address)
        self.addCleanup(sock.close)
        return sock

    def connect(self, sock, host):
        client = socket.create_connection((host, sock.getsockname()[1]), 10)
        self.addCleanup(client.close)
        accepted, peer = sock.accept()
        self.addCleanup(accepted.close)
        return peer

    def check_error(self, address, reason):
        with self.assertRaises(errors.ListenFailed) as caught:
            self.listen(address)
        self.assertEqual(str(caught.exception), "cannot listen on %s: %s" % (
            address, reason))

    def test_ipv4(self):
        sock = self.listen("127.0.0.1:0")
        port = sock.getsockname()[1]
        peer = self.connect(sock, "127.0.0.1")
        self.assertEqual(webaddress.name(peer), "127.0.0.1:%d" % peer[1])
        self.assertEqual(webaddress.url(sock, False),
                         "http://127.0.0.1:%d/" % port)
        self.assertEqual(webaddress.url(sock, True),
                         "https://127.0.0.1:%d/" % port)

    @with_ipv6
    def test_ipv6(self):
        sock = self.listen("[::1]:0")
        peer = self.connect(sock, "::1")
        self.assertEqual(webaddress.name(peer), "[::1]:%d" % peer[1])
        self.assertEqual(webaddress.url(sock, False),
                         "http://[::1]:%d/" % sock.getsockname()[1])

    @with_ipv6
    def test_all(self):
        sock = self.listen(":0")
        self.connect(sock, "::1")
        self.connect(sock, "127.0.0.1")
        self.assertIn(socket.gethostname(), webaddress.url(sock, False))

    def test_all_without_ipv6(self):
        real = socket.socket

        def without(family, kind):
            if family == socket.AF_INET6:
                raise EnvironmentError(errno.EAFNOSUPPORT, "x")
            return real(family, kind)

        with mock.patch.object(webaddress.socket, "socket", without):
            sock = self.listen(":0")
        self.connect(sock, "127.0.0.1")

    def test_no_address(self):
        for address in ("", "9177", "127.0.0.1", "localhost:9177", "::1:9177",
                        "127.0.0.1:", "127.0.0.1:x", "[::1]", "*:9177",
                        "127.0.0.1:1000000", "127.0.0.1:65536", "a\nb:1",
                        "127.0.0.1:1\n2"):
            for call in (webaddress.check, webaddress.listen):
                with self.assertRaises(ValueError) as caught:
                    call(address)
                self.assertEqual(
                    str(caught.exception),
                    "like 127.0.0.1:9177, [::1]:9177 or :9177")

    def test_address(self):
        for address in ("127.0.0.1:9177", " [fe80::1%eth0]:1 ", ":65535"):
            webaddress.check(address)

    def test_no_such_number(self):
        for address in ("127.0.0.256:0", "1.2.3.4.5:0", "[:]:0", "[::1.]:0"):
            with self.assertRaises(errors.ListenFailed):
                self.listen(address)

    def test_not_ours(self):
        # Of the block for documentation.
        self.check_error("192.0.2.1:0", "this host has no such address")

    def test_taken(self):
        port = self.listen("127.0.0.1:0").getsockname()[1]
        self.check_error(
            "127.0.0.1:%d" % port, "another program listens there; --listen "
            "or [exporter] listen takes another address")

    def test_not_permitted(self):
        sock = mock.Mock()
        sock.bind.side_effect = EnvironmentError(errno.EACCES, "x")
        with mock.patch.object(webaddress.socket, "socket",
                               return_value=sock):
            self.check_error("127.0.0.1:80", "this user may not; take a port "
                             "from 1024 on")
        sock.close.assert_called_once_with()


class JudgeTest(kit.TestCase):

    def test_loopback(self):
        for address in ("127.0.0.1:9177", "[::1]:0", " 127.1.2.3:1"):
            is_ours = webaddress.judge(address)
            for name in (None, "localhost", "127.0.0.1", "[::1]",
                         "192.0.2.7", socket.gethostname().lower()):
                self.assertTrue(is_ours(name), name)
            for name in ("", "evil.example", "localhost.evil.example",
                         "127.0.0.1.evil.example", "127.0.0.1\n"):
                self.assertFalse(is_ours(name), name)

    def test_others(self):
        for address in (":9177", "192.0.2.7:1", "[2001:db8::1]:1",
                        "0.0.0.0:1"):
            self.assertIsNone(webaddress.judge(address))
