# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Connections to libvirt, each with one call in flight at most.

One thread of a shared connection runs its socket for all; when that one's own
call hangs, calls of the others may hang with it. So a connection is borrowed
for a call and given back after it:

    with connections.lend(say) as connection:
        connection.virt.domainListGetStats(...)

A connection whose call came back late, or that broke, is not used again. The
one with a call that hangs stays with that call: closing it from elsewhere
could hang as well.
"""

from __future__ import absolute_import, division, print_function

import contextlib
import logging
import threading

import libvirt

from threadpool import clock as _clock
from vmsampling import events

log = logging.getLogger("vmsampling.connection")

# A server that does not answer in 3 times 5 seconds is given up. Not for
# local connections of workers: their sockets end with the server, and a call
# that hangs in a QEMU is only repeated, to hang again, if we give it up.
KEEPALIVE = (5, 3)

# Seconds between two connections that are opened for questions. One is needed
# where another call hangs, and calls that hang must not come to libvirtd at
# once: its pool of workers does not grow as it should then (20 at once leave
# it at 7; 50 ms apart they get 20).
SPACING = 0.05

# Transports that end on this machine. An "ext" program goes wherever it
# likes.
_LOCAL_TRANSPORTS = ("", "unix")

# What a user can do about an error of the first connection.
_REMEDIES = (
    (("No such file or directory", "Connection refused"),
     "is libvirtd running?"),
    (("Permission denied", "authentication", "access denied"),
     "run as root, or as a member of the group libvirt"),
    (("no connection driver", "URI", "parse"), "check the URI"),
)

# libvirt's codes for a URI that it does not understand, or has no driver for.
_BAD_URI = (libvirt.VIR_ERR_INVALID_ARG, libvirt.VIR_ERR_NO_CONNECT)


class Connection(object):
    """
    A libvirt connection and the domain objects that belong to it.
    """

    def __init__(self, virt, generation=0, loop=None):
        """
        loop: what runs libvirt's events while it is open; None: ours.
        """
        # The libvirt.virConnect.
        self.virt = virt
        self._loop = loop
        # See Connections.drop().
        self.generation = generation
        # uuid -> libvirt.virDomain.
        self._domains = {}
        self._driver = None

    @property
    def driver(self):
        """
        The name of libvirt's driver, such as "QEMU". Raises libvirtError.
        """
        if self._driver is None:
            self._driver = self.virt.getType()
        return self._driver

    def domain(self, uuid):
        """
        Return the domain, looked up once per connection: a round trip to
        libvirtd, which does not ask the VM. Raises libvirtError.
        """
        domain = self._domains.get(uuid)
        if domain is None:
            domain = self.virt.lookupByUUIDString(uuid)
            self._domains[uuid] = domain
        return domain

    def trim(self, uuids):
        """
        Forget the domains that are gone, once there are too many.
        """
        if len(self._domains) > len(uuids):
            for uuid in set(self._domains).difference(uuids):
                del self._domains[uuid]

    def close(self):
        """
        Close it. May hang if the server does: only for threads of a pool.
        """
        # Each of them holds the connection open.
        self._domains.clear()
        try:
            self.virt.close()
        except libvirt.libvirtError as e:
            log.debug("closing: %s", e)
        finally:
            (self._loop or events.loop).release()


class Connections(object):
    """
    The free connections to one libvirt.
    """

    def __init__(self, uri, readonly=True, late=1.0, clock=_clock.monotonic,
                 loop=None):
        """
        late: seconds after which a connection is not used again.
        loop: as for Connection.
        """
        self.uri = uri
        self._readonly = readonly
        self._late = late
        self._clock = clock
        self._loop = loop
        self._remote = is_remote(uri)
        # The UUIDs that there are, never changed but replaced by keep().
        self._uuids = frozenset()
        # All below changes under the lock; libvirt is called outside it.
        self._lock = threading.Lock()
        # Used last in, first out, so that those opened in a bad hour rest.
        self._free = []
        # Connections to be closed by whoever calls sweep().
        self._dropped = []
        # When the next one may be opened for a question.
        self._turn = clock()
        # Connections of an earlier generation are not taken back.
        self._generation = 0
        self._closed = False

    def open(self, keepalive=False):
        """
        Return a new connection of the caller's own. May hang. Raises
        libvirtError.
        """
        with self._lock:
            generation = self._generation
        loop = self._loop or events.loop
        # Held until Connection.close().
        loop.acquire()
        try:
            virt = open_virt(self.uri, self._readonly)
        except libvirt.libvirtError:
            loop.release()
            raise
        if keepalive or self._remote:
            _keep_alive(virt)
        return Connection(virt, generation, self._loop)

    @contextlib.contextmanager
    def lend(self, say):
        """
        Lend a connection that nobody else uses; may open one, saying so by
        say(text) before. Raises libvirtError.
        """
        began = self._clock()
        connection = self._take()
        if connection is None:
            say("open(%s)" % self.uri)
            pause(self._until_turn())
            connection = self.open()
        try:
            yield connection
        finally:
            late = self._clock() - began > self._late
            self._give_back(connection, late)

    def keep(self, uuids):
        """
        These are the VMs that there are: let go of all others.
        """
        self._uuids = frozenset(uuids)

    def drop(self):
        """
        The server went away: use none of the connections of before. They
        are closed when they come back, the free ones by sweep().
        """
        with self._lock:
            self._generation += 1
            self._dropped.extend(self._free)
            del self._free[:]

    def sweep(self):
        """
        Close what was dropped. May hang; thread: of a pool.
        """
        while True:
            with self._lock:
                if not self._dropped:
                    return
                connection = self._dropped.pop()
            connection.close()

    def close(self):
        """
        Take no connection back from now on. Call sweep() after it.
        """
        with self._lock:
            self._closed = True
        self.drop()

    @property
    def free(self):
        return len(self._free)

    def _take(self):
        with self._lock:
            return self._free.pop() if self._free else None

    def _until_turn(self):
        """
        Return for how many seconds to wait before one is opened.
        """
        now = self._clock()
        with self._lock:
            turn = max(self._turn, now)
            self._turn = turn + SPACING
        return turn - now

    def _give_back(self, connection, late):
        if not late and is_alive(connection.virt):
            connection.trim(self._uuids)
            with self._lock:
                if (not self._closed and
                        connection.generation == self._generation):
                    self._free.append(connection)
                    return
        connection.close()


def pause(seconds):
    """
    Wait; thread: one of a pool.
    """
    if seconds > 0:
        threading.Event().wait(seconds)


def open_virt(uri, readonly):
    """
    Open a libvirt.virConnect; all of ours are opened here.
    """
    return libvirt.openReadOnly(uri) if readonly else libvirt.open(uri)


def is_alive(virt):
    """
    False if libvirt knows that the connection is broken. Asks nobody.
    """
    try:
        return virt.isAlive() == 1
    except libvirt.libvirtError:
        return False


def is_remote(uri):
    """
    True unless libvirt is on this machine for sure, so that the images that
    it names are the files that we see.
    """
    scheme, _, rest = (uri or "").partition(":")
    _, _, transport = scheme.partition("+")
    host = rest[2:].partition("/")[0] if rest.startswith("//") else ""
    return transport not in _LOCAL_TRANSPORTS or host != ""


def explain(error):
    """
    Turn an error of the first connection into one line for a user.
    """
    text = " ".join(str(error).split())
    for signs, remedy in _REMEDIES:
        if any(sign in text for sign in signs):
            return "%s; %s" % (text, remedy)
    return text


def is_hopeless(error):
    """
    Return whether an error of open_virt() says that the URI itself is wrong.
    """
    return (error.get_error_code() in _BAD_URI or
            error.get_error_domain() == libvirt.VIR_FROM_URI)


def _keep_alive(virt):
    try:
        virt.setKeepAlive(*KEEPALIVE)
    except libvirt.libvirtError as e:
        # Drivers inside the library have no server.
        log.debug("no keepalive: %s", e)
