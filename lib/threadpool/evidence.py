# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What a thread is doing: what the kernel says, and what its Python stack says.

For threads of this process, and for what the kernel says, of any other.
Nothing here waits for the thread, for its process, or for a file that they
use: the kernel answers from its own memory. In particular, the link in
/proc/PID/fd is put together from the kernel's own names, without asking the
file system: with a FUSE server that had stopped answering, readlink() of a
descriptor of its file took 16 us and sent it no request, while stat() of that
file hung for good.

Nothing here raises: what cannot be read is left out.

Costs about 0.1 ms for all that kernel() reads, as root with the kernel stack;
much more if another Python thread runs a busy loop, because each read gives
the interpreter lock away.
"""

from __future__ import absolute_import, division, print_function

import ctypes
import gc
import os
import re
import sys
import threading

from threadpool import fork
from threadpool import syscalls

# More than any of the files that we read has.
_READ_BYTES = 16384

# The innermost calls, which say where it is stuck.
_MAX_FRAMES = 32

_CONTROL = re.compile(u"[\x00-\x1f\x7f-\x9f]")


def kernel(pid, tid, proc="/proc", files=None):
    """
    Return what the kernel says of thread tid of process pid, a dict with any
    of these keys:

    state       the letter of /proc/PID/stat: R running, S sleeping, D waiting
                for something that no signal ends, T stopped, Z dead, ...
    wchan       the kernel function that it waits in
    syscall     number of the system call that it is in
    syscall_name  its name, if we know it
    file        what the call's file descriptor refers to: a path, or text
                like pipe:[123], with control characters replaced
    ticks       CPU time used since its start, in clock ticks
    switches    how often it was switched away from, willing or not
    stack       list of kernel functions, innermost first

    Two looks with the same ticks and switches: it did nothing in between.
    State, ticks and switches are for everybody to read; the others need the
    same user or CAP_SYS_PTRACE, and the stack needs root.

    files: names of those files to be read, if not all of syscall, wchan,
        stack, stat and status: each costs about 10 us.
    """
    found = {}
    if not tid:
        return found
    task = "{0}/{1}/task/{2}/".format(proc, pid, tid)
    for name, parse in _FILES:
        if files is not None and name not in files:
            continue
        try:
            found.update(parse(_read(task + name)))
        except (EnvironmentError, LookupError, ValueError):
            # Not permitted, not built into this kernel, or the thread ended.
            continue
    fd = found.pop("fd", None)
    if fd is not None:
        try:
            found["file"] = _link(task, fd)
        except EnvironmentError:
            pass
    return found


def python_stack(ident):
    """
    Return the Python calls that a thread is in as a list of text lines,
    outermost first, empty if there is no such thread.

    There are no source lines in it: reading them would touch a file, and
    files may be what the thread is stuck on.
    """
    frame = _frames.get(ident)
    lines = []
    while frame is not None and len(lines) < _MAX_FRAMES:
        lines.append('File "{0}", line {1}, in {2}'.format(
            frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        frame = frame.f_back
    if frame is not None:
        lines.append("(outer calls left out)")
    lines.reverse()
    return lines


class _Frames(object):
    """
    The frames of all threads, taken without harm.

    Before 3.11.5 a garbage collection that begins while the interpreter
    collects the frames may deadlock the process (CPython issue 106883): it
    holds its list of threads, the collection runs Python code and gives the
    interpreter lock away, and whoever gets that and starts a thread waits for
    the list, with the interpreter lock in hand.
    """

    def __init__(self):
        # Held by the one who has the collector off.
        self._lock = threading.Lock()
        fork.watch(self)

    def get(self, ident):
        """
        Return the innermost frame of a thread, or None. Thread: any.
        """
        with self._lock:
            collecting = gc.isenabled()
            gc.disable()
            try:
                return sys._current_frames().get(ident)
            finally:
                if collecting:
                    gc.enable()

    def after_fork(self):
        """
        Called in a forked child: whoever held the lock is not there.
        """
        self._lock = threading.Lock()


_frames = _Frames()


def _read(path):
    """
    Return the content of a small file of /proc as str.
    """
    # Buffered files cost three times as much.
    fd = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    try:
        data = os.read(fd, _READ_BYTES)
    finally:
        os.close(fd)
    return data if str is bytes else data.decode("ascii", "replace")


def _link(task, fd):
    # A file's name is anything that the owner of the process likes.
    path = "{0}fd/{1}".format(task, fd).encode("ascii")
    return _CONTROL.sub(u"?", os.readlink(path).decode("utf-8", "replace"))


def _parse_stat(text):
    # The second field, the name, is in parentheses, and may have spaces and
    # parentheses itself; no later field has any.
    fields = text[text.rindex(")") + 1:].split()
    return {
        "state": fields[0],
        "ticks": int(fields[11]) + int(fields[12]),
    }


def _parse_status(text):
    switches = [int(line.split()[1]) for line in text.splitlines()
                if "voluntary_ctxt_switches" in line]
    return {"switches": sum(switches)} if switches else {}


def _parse_wchan(text):
    # 0: it waits for nothing, or we may not know.
    text = text.strip()
    return {"wchan": text} if text not in ("", "0") else {}


def _parse_syscall(text):
    """
    The file's forms: "running"; "-1 SP PC" when blocked outside a call; or
    the number, six arguments in hexadecimal, SP and PC.

    Key fd of the result is for kernel() to resolve.
    """
    words = text.split()
    if words[0] == "running" or int(words[0]) < 0:
        return {}
    number = int(words[0])
    call = syscalls.CALLS.get(number, syscalls.UNKNOWN)
    found = {"syscall": number}
    if call.name is not None:
        found["syscall_name"] = call.name
    if call.takes_fd:
        # A descriptor is an int; the upper half of the register is noise.
        found["fd"] = int(words[1], 16) & 0xffffffff
    return found


def _parse_stack(text):
    # "[<0>] function+0x12/0x34"; older kernels have an address instead of 0,
    # and end the list with an address instead of a function.
    calls = [line.partition("] ")[2] for line in text.splitlines()]
    calls = [call for call in calls if call and not call.startswith("0x")]
    return {"stack": calls[:_MAX_FRAMES]} if calls else {}


# In the order in which they are read: what changes fastest first.
_FILES = (
    ("syscall", _parse_syscall),
    ("wchan", _parse_wchan),
    ("stack", _parse_stack),
    ("stat", _parse_stat),
    ("status", _parse_status),
)


def _native_id():
    """
    Return what the kernel calls the calling thread, 0 if nobody can tell.
    """
    try:
        return int(os.path.basename(os.readlink("/proc/thread-self")))
    except (EnvironmentError, ValueError):
        # Linux before 3.17.
        return _ask_libc()


def _ask_libc():
    number = syscalls.number("gettid", syscalls.CALLS)
    if number is None:
        return 0
    tid = ctypes.CDLL(None).syscall(number)
    # The table knows the kernel; make sure that it knows the process too.
    return tid if os.path.exists("/proc/self/task/%d" % tid) else 0


native_id = getattr(threading, "get_native_id", _native_id)
