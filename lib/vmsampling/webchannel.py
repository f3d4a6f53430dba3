# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A socket that never blocks, with TLS or without.
"""

from __future__ import absolute_import, division, print_function

import selectors
import socket
import ssl
import struct

# What a call returns that would have to wait.
LATER = object()

# Unsent bytes that the kernel may keep for a client.
_SEND_BUFFER = 262144

# Closing drops what was not sent.
_ABORT = struct.pack("ii", 1, 0)


class Channel(object):
    """
    Raises EnvironmentError, as sockets do. Thread: one at a time.
    """

    def __init__(self, sock):
        """
        sock: non-blocking; with TLS, an ssl.SSLSocket before its handshake.
        """
        self._sock = sock
        self.secure = isinstance(sock, ssl.SSLSocket)
        # After LATER: what to wait for, events of selectors. TLS may have to
        # write in order to read, and the other way round.
        self.events = 0
        self.fileno = sock.fileno
        self.close = sock.close
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)

    def handshake(self):
        """
        Return None, or LATER.
        """
        return self._try(selectors.EVENT_READ, self._sock.do_handshake)

    def receive(self, size):
        """
        Return bytes, none at the end; or LATER.
        """
        return self._try(selectors.EVENT_READ, self._sock.recv, size)

    def send(self, data):
        """
        Return how much was taken; or LATER.
        """
        return self._try(selectors.EVENT_WRITE, self._sock.send, data)

    def has_more(self):
        """
        Return whether something was received for which no event will come.
        """
        return self.secure and self._sock.pending() > 0

    def finish(self):
        """
        Send no more, not even by TLS.
        """
        socket.socket.shutdown(self._sock, socket.SHUT_WR)

    def skip(self, size):
        """
        Forget what the client still sends; False at the end of that.
        """
        return len(socket.socket.recv(self._sock, size)) > 0

    def drop(self):
        """
        Have the kernel forget what was not sent, when it is closed.
        """
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)

    def _try(self, events, call, *args):
        self.events = events
        try:
            return call(*args)
        except ssl.SSLWantReadError:
            self.events = selectors.EVENT_READ
        except ssl.SSLWantWriteError:
            self.events = selectors.EVENT_WRITE
        except BlockingIOError:
            # Of a socket without TLS.
            pass
        return LATER
