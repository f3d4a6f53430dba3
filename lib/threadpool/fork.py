# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Telling an object that it woke up in a forked child.

A fork copies the memory and only the thread that forked: in the child, a
pool's workers do not exist and its locks may be held for ever by threads
that are not there.
"""

from __future__ import absolute_import, division, print_function

import os
import weakref

# Objects with a method after_fork(). Each is called once in each child, when
# the child has one thread only.
_watched = weakref.WeakSet()

# False where the interpreter tells us of forks (3.7 and later). Where True,
# the owner calls check() at the entry of its public methods.
MUST_CHECK = not hasattr(os, "register_at_fork")


def watch(obj):
    """
    Have obj.after_fork() called in every child that is forked from now on.
    """
    check()
    _watched.add(obj)


def _after_fork_in_child():
    for obj in list(_watched):
        obj.after_fork()


if MUST_CHECK:
    _pid = [os.getpid()]

    def check():
        """
        Find out whether this process is a new child, and tell all if so.

        Safe without a lock: the first call in a child comes from its only
        thread, or finds the work done.
        """
        if os.getpid() != _pid[0]:
            _pid[0] = os.getpid()
            _after_fork_in_child()
else:
    os.register_at_fork(after_in_child=_after_fork_in_child)

    def check():
        """
        Nothing to find out: the interpreter calls us.
        """
