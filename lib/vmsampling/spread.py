# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The VMs of a round, asked over a part of the period instead of all at once: so
that libvirtd and the host have the same load all the time, and that those who
wait for a worker are few.

Each VM has its place in the order, and so is asked a period after it was
asked last.
"""

from __future__ import absolute_import, division, print_function

import functools

from vmsampling import admission

# VMs that are asked together at least: each portion costs a wake-up, and four
# workers ask so many within 50 ms.
_PORTION = 16


class Spread(object):

    def __init__(self, seconds, scheduler, ask):
        """
        seconds: over which the VMs of a round are spread; 0: all at once.
        ask: called with (domain, round, host_groups), see Asker.ask(); must
            not block.
        """
        self.seconds = seconds
        self._scheduler = scheduler
        self._ask = ask

    def begin(self, domains, round_, host_groups):
        """
        Ask the first portion now, the others at their times, on the
        scheduler's thread. The round is not settled before.
        """
        ordered = sorted(domains, key=lambda domain: domain.uuid)
        count = max(len(ordered) // _PORTION, 1) if self.seconds else 1
        for number in range(count):
            part = ordered[len(ordered) * number // count:
                           len(ordered) * (number + 1) // count]
            ask = functools.partial(
                self._ask_all, part, round_, host_groups)
            if number == 0:
                ask()
            else:
                round_.join()
                admission.later(
                    self._scheduler, self.seconds * number / count,
                    functools.partial(self._ask_late, ask, round_))

    def _ask_late(self, ask, round_):
        try:
            ask()
        finally:
            round_.leave()

    def _ask_all(self, domains, round_, host_groups):
        for domain in domains:
            self._ask(domain, round_, host_groups)
