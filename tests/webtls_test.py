# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import logging
import os
import socket
import ssl
import unittest

import kit
import webcerts
import webclient
from vmsampling import errors

weblink = kit.modern("vmsampling.weblink")
webresponse = kit.modern("vmsampling.webresponse")
webserver = kit.modern("vmsampling.webserver")
webtls = kit.modern("vmsampling.webtls")

PATIENCE = weblink.Patience(*[600.0] * 5)


CERTS = webcerts.Folder()


def setUpModule():
    if webcerts.OPENSSL is None:
        raise unittest.SkipTest("no openssl here")
    CERTS.create()
    CERTS.make("ca")
    for name in ("server", "other", "client"):
        CERTS.make(name, "ca")
    CERTS.make("foreign")


def tearDownModule():
    CERTS.remove()


class TestCase(kit.TestCase):

    def read(self, *names):
        return "".join(CERTS.read(name) for name in names)


class FilesTest(TestCase):

    def check(self, path, reason, **files):
        certificates = webtls.Certificates(**dict(
            dict(certificate=CERTS.path("server.crt"),
                 key=CERTS.path("server.key")), **files))
        with self.assertRaises(errors.BadFile) as caught:
            certificates.load()
        self.assertTrue(
            str(caught.exception).startswith("%s: %s" % (path, reason)),
            caught.exception)
        self.assertNotIn("\n", str(caught.exception))

    def test_missing(self):
        path = CERTS.path("nowhere")
        for name in ("certificate", "key", "client_ca"):
            self.check(path, "cannot be read: No such file", **{name: path})

    def test_folder(self):
        self.check(CERTS.folder, "cannot be read: Is a directory",
                   certificate=CERTS.folder)

    def test_wrong_content(self):
        path = CERTS.write("junk", "junk")
        self.check(path, "has no certificate in PEM", certificate=path)
        self.check(path, "has no private key in PEM", key=path)
        self.check(path, "has no certificate in PEM", client_ca=path)
        key = CERTS.path("server.key")
        self.check(key, "has no certificate in PEM", certificate=key)

    def test_broken_content(self):
        lines = self.read("server.crt").splitlines()
        path = CERTS.write("broken", "\n".join(lines[:3] + lines[-1:]))
        self.check(CERTS.path("server.key"), "does not go with " + path,
                   certificate=path)
        self.check(path, "", client_ca=path)

    def test_key_of_another_one(self):
        key = CERTS.path("other.key")
        self.check(key, "does not go with %s: KEY_VALUES_MISMATCH" %
                   CERTS.path("server.crt"), key=key)

    def test_encrypted_key(self):
        path = CERTS.encrypt("server.key", "secret.key")
        self.check(path, "is encrypted", key=path)

    def test_both_in_one_file(self):
        path = CERTS.write("both", self.read("server.crt", "server.key"))
        webtls.Certificates(path).load()

    def test_no_file_of_the_server(self):
        server = webserver.WebServer(
            "127.0.0.1:0", {}, webtls.Certificates("/nowhere"))
        with self.assertRaises(errors.BadFile):
            server.start()


