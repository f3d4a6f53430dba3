# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
In the place of cpopen: the same processes by subprocess.
"""

from __future__ import absolute_import, division, print_function

import ctypes
import os
import subprocess

_PR_SET_PDEATHSIG = 1


class CPopen(subprocess.Popen):

    def __init__(self, args, close_fds=False, cwd=None, env=None,
                 deathSignal=0, childUmask=None):
        libc = ctypes.CDLL(None)

        def prepare():
            if deathSignal:
                libc.prctl(_PR_SET_PDEATHSIG, int(deathSignal), 0, 0, 0)
            if childUmask is not None:
                os.umask(childUmask)

        # Not only what a shell could type: bytes and unicode.
        args = [arg.encode("utf-8") if isinstance(arg, type(u"")) else arg
                for arg in args]
        subprocess.Popen.__init__(
            self, args, close_fds=close_fds, cwd=cwd, env=env,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, preexec_fn=prepare)
