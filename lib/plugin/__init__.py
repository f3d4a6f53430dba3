# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What puts the stand-ins into a running VDSM, without a change to its files.

vdsm-sampling.pth and vdsm_sampling_hook.py lie in Python's site-packages, so
that each Python of the host runs them as it starts; in VDSM's daemon they
install the finder. The finder waits until VDSM imports one of the modules of
compat.vdsm.

Until then nothing here may import thread, threading, logging or Queue: VDSM
on Python 2 replaces the locks of threading first, and fails if it comes too
late.
"""
