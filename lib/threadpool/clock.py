# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The one clock of the package: monotonic(), seconds as a float.

Intervals are never taken from the wall clock: a host whose time is stepped
would otherwise see negative ages, or tasks that are late for an hour.
"""

from __future__ import absolute_import, division, print_function

try:
    from time import monotonic
except ImportError:
    # Python 2.7 has no monotonic clock; os.times() moves in steps of 10 ms,
    # too coarse for a deadline of 100 ms, so ask the C library.
    import ctypes
    import os

    _CLOCK_MONOTONIC = 1  # linux/time.h

    class _Timespec(ctypes.Structure):
        _fields_ = [("sec", ctypes.c_long), ("nsec", ctypes.c_long)]

    # glibc before 2.17 has clock_gettime in librt only.
    _clock_gettime = ctypes.CDLL("librt.so.1", use_errno=True).clock_gettime
    _clock_gettime.argtypes = [ctypes.c_int, ctypes.POINTER(_Timespec)]

    def monotonic():
        """
        Seconds since some fixed point, never going back.
        """
        now = _Timespec()
        if _clock_gettime(_CLOCK_MONOTONIC, ctypes.byref(now)) != 0:
            errno = ctypes.get_errno()
            raise OSError(errno, os.strerror(errno))
        return now.sec + now.nsec * 1e-9

__all__ = ("monotonic",)
