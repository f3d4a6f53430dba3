# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A web client for tests, which can be as bad as they want.
"""

from __future__ import absolute_import, division, print_function

import collections
import socket

import kit

Answer = collections.namedtuple("Answer", "status headers body")


class Client(object):
    """
    One connection.
    """

    def __init__(self, port, host="127.0.0.1", context=None):
        """
        context: an ssl.SSLContext, or None.
        """
        self._sock = socket.create_connection((host, port), kit.PATIENCE)
        if context is not None:
            self._sock = context.wrap_socket(
                self._sock, server_hostname=host)
        self.data = b""

    def send(self, data):
        self._sock.sendall(data)

    def whisper(self, data):
        """
        Send it, and do not mind if the server has had enough of us.
        """
        try:
            self.send(data)
        except EnvironmentError:
            pass

    def get(self, path, *fields):
        """
        Return the Answer to a request.
        """
        lines = ("GET %s HTTP/1.1" % path, "Host: localhost")
        lines += fields + ("", "")
        self.send("\r\n".join(lines).encode())
        return self.answer()

    def answer(self):
        """
        Return the next Answer; None if there is none, but the end.
        """
        while b"\r\n\r\n" not in self.data:
            if not self._receive():
                return None
        head, _, self.data = self.data.partition(b"\r\n\r\n")
        lines = head.decode("ascii").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:])
        length = int(headers["Content-Length"])
        while len(self.data) < length:
            assert self._receive(), "the answer was cut"
        body, self.data = self.data[:length], self.data[length:]
        return Answer(int(lines[0].split()[1]), headers, body)

    def is_closed(self):
        """
        Wait until the server closes it, and return True.
        """
        while self._receive():
            pass
        return True

    def close(self):
        self._sock.close()

    def _receive(self):
        try:
            data = self._sock.recv(65536)
        except socket.timeout:
            raise AssertionError("gave up waiting for the server")
        except EnvironmentError:
            # It was cut off.
            return False
        self.data += data
        return bool(data)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


def get(port, path, *fields, **kwargs):
    """
    Return the Answer to one request.
    """
    with Client(port, **kwargs) as client:
        return client.get(path, *fields)


def port(server):
    """
    Return the port of a webserver.WebServer.
    """
    return int(server.url.rstrip("/").rpartition(":")[2])
