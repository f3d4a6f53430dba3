# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Clients as nobody wants them, in a process of their own:

    abuse.py PORT SLOW BAD SEED

keeps so many slow ones, which come again when they are thrown out, and sends
so many bad requests as fast as it can, each on a connection of its own. Then
it says as JSON how often each status was the answer, and how often a slow
client was thrown out; it goes on with these until its standard input ends.
"""

from __future__ import absolute_import, division, print_function

import collections
import json
import random
import select
import socket
import sys

_GOOD = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"

# What slow clients send at once, and byte by byte after that; b"" is silence.
_SLOW = (
    (b"", b""),
    (b"", _GOOD),
    (b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n", b"X: " + b"a" * 10000),
    # They do not take the answer.
    (_GOOD, b""),
    # They take some, and want it again.
    (_GOOD, _GOOD * 100),
)

_PIECES = (
    b"GET", b"POST", b" ", b"/", b"/metrics", b"HTTP/1.1", b"HTTP/3.0",
    b"\r\n", b"\n", b"\r\n\r\n", b"Host: x", b"Content-Length: 5", b"\x00",
    b"Transfer-Encoding: chunked", b"\xff" * 50, b"a" * 9000, b"../" * 50,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"PRI * HTTP/2.0\r\n",
)

# Bad requests between two bytes of each slow client.
_BETWEEN = 100


class Slow(object):
    """
    One slow client.
    """

    def __init__(self, port, rng):
        self._port = port
        self._rng = rng
        self._sock = None
        self._rest = b""
        self.thrown_out = -1

    def step(self):
        """
        Send a byte, or come again.
        """
        try:
            if self._sock is None:
                self._begin()
            if self._rest:
                self._sock.send(self._rest[:1])
                self._rest = self._rest[1:]
            if not self._sock.recv(1):
                self._end()
        except BlockingIOError:
            pass
        except EnvironmentError:
            self._end()

    def _begin(self):
        self.thrown_out += 1
        self._sock = socket.create_connection(("127.0.0.1", self._port), 10)
        first, self._rest = self._rng.choice(_SLOW)
        self._sock.sendall(first)
        self._sock.setblocking(False)

    def _end(self):
        if self._sock is not None:
            self._sock.close()
        self._sock = None


def bad(port, rng):
    """
    Send a bad request; return the status of the answer, or what else came.
    """
    data = b"".join(rng.choice(_PIECES) for _ in range(rng.randrange(1, 12)))
    try:
        with socket.create_connection(("127.0.0.1", port), 10) as sock:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            answer = sock.recv(65536)
    except socket.timeout:
        return "timeout"
    except EnvironmentError:
        return "reset"
    return answer[9:12].decode("ascii") or "closed"


def main(port, slow, count, seed):
    rng = random.Random(seed)
    clients = [Slow(port, rng) for _ in range(slow)]
    found = collections.Counter()
    for number in range(count):
        if number % _BETWEEN == 0:
            for client in clients:
                client.step()
        found[bad(port, rng)] += 1
    print(json.dumps({
        "answers": found,
        "thrown_out": sum(client.thrown_out for client in clients)}))
    sys.stdout.flush()
    while not select.select([sys.stdin], [], [], 0.1)[0]:
        for client in clients:
            client.step()


if __name__ == "__main__":
    main(*[int(word) for word in sys.argv[1:]])
