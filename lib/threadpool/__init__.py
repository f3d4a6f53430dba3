# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A thread pool that detects stuck tasks, is not depleted by them, and does not
leak threads on them. Knows nothing of what the tasks do.

Public: executor, storage, schedule, periodic, errors, clock, evidence,
throttle. The other modules are how these are made.
"""
