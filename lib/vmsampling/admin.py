# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What libvirtd says of its own limits, on its admin socket.

Python has no binding for that; virt-admin, of the package libvirt-clients, is
run for it. It may hang with libvirtd, so it is killed after some time:

    place = admin.find(uri)
    answer = admin.ask(place, seconds=3.0)
    answer.limits.get("maxWorkers")
"""

from __future__ import absolute_import, division, print_function

import collections
import errno
import os
import re
import select
import subprocess

from six.moves.urllib import parse

from threadpool import clock
from vmsampling import connection

# uri: of the admin server; daemon: the name of the daemon and of its server;
# conf: its configuration file, None if that is not known.
Place = collections.namedtuple("Place", "uri daemon conf")

# limits: virt-admin's own names -> numbers; refusal: what it complained of,
# or None.
Answer = collections.namedtuple("Answer", "limits refusal")

# It has no admin API, but a default.
MAX_CLIENT_REQUESTS = "max_client_requests"
DEFAULT_CLIENT_REQUESTS = 5

NO_PROGRAM = "there is no virt-admin"
NO_ANSWER = "no answer within %g s"
# A daemon cuts off a user whom it does not let in; virt-admin then complains
# of that, or is ended by SIGPIPE before it can.
CUT_OFF = "virt-admin was cut off"

_RUN = "/run/libvirt"
_RUNS = (_RUN, "/var/run/libvirt")

_NUMBER = re.compile(r"\s*(\w+)\s*:\s*([0-9]{1,18})\s*$")
_SOCKET = re.compile(r"(libvirt|virt[a-z]+d)-sock(-ro)?$")
_SETTING = re.compile(
    r"\s*" + MAX_CLIENT_REQUESTS + r"\s*=\s*([0-9]{1,18})\s*(#.*)?$")

# More than all that it says.
_MAX_OUTPUT = 65536

# What a line has room for.
_MAX_QUOTE = 100


def find(uri, environ=os.environ, uid=None, exists=os.path.exists):
    """
    Return the Place for the local daemon behind this URI. None if there is
    no daemon on this machine: it is another one, or the driver is inside
    this process.
    """
    parts = parse.urlsplit(uri)
    driver = parts.scheme.partition("+")[0]
    if connection.is_remote(uri) or parts.path == "/embed" or (
            parts.scheme == "test"):
        return None
    uid = os.getuid() if uid is None else uid
    sockets = parse.parse_qs(parts.query).get("socket")
    if sockets:
        return _beside(sockets[0])
    # For root, the session is the system's daemon.
    if parts.path != "/session" or uid == 0:
        daemon = _daemon(driver, "sock-ro", _RUN, exists)
        return Place(daemon + ":///system", daemon, _conf("/etc", daemon))
    home = environ.get("HOME", "/")
    folder = environ.get("XDG_RUNTIME_DIR") or "/run/user/%d" % uid
    daemon = _daemon(driver, "sock", os.path.join(folder, "libvirt"), exists)
    return Place(daemon + ":///session", daemon, _conf(
        environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config"),
        daemon))


def ask(place, seconds, environ=os.environ, program="virt-admin"):
    """
    Return the Answer; at the latest after so many seconds, unless the kernel
    holds the process. Thread: of a pool.
    """
    command = [program, "-q", "-c", place.uri,
               "srv-threadpool-info {0}; srv-clients-info {0}".format(
                   place.daemon)]
    with open(os.devnull, "rb") as null:
        try:
            process = subprocess.Popen(
                command, stdin=null, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, close_fds=True,
                env=dict(environ, LC_ALL="C"))
        except EnvironmentError as e:
            if e.errno == errno.ENOENT:
                return Answer({}, NO_PROGRAM)
            return Answer({}, "virt-admin does not start: %s" % e.strerror)
    try:
        output = _read(process.stdout, seconds)
    finally:
        process.stdout.close()
        # Its exit status says no more than its output.
        if process.poll() is None:
            process.kill()
        process.wait()
    if output is None:
        return Answer({}, NO_ANSWER % seconds)
    return parsed(output)


def parsed(output):
    """
    Return the Answer that these bytes of virt-admin's are.
    """
    lines = output.decode("utf-8", "replace").splitlines()
    found = [_NUMBER.match(line) for line in lines]
    limits = dict((match.group(1), int(match.group(2)))
                  for match in found if match)
    if limits:
        return Answer(limits, None)
    complaints = [line.partition(":")[2].strip() for line in lines
                  if line.startswith("error:")]
    # The last one has the cause, those before what was tried.
    for complaint in reversed(complaints):
        if complaint:
            return Answer({}, complaint)
    said = [line.strip() for line in lines if line.strip()]
    return Answer(
        {}, "virt-admin says: " + said[0][:_MAX_QUOTE] if said else CUT_OFF)


def client_requests(path):
    """
    Return the max_client_requests of a configuration file, None if it has
    none. Raises EnvironmentError.
    """
    with open(path, "rb") as stream:
        lines = stream.read(1 << 20).decode("utf-8", "replace").splitlines()
    found = [match for match in map(_SETTING.match, lines) if match]
    return int(found[-1].group(1)) if found else None


def _beside(path):
    """
    The admin socket lies beside the one that was named.
    """
    folder, name = os.path.split(path)
    # A name that libvirt does not give is most likely somebody's own name
    # for libvirtd's socket.
    match = _SOCKET.match(name)
    name = match.group(1) if match else "libvirt"
    daemon = "libvirtd" if name == "libvirt" else name
    return Place(
        "%s:///session?socket=%s" % (daemon, parse.quote(
            os.path.join(folder, name + "-admin-sock"))),
        daemon, _conf("/etc", daemon) if folder in _RUNS else None)


def _daemon(driver, suffix, folder, exists):
    # libvirt prefers the driver's own daemon in the same way.
    own = "virt%sd" % driver
    if exists(os.path.join(folder, "%s-%s" % (own, suffix))):
        return own
    return "libvirtd"


def _conf(folder, daemon):
    return os.path.join(folder, "libvirt", daemon + ".conf")


def _read(stream, seconds):
    """
    Return all that comes until its end, None if that does not come in time.
    """
    limit = clock.monotonic() + seconds
    # Not select(), which knows no descriptor beyond 1023.
    poll = select.poll()
    poll.register(stream.fileno(), select.POLLIN)
    output = b""
    while len(output) < _MAX_OUTPUT:
        remaining = limit - clock.monotonic()
        if remaining <= 0 or not poll.poll(remaining * 1000):
            return None
        data = os.read(stream.fileno(), _MAX_OUTPUT)
        if not data:
            break
        output += data
    return output
