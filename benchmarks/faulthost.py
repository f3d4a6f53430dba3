# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The VMs that are made to hang, and the ways in which they do.
"""

from __future__ import absolute_import, division, print_function

import os
import signal
import time

# Of the functional tests, see faultbench.py.
import host  # pylint: disable=import-error
import tools  # pylint: disable=import-error

from threadpool import clock
from vmsampling import qemu

# Seconds that another client of libvirtd waits.
_CLIENT_PATIENCE = 5.0


class FaultHost(object):
    """
    A libvirtd of our own with VMs, a third of which has its disks on storage
    that can stop answering.
    """

    def __init__(self, vms):
        self._on_storage = ["st%02d" % n for n in range(1, vms // 3 + 1)]
        self._host = host.Host(vms - len(self._on_storage))
        self._storage = host.HangingFolder(self._host)

    def start(self):
        tools.require("bindfs")
        self._host.start()
        self._storage.start()
        self._host.create_all(self._on_storage, self._storage.path)

    def stop(self):
        # The folder's keeper ends whatever is left, the storage included.
        self._host.stop()
        self._storage.stop()

    @property
    def uri(self):
        return self._host.uri

    @property
    def names(self):
        return self._host.domains

    def disks(self):
        """
        Return {name of the VM: path of the image of its disk}.
        """
        return dict((name, os.path.join(
            self._storage.path if name in self._on_storage
            else self._host.folder.path, name + ".raw"))
            for name in self.names)

    def make_folder(self, name):
        return self._host.folder.make(name)

    def restart(self):
        """
        Start libvirtd anew, so that nobody finds what another has left.
        """
        self._host.libvirtd.kill()
        self._host.libvirtd.start()

    def faults(self):
        """
        Return the faults by name, in the order in which they are measured.
        """
        # Spread over the list, in whose order some samplers ask.
        return (("tenth", _Stopped(self._host, self.names[::10])),
                ("third", _Stopped(self._host, self.names[::3])),
                ("storage", _Storage(self._host, self._storage,
                                     self._on_storage)))

    def ask_as_another(self, name):
        """
        Ask a VM as another client of libvirtd does; return how many seconds
        it took, inf if there was no answer.
        """
        begin = clock.monotonic()
        status, _, _ = tools.run(self._host.libvirtd.virsh_command(
            "domstats", "--balloon", name), _CLIENT_PATIENCE)
        return float("inf") if status else clock.monotonic() - begin


class _Stopped(object):
    """
    QEMUs get SIGSTOP.
    """

    def __init__(self, vms, hit):
        self.hit = list(hit)
        self.title = "%d of %d QEMUs are stopped" % (
            len(self.hit), len(vms.domains))
        self._pids = [vms.pid(name) for name in self.hit]

    def begin(self):
        for pid in self._pids:
            os.kill(pid, signal.SIGSTOP)

    def end(self):
        for pid in self._pids:
            os.kill(pid, signal.SIGCONT)

    def frozen(self):
        """
        How many QEMUs hang that would not if nobody had asked them.
        """
        return 0


class _Storage(object):
    """
    The storage of some VMs does not answer. Their QEMUs go on, until
    somebody has them look at their disks.
    """

    def __init__(self, vms, storage, hit):
        self.hit = list(hit)
        self.title = "The storage of %d of %d VMs hangs" % (
            len(self.hit), len(vms.domains))
        self.begin = storage.hang
        self.end = storage.release
        self._pids = [vms.pid(name) for name in self.hit]

    def frozen(self):
        first = [qemu.glance(pid) for pid in self._pids]
        time.sleep(2 * qemu.LOOKS_APART)
        return sum(1 for pid, before in zip(self._pids, first)
                   if qemu.why_stuck(before, qemu.glance(pid)))