class ServerTest(TestCase):

    def start(self, client_ca=None):
        self.files = [CERTS.write("in-use.crt", self.read("server.crt")),
                      CERTS.write("in-use.key", self.read("server.key"))]
        self.certificates = webtls.Certificates(
            self.files[0], self.files[1], client_ca)
        server = webserver.WebServer(
            "127.0.0.1:0", {"/": lambda question: webresponse.Response(
                200, "text/plain", b"x" * 10 ** 6)},
            self.certificates, places=4, patience=PATIENCE)
        server.start()
        self.addCleanup(server.stop)
        self.port = webclient.port(server)
        return server

    def context(self, name=None):
        context = ssl.create_default_context(
            cafile=CERTS.path("ca.crt"))
        context.check_hostname = False
        if name is not None:
            context.load_cert_chain(CERTS.path(name + ".crt"),
                                    CERTS.path(name + ".key"))
        return context

    def get(self, context):
        return webclient.get(self.port, "/", context=context)

    def test_get(self):
        server = self.start()
        self.assertTrue(server.url.startswith("https://"))
        self.assertEqual(self.get(self.context()).body, b"x" * 10 ** 6)

    def test_keep_alive(self):
        self.start()
        with webclient.Client(self.port, context=self.context()) as client:
            for _ in range(3):
                self.assertEqual(client.get("/").status, 200)

    @unittest.skipUnless(hasattr(ssl, "TLSVersion"), "Python 3.6")
    def test_old_protocol(self):
        self.start()
        context = self.context()
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        self.check_refused(context)

    @unittest.skipUnless(hasattr(ssl, "OP_NO_RENEGOTIATION"), "Python 3.6")
    def test_only_modern(self):
        self.start()
        context = self.certificates._context
        self.assertEqual(context.minimum_version, ssl.TLSVersion.TLSv1_2)
        self.assertTrue(context.options & ssl.OP_NO_RENEGOTIATION)

    def test_client_certificate(self):
        self.start(client_ca=CERTS.path("ca.crt"))
        self.assertEqual(self.get(self.context("client")).status, 200)
        with kit.logs("vmsampling.weblinks") as logs:
            self.check_refused(self.context())
            kit.eventually(lambda: logs.at(logging.INFO))
        self.assertIn(": TLS: ", logs.at(logging.INFO)[0])
        self.check_refused(self.context("foreign"))

    def check_refused(self, context):
        # With TLS 1.3 the client only hears of it when it reads.
        try:
            answer = self.get(context)
        except EnvironmentError:
            return
        self.assertIsNone(answer)

    def test_without_tls(self):
        self.start()
        with webclient.Client(self.port) as client:
            client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertTrue(client.is_closed())
        self.assertEqual(self.get(self.context()).status, 200)

    def test_handshakes_that_do_not_end(self):
        self.start()
        slow = [webclient.Client(self.port) for _ in range(20)]
        for client in slow:
            self.addCleanup(client.close)
            client.whisper(b"\x16\x03\x01")
        for _ in range(5):
            self.assertEqual(self.get(self.context()).status, 200)

    def test_new_certificate(self):
        self.start()
        before = self.serial()
        CERTS.write("in-use.crt", self.read("other.crt"))
        # Half of it is done.
        with kit.logs("vmsampling.webtls") as logs:
            self.certificates.refresh()
            self.certificates.refresh()
        self.assertEqual(len(logs.at(logging.ERROR)), 1)
        self.assertEqual(self.serial(), before)
        CERTS.write("in-use.key", self.read("other.key"))
        with kit.logs("vmsampling.webtls") as logs:
            self.certificates.refresh()
            self.certificates.refresh()
        self.assertEqual(len(logs.at(logging.INFO)), 1)
        self.assertNotEqual(self.serial(), before)

    def test_files_are_looked_at_when_clients_come(self):
        self.start()
        before = self.serial()
        CERTS.write("in-use.crt", self.read("other.crt"))
        CERTS.write("in-use.key", self.read("other.key"))
        self.certificates._next = 0.0
        self.serial()
        kit.eventually(lambda: self.serial() != before, "the new one")

    def test_files_vanish(self):
        self.start()
        os.unlink(self.files[0])
        with kit.logs("vmsampling.webtls") as logs:
            self.certificates.refresh()
        self.assertEqual(len(logs.at(logging.ERROR)), 1)
        self.assertEqual(self.get(self.context()).status, 200)

    def serial(self):
        with socket.create_connection(("127.0.0.1", self.port), 20) as raw:
            with self.context().wrap_socket(raw) as sock:
                return sock.getpeercert()["serialNumber"]

    def test_not_more_often_than_each_second(self):
        certificates = webtls.Certificates("x")
        due = [certificates.is_due(1000.0 + tenths / 10.0)
               for tenths in range(30)]
        self.assertEqual(sum(due), 3)
