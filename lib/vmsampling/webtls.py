# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
TLS for a web server: its certificate, and which clients it lets in. The files
are read again when they change, so that they can be renewed while it runs.
"""

from __future__ import absolute_import, division, print_function

import logging
import os
import ssl

from threadpool import throttle
from vmsampling import errors

log = logging.getLogger("vmsampling.webtls")

# Seconds between two looks at the files.
_INTERVAL = 1.0

_CERTIFICATE = (b"-----BEGIN CERTIFICATE-----",
                b"-----BEGIN TRUSTED CERTIFICATE-----")
_KEY = (b"PRIVATE KEY-----",)


class _Plain(object):
    """
    No TLS.
    """

    secure = False

    def load(self):
        """
        Nothing.
        """

    def is_due(self, now):
        return False

    def wrap(self, sock):
        return sock


NONE = _Plain()


class Certificates(object):
    """
    Thread: the server's, but for what says otherwise.
    """

    secure = True

    def __init__(self, certificate, key=None, client_ca=None):
        """
        Paths of files in PEM format.

        certificate: the server's, followed by those between it and a root.
        key: None if it is in that file as well.
        client_ca: who signs the certificates that clients need; None: they
            need none.
        """
        self._certificate = certificate
        self._key = key or certificate
        self._client_ca = client_ca
        # None before load(). Replaced, never changed.
        self._context = None
        # What the files looked like when they were read. Of the worker.
        self._loaded = None
        self._throttle = throttle.Throttle(interval=60.0)
        self._next = 0.0

    def load(self):
        """
        Read the files. Raises BadFile. Thread: who starts the server, then a
        worker.
        """
        seen = self._look()
        self._context = self._read()
        self._loaded = seen

    def is_due(self, now):
        """
        Return whether it is time for refresh().
        """
        if now < self._next:
            return False
        self._next = now + _INTERVAL
        return True

    def refresh(self):
        """
        Read the files if they have changed. If they are wrong the old ones
        are used until they are right. Thread: a worker.
        """
        try:
            if self._look() == self._loaded:
                return
            self.load()
        except errors.BadFile as e:
            suppressed = self._throttle.admit()
            if suppressed is not None:
                log.error("The old certificates are used: %s (%d more not "
                          "logged)", e, suppressed)
        else:
            log.info("Read the certificates again")

    def wrap(self, sock):
        """
        Return an ssl.SSLSocket, before its handshake.
        """
        return self._context.wrap_socket(
            sock, server_side=True, do_handshake_on_connect=False)

    def _files(self):
        return [path for path in (
            self._certificate, self._key, self._client_ca) if path]

    def _look(self):
        found = []
        for path in self._files():
            try:
                status = os.stat(path)
            except EnvironmentError as e:
                raise errors.BadFile(path, "cannot be read: " + e.strerror)
            found.append((status.st_ino, status.st_mtime, status.st_size))
        return found

    def _read(self):
        # ssl's own errors do not name the file.
        _check(self._certificate, _CERTIFICATE, "certificate")
        _check(self._key, _KEY, "private key")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        _only_modern(context)
        passwords = []
        try:
            # Otherwise OpenSSL would ask on the terminal.
            context.load_cert_chain(
                self._certificate, self._key,
                lambda: passwords.append(b"") or b"")
        except ssl.SSLError as e:
            if passwords:
                raise errors.BadFile(
                    self._key, "is encrypted; it must be without a password")
            raise errors.BadFile(self._key, "does not go with %s: %s" % (
                self._certificate, e.reason or e))
        except EnvironmentError as e:
            raise errors.BadFile(self._certificate, str(e))
        if self._client_ca:
            _check(self._client_ca, _CERTIFICATE, "certificate")
            try:
                context.load_verify_locations(self._client_ca)
            except EnvironmentError as e:
                raise errors.BadFile(self._client_ca, str(e))
            context.verify_mode = ssl.CERT_REQUIRED
        return context


def _only_modern(context):
    """
    TLS 1.2 and later, without renegotiation.
    """
    if hasattr(ssl, "TLSVersion"):
        context.minimum_version = ssl.TLSVersion.TLSv1_2
    else:
        # Python 3.6.
        context.options |= ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1
    context.options |= getattr(ssl, "OP_NO_RENEGOTIATION", 0)


def _check(path, signs, what):
    try:
        with open(path, "rb") as stream:
            content = stream.read()
    except EnvironmentError as e:
        raise errors.BadFile(path, "cannot be read: " + e.strerror)
    if not any(sign in content for sign in signs):
        raise errors.BadFile(path, "has no %s in PEM format" % what)
