# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Calls that really get stuck, in the ways that calls get stuck, and that can
always be let go.

    with stuckthreads.PipeRead() as stuck:
        pool.dispatch(stuck)
        stuck.wait()            # the call is under way
        ...
        stuck.release()
    # here the call has returned, whatever happened

Each is for one call. None needs root.
"""

from __future__ import absolute_import, division, print_function

import ctypes
import os
import signal
import threading

import kit

# Longer than any test; what is left behind by a test that was killed is gone
# after that.
_LONGEST = 120

# linux/sched.h
_CLONE_VFORK = 0x00004000
_CLONE_PARENT_SETTID = 0x00100000

_STACK_BYTES = 65536


class Stuck(object):
    """
    A callable that gets stuck until release().
    """

    def __init__(self):
        self._entered = threading.Event()
        self._returned = threading.Event()
        # Under the lock with _entered: a call that comes too late must not
        # use what is closed.
        self._released = False
        self._lock = threading.Lock()

    def __call__(self):
        with self._lock:
            if self._released:
                return
            self._entered.set()
        try:
            self._block()
        finally:
            self._returned.set()

    def wait(self):
        """
        Wait until a thread is about to get stuck.
        """
        kit.wait(self._entered, "the call of %s" % type(self).__name__)

    @property
    def returned(self):
        return self._returned.is_set()

    def release(self):
        """
        Let the call go, and wait until it did. Idempotent.
        """
        with self._lock:
            first = not self._released
            self._released = True
        if self._entered.is_set():
            if first:
                self._unblock()
            kit.wait(self._returned, "release of %s" % type(self).__name__)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.release()
        self._close()

    def _block(self):
        raise NotImplementedError

    def _unblock(self):
        raise NotImplementedError

    def _close(self):
        """
        Free what the call used.
        """


class Uninterruptible(Stuck):
    """
    A thread in D state, as with dead NFS: it waits for a child that was
    cloned as vfork() does, and which sleeps.

    The child runs C only, sleep(), on a stack of its own and on a copy of our
    memory. vfork() itself would return twice on one stack, which no Python
    survives.
    """

    def __init__(self):
        super(Uninterruptible, self).__init__()
        # The kernel writes the child's PID here before it puts us to sleep.
        self._child = ctypes.c_int(0)
        self._stack = ctypes.create_string_buffer(_STACK_BYTES)

    def _block(self):
        libc = ctypes.CDLL(None, use_errno=True)
        top = ctypes.addressof(self._stack) + _STACK_BYTES
        pid = libc.clone(
            ctypes.cast(libc.sleep, ctypes.c_void_p),
            ctypes.c_void_p(top & ~15),
            ctypes.c_int(
                _CLONE_VFORK | _CLONE_PARENT_SETTID | signal.SIGCHLD),
            ctypes.c_void_p(_LONGEST), ctypes.byref(self._child))
        if pid < 0:
            errno = ctypes.get_errno()
            raise OSError(errno, os.strerror(errno))
        os.waitpid(pid, 0)

    def _unblock(self):
        kit.eventually(lambda: self._child.value or self._returned.is_set(),
                       "the child")
        # Only the call itself reaps the child, after it returned: while it
        # did not, this is no one else's PID.
        if not self._returned.is_set():
            os.kill(self._child.value, signal.SIGKILL)


class PipeRead(Stuck):
    """
    A read on an empty pipe.
    """

    def __init__(self):
        super(PipeRead, self).__init__()
        self._reader, self._writer = os.pipe()
        # What /proc shows for the descriptor.
        self.file = os.readlink("/proc/self/fd/%d" % self._reader)

    def _block(self):
        os.read(self._reader, 1)

    def _unblock(self):
        os.write(self._writer, b"x")

    def _close(self):
        os.close(self._reader)
        os.close(self._writer)


class HeldLock(Stuck):
    """
    A wait for a lock that is held.
    """

    def __init__(self):
        super(HeldLock, self).__init__()
        self._held = threading.Lock()
        self._held.acquire()

    def _block(self):
        self._held.acquire()

    def _unblock(self):
        self._held.release()


class Loop(Stuck):
    """
    Python code that never ends.
    """

    def _block(self):
        while not self._released:
            pass

    def _unblock(self):
        pass
