# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The limits that we advise, in a real libvirtd.
"""

from __future__ import absolute_import, division, print_function

import io
import os
import re

import host
import kit
import tools

CONF = os.path.join(
    os.path.dirname(os.path.dirname(os.path.dirname(
        os.path.abspath(__file__)))),
    "contrib", "libvirtd.conf")

# What comes with the package has a comment for each key that there is.
SHIPPED = "/etc/libvirt/libvirtd.conf"

# virt-admin's names: command, its name of a limit, ours.
LIMITS = (
    ("srv-threadpool-info", "minWorkers", "min_workers"),
    ("srv-threadpool-info", "maxWorkers", "max_workers"),
    ("srv-threadpool-info", "prioWorkers", "prio_workers"),
    ("srv-clients-info", "nclients_max", "max_clients"),
    ("srv-clients-info", "nclients_unauth_max", "max_anonymous_clients"),
)


def read(path):
    with io.open(path, encoding="utf-8") as stream:
        return stream.read()


class ConfTest(kit.TestCase):

    def test_starts_and_takes_it(self):
        tools.require("virt-admin")
        folder = host.Folder()
        self.addCleanup(folder.remove)
        libvirtd = host.Libvirtd(folder)
        folder.write("config/libvirt/libvirtd.conf", read(CONF))
        libvirtd.start()
        self.addCleanup(libvirtd.reap)
        self.addCleanup(libvirtd.kill)
        wanted = dict(re.findall(r"^(\w+) = (\d+)$", read(CONF), re.MULTILINE))
        for command, name, key in LIMITS:
            self.assertEqual(
                libvirtd.limits(command)[name], int(wanted[key]), key)
        # Not only allowed: they are there before the first burst of calls.
        self.assertEqual(
            libvirtd.workers()["nWorkers"], int(wanted["min_workers"]))

    def test_keys_exist(self):
        if not os.access(SHIPPED, os.R_OK):
            self.skipTest("no %s on this machine" % SHIPPED)
        known = re.findall(r"^#?(\w+) = ", read(SHIPPED), re.MULTILINE)
        keys = re.findall(r"^(\w+) = ", read(CONF), re.MULTILINE)
        self.assertGreater(len(keys), 10)
        self.assertEqual(sorted(set(keys) - set(known)), [])
