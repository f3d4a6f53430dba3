# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Runs a program under what the unit of the service takes away, as far as that is
done without systemd: user, capabilities, no_new_privs, system calls, families
of sockets, memory that is both writable and executable.

    command(user) + ["program", ...]    is run by root, or by an ordinary user

The mount namespace is not made here.
"""

from __future__ import absolute_import, division, print_function

import ctypes
import errno
import os
import socket
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
UNIT = os.path.join(os.path.dirname(os.path.dirname(HERE)), "init",
                    "vdsm-sampler.service.in")

# Of libseccomp, and prctl(2), which knows the last one since Linux 6.3.
_ALLOW = 0x7fff0000
_ERRNO = 0x00050000
_EQUAL = 4
_SET_NO_NEW_PRIVS = 38
_SET_MDWE = 65


class _Argument(ctypes.Structure):
    _fields_ = [("number", ctypes.c_uint), ("compare", ctypes.c_int),
                ("value", ctypes.c_uint64), ("other", ctypes.c_uint64)]


def library():
    """
    Return libseccomp; raises OSError if there is none.
    """
    found = ctypes.CDLL("libseccomp.so.2")
    found.seccomp_init.restype = ctypes.c_void_p
    found.seccomp_init.argtypes = [ctypes.c_uint32]
    found.seccomp_rule_add_array.argtypes = [
        ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint,
        ctypes.POINTER(_Argument)]
    found.seccomp_load.argtypes = [ctypes.c_void_p]
    return found


def settings(name):
    """
    Return the words of this key in the unit, a list for each of its lines.
    """
    with open(UNIT) as unit:
        return [line.partition("=")[2].split() for line in unit
                if line.startswith(name + "=")]


def command(uid):
    """
    Return what is to be put before a command, for who is root.

    uid: the user, as a number, that it is run by.
    """
    caps = ["+" + cap.lower()[len("cap_"):]
            for cap in settings("AmbientCapabilities")[0]]
    caps = ",".join(["-all"] + caps)
    return ["setpriv", "--reuid=%d" % uid, "--regid=%d" % uid,
            "--clear-groups", "--inh-caps=" + caps, "--ambient-caps=" + caps,
            "--bounding-set=" + caps, "--no-new-privs", sys.executable,
            os.path.join(HERE, "confined.py")]


def system_calls():
    """
    Return the names of those that the unit allows.
    """
    allowed = set()
    for words in settings("SystemCallFilter"):
        denies = words[0].startswith("~")
        words = _expand([words[0].lstrip("~")] + words[1:])
        allowed = allowed - words if denies else allowed | words
    return allowed


def _expand(words):
    found = set()
    for word in words:
        if not word.startswith("@"):
            found.add(word)
            continue
        lines = subprocess.check_output(
            ["systemd-analyze", "syscall-filter", word]).decode().split("\n")
        found |= _expand(line.strip() for line in lines[1:]
                         if line.startswith("    ") and "#" not in line)
    return found


def confine():
    """
    Take away what this process may.
    """
    calls = system_calls()
    libc = ctypes.CDLL(None)
    assert libc.prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    libc.prctl(_SET_MDWE, 1, 0, 0, 0)
    seccomp = library()
    context = seccomp.seccomp_init(_ERRNO | errno.EPERM)
    calls.remove("socket")
    for name in calls:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        # Those of other architectures have negative numbers.
        if number >= 0:
            assert seccomp.seccomp_rule_add_array(
                context, _ALLOW, number, 0, None) == 0, name
    for family in settings("RestrictAddressFamilies")[0]:
        assert seccomp.seccomp_rule_add_array(
            context, _ALLOW, seccomp.seccomp_syscall_resolve_name(b"socket"),
            1, _Argument(0, _EQUAL, getattr(socket, family), 0)) == 0
    assert seccomp.seccomp_load(context) == 0


if __name__ == "__main__":
    confine()
    os.execvp(sys.argv[1], sys.argv[1:])
