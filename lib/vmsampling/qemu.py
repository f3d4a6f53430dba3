# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The QEMU process of a VM: where it is, and what /proc says of it.

Nothing here talks to libvirt or to a monitor. What cannot be read, for lack
of permission or because the host is another one, is absent.

Reading /proc/PID/cmdline can wait for a process that hangs in a page fault;
the other files cannot. find() reads it only where there is no PID file. So
call it where a hung call is no harm.
"""

from __future__ import absolute_import, division, print_function

import os
import re

from six.moves.urllib import parse

from threadpool import evidence

# The kernel functions in which a healthy main loop waits. Their names have
# compilers' suffixes, and differ between kernels: they are prefixes.
_POLLS = ("poll_", "do_poll", "do_sys_poll", "do_select", "core_sys_select",
          "ep_poll", "do_epoll")
# For a moment it waits for its lock, too.
_IDLE = _POLLS + ("futex", "__futex")

# A healthy main loop that has work is switched to within this time, in
# seconds: so far apart two looks must be.
LOOKS_APART = 0.2

# There is no such file, or cannot be.
_UNREADABLE = (EnvironmentError, UnicodeError, ValueError)

_GLANCE = ("stat", "wchan", "status")

_JOB = re.compile(br"<job type='([a-z ]*)' async='([a-z ]*)'")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


class Finder(object):
    """
    Finds the QEMU processes of the libvirt that one URI means.
    """

    def __init__(self, uri, environ=os.environ, uid=None, proc="/proc"):
        self._dirs = state_dirs(
            uri, environ, os.getuid() if uid is None else uid)
        self._proc = proc
        # UUID and name of all QEMUs, once somebody had to look for them.
        self._scanned = None

    @property
    def local(self):
        """
        Whether its processes are on this host.
        """
        return bool(self._dirs)

    def find(self, name, uuid):
        """
        Return the PID of the VM's QEMU, None if there is none to see.
        """
        if not self.local:
            return None
        pid = self.pid_from_file(name)
        if pid is None:
            if self._scanned is None:
                self._scanned = _scan(self._proc)
            pid = self._scanned.get(uuid) or self._scanned.get(_guest(name))
        return pid

    def holder(self, name):
        """
        Return what libvirt has written down of the job under way, None if
        nothing. It does so for long jobs only: migration, save, backup, ...
        """
        for path in self._paths(name, ".xml"):
            found = _JOB.search(_read(path).partition(b"<domain ")[0])
            if found:
                words = [word.decode("ascii") for word in found.groups()
                         if word not in (b"none", b"")]
                return ", ".join(words) or None
        return None

    def holder_stamp(self, name):
        """
        Return what changes whenever that is written down anew; None if it
        cannot be read.
        """
        for path in self._paths(name, ".xml"):
            try:
                found = os.stat(path)
                if os.access(path, os.R_OK):
                    return found.st_ino, found.st_mtime, found.st_size
            except _UNREADABLE:
                pass
        return None

    def pid_from_file(self, name):
        """
        Return the PID that libvirt has written down, None if there is none,
        or if it is not a QEMU's. Nothing can delay this.
        """
        for path in self._paths(name, ".pid"):
            text = _read(path).strip()
            # The file may be of an earlier VM, and the PID another's by now.
            if text.isdigit() and _is_qemu(self._proc, int(text)):
                return int(text)
        return None

    def _paths(self, name, suffix):
        # Drivers differ in what a name may be; it must not lead elsewhere.
        if name in ("", ".", "..") or "/" in name or "\0" in name:
            return []
        return [os.path.join(folder, name + suffix) for folder in self._dirs]


def look(pid, proc="/proc"):
    """
    Return the evidence of the main thread, with two keys more: pid, and
    stopped, whether every single thread is.
    """
    return _with_stopped(evidence.kernel(pid, pid, proc), pid, proc)


def glance(pid, proc="/proc"):
    """
    The same with no more evidence than why_stuck() needs.
    """
    return _with_stopped(
        evidence.kernel(pid, pid, proc, _GLANCE), pid, proc)


def why_stuck(first, second):
    """
    Return in plain words why the process of these two looks is stuck, None
    if it is not, or if they do not tell.
    """
    if first.get("stopped") and second.get("stopped"):
        return "its QEMU (PID %d) is stopped: all threads in state %s" % (
            second["pid"], second["state"])
    if "switches" not in second or any(
            first.get(key) != second.get(key)
            for key in ("pid", "state", "wchan", "switches")):
        return None
    where = "in " + second.get("wchan", "the kernel")
    if "file" in second:
        where += " for " + second["file"]
    if second["state"] == "D":
        return ("the main thread of its QEMU (PID %d) waits %s and cannot be "
                "interrupted (state D)" % (second["pid"], where))
    if second["state"] == "S" and not second.get(
            "wchan", _IDLE[0]).startswith(_IDLE):
        return ("the main thread of its QEMU (PID %d) waits %s, not in its "
                "event loop" % (second["pid"], where))
    return None


def is_well(kernel):
    """
    Return whether the main thread runs, or waits in its event loop. False
    too where the look does not tell.
    """
    return kernel.get("state") == "R" or (
        kernel.get("state") == "S" and
        kernel.get("wchan", "").startswith(_POLLS))


def state_dirs(uri, environ, uid):
    """
    Return the folders where the QEMU driver behind this URI keeps its PID
    files, none if it runs on another host or is another driver.
    """
    parts = parse.urlsplit(uri)
    driver, _, transport = parts.scheme.partition("+")
    if driver != "qemu" or parts.netloc or transport not in ("", "unix"):
        return []
    socket = parse.parse_qs(parts.query).get("socket")
    session = parts.path == "/session"
    if socket:
        base = os.path.join(os.path.dirname(socket[0]), "qemu")
        return [os.path.join(base, "run"), base] if session else [base]
    if parts.path == "/system" or session and uid == 0:
        # For root, the session is the system's daemon.
        return ["/run/libvirt/qemu", "/var/run/libvirt/qemu"]
    if session:
        runtime = environ.get("XDG_RUNTIME_DIR") or "/run/user/%d" % uid
        return [os.path.join(runtime, "libvirt/qemu/run")]
    return []


def _with_stopped(found, pid, proc):
    if found:
        found["pid"] = pid
        found["stopped"] = _stopped(found) and all(
            _stopped(evidence.kernel(pid, tid, proc, ("stat",)))
            for tid in _threads(pid, proc))
    return found


def _stopped(kernel):
    return kernel.get("state") in ("T", "t")


def _threads(pid, proc):
    try:
        return [int(tid) for tid in os.listdir("%s/%d/task" % (proc, pid))]
    except EnvironmentError:
        return []


def _is_qemu(proc, pid):
    return b"qemu" in _read("%s/%d/comm" % (proc, pid))


def _scan(proc):
    """
    Return PIDs of the QEMUs by what their command lines say: UUID or, where
    there is none, "guest=NAME".
    """
    found = {}
    for entry in os.listdir(proc):
        if entry.isdigit() and _is_qemu(proc, int(entry)):
            args = _read("%s/%s/cmdline" % (proc, entry)).split(b"\0")
            options = dict(zip(args, args[1:]))
            uuid = options.get(b"-uuid", b"").decode("ascii", "replace")
            key = uuid if _UUID.match(uuid) else _first(options)
            found.setdefault(key, int(entry))
    return found


def _first(options):
    # QEMU doubles the commas in a value; a single one ends it.
    value = options.get(b"-name", b"").replace(b",,", b"\0")
    return value.partition(b",")[0].replace(b"\0", b",")


def _guest(name):
    if not isinstance(name, bytes):
        name = name.encode("utf-8", "replace")
    return b"guest=" + name


def _read(path):
    try:
        with open(path, "rb") as stream:
            return stream.read(1 << 20)
    except _UNREADABLE:
        return b""
