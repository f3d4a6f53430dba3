# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What is sampled beside the VMs, each by a task of its own: nothing that
concerns a VM waits for any of them, and none for another one.
"""

from __future__ import absolute_import, division, print_function

from vmsampling import hostfigures
from vmsampling import inventory
from vmsampling import serverfigures


class Surroundings(object):

    # How many threads of the host's pool may hang in the tasks.
    threads = 3

    def __init__(self, connections, hosts, period, storage_period, clock):
        """
        hosts: admission.Admission to the pool for what concerns all VMs.
        period, storage_period: as for Sampler.
        """
        self._host = hostfigures.Figures(hosts, clock)
        self._inventory = inventory.Inventory(
            connections, hosts, period, storage_period, clock)
        self._server = serverfigures.Figures(hosts, clock)
        # Set once, by see().
        self._begun = False

    def see(self, uri):
        """
        This is the URI that we are connected to: begin.
        """
        self._host.see(uri)
        self._server.see(uri)
        self._begun = True

    def send(self, round_):
        """
        Dispatch what is due. Never blocks. Thread: the scheduler's.
        """
        if self._begun:
            self._host.send(round_)
            self._inventory.send()
            self._server.send()

    def describe(self, wall):
        """
        Return the keys of a snapshot that this brings; what is not known is
        absent. Thread: any.

        wall: the time of day, in seconds since 1970.
        """
        found = dict(self._inventory.describe(),
                     host=self._host.describe(wall),
                     server=self._server.describe())
        return dict((name, value) for name, value in found.items()
                    if value is not None)
