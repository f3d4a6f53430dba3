# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Where a web server listens: "127.0.0.1:9177", "[::1]:9177", or ":9177" for all
addresses of this host, IPv4 and IPv6. No names: which of its addresses is
meant would be a guess.
"""

from __future__ import absolute_import, division, print_function

import errno
import re
import socket

from vmsampling import errors

_ADDRESS = re.compile(
    r"(?P<host>\[[0-9A-Fa-f:.]+(?:%[!-Z^-~]+)?\]|[0-9.]*):"
    r"(?P<port>[0-9]{1,5})\Z")

_LAST_PORT = 65535

# Of a loopback address to listen at, and of a client's field Host.
_LOOPBACK = re.compile(r"127\.|\[::1\]")
_NUMERIC = re.compile(r"(?:\[[0-9a-f:.]+\]|[0-9]+(?:\.[0-9]+){3})\Z")

# Connections that wait until we have a moment for them.
_BACKLOG = 128

_REMEDIES = {
    errno.EADDRINUSE: "another program listens there; --listen or [exporter] "
                      "listen takes another address",
    errno.EACCES: "this user may not; take a port from 1024 on",
    errno.EADDRNOTAVAIL: "this host has no such address",
}


def check(address):
    """
    Raise a ValueError that says what an address must be.
    """
    match = _ADDRESS.match(address.strip())
    if match is None or int(match.group("port")) > _LAST_PORT:
        raise ValueError("like 127.0.0.1:9177, [::1]:9177 or :9177")


def judge(address):
    """
    Return a function that says whether a client means us by this name, or
    None if any name may be ours.

    A page of any site can have a browser on this host, or at the end of a
    tunnel to it, read what listens on a loopback address: by a name that
    first means that site, and then 127.0.0.1. Only names can do that.
    """
    host = _ADDRESS.match(address.strip()).group("host")
    return _is_local if _LOOPBACK.match(host) else None


def _is_local(name):
    return (name is None or name == "localhost" or
            bool(_NUMERIC.match(name)) or
            name == socket.gethostname().lower())


def listen(address):
    """
    Return a socket that listens there and never blocks. Raises ListenFailed,
    and the ValueError of check().
    """
    check(address)
    match = _ADDRESS.match(address.strip())
    host, port = match.group("host").strip("[]"), int(match.group("port"))
    try:
        if not host:
            return _listen_everywhere(port)
        family, _, _, _, resolved = socket.getaddrinfo(
            host, port, 0, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST)[0]
        return _listen(family, resolved)
    except EnvironmentError as e:
        raise errors.ListenFailed(
            address, _REMEDIES.get(e.errno) or e.strerror or str(e))


def url(sock, secure):
    """
    Return the URL of what listens there.
    """
    host, port = sock.getsockname()[:2]
    if host in ("::", "0.0.0.0"):
        host = socket.gethostname()
    elif ":" in host:
        host = "[%s]" % host
    return "%s://%s:%d/" % ("https" if secure else "http", host, port)


def name(peer):
    """
    Return the address of a client as text.
    """
    host, port = peer[:2]
    return ("[%s]:%d" if ":" in host else "%s:%d") % (host, port)


def _listen_everywhere(port):
    try:
        return _listen(socket.AF_INET6, ("::", port), both=True)
    except EnvironmentError as e:
        if e.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
            raise
        # This host has no IPv6.
        return _listen(socket.AF_INET, ("0.0.0.0", port))


def _listen(family, address, both=False):
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        # A restart does not wait for connections of before.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(
                socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if both else 1)
        sock.bind(address)
        sock.listen(_BACKLOG)
        sock.setblocking(False)
    except:  # NOQA: E722 (closes what was begun, the error goes on)
        sock.close()
        raise
    return sock
