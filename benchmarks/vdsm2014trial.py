# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
VDSM's statistics threads of 2014, unmodified, in a process of their own: runs
on Python 2.7, with a copy of VDSM on its path. For each line on stdin it says
how they are:

    python benchmarks/vdsm2014trial.py OPTIONS

OPTIONS and what is printed are JSON objects.
"""

from __future__ import absolute_import, division, print_function

import json
import logging
import os
import sys

# VDSM's first statement is this, before threading is imported.
import pthreading  # pylint: disable=import-error
pthreading.monkey_patch()

import libvirt  # noqa: E402

# All of VDSM's, found on the path.
from vdsm import libvirtconnection  # noqa: E402 pylint: disable=import-error
from vdsm.config import config  # noqa: E402 pylint: disable=import-error
# pylint: disable-next=import-error,no-name-in-module
from virt import vm as _vm  # noqa: E402

# Of the tests.
import vdsmhost  # noqa: E402 pylint: disable=import-error

import process  # noqa: E402


class Drive(dict):
    """
    A thin disk on shared storage, as far as its statistics go.
    """

    truesize = apparentsize = 0

    def __init__(self, name, path):
        super(Drive, self).__init__(name=name)
        self.name = name
        self.path = path


class Vm(object):
    """
    In place of VDSM's: what a statistics thread calls of it does what that
    does, on libvirt and on the storage.
    """

    def __init__(self, domain, path):
        self.id = domain.UUIDString()
        self.name = domain.name()
        self.log = logging.getLogger("vm.Vm")
        self.conf = {"memSize": "16", "devices": [], "vmId": self.id}
        self._dom = vdsmhost.SessionDomain(domain)
        self._drives = [Drive("vda", path)]
        self._devices = {_vm.DISK_DEVICES: self._drives, _vm.NIC_DEVICES: []}
        self._vmStats = _vm.VmStatsThread(self)

    def isDisksStatsCollectionEnabled(self):
        return True

    def extendDrivesIfNeeded(self):
        for drive in self._drives:
            self._dom.blockInfo(drive.path, 0)

    def updateDriveVolume(self, drive):
        drive.truesize = os.stat(drive.path).st_blocks * 512

    def queryBlockJobs(self):
        return dict((drive.name, self._dom.blockJobInfo(drive.name, 0))
                    for drive in self._drives)


def main():
    options = json.loads(sys.argv[1])
    logging.getLogger().addHandler(logging.NullHandler())
    if options["interval"]:
        _set_intervals(options["interval"])
    _set_uri(options["conf"])
    # It would print each error.
    libvirt.registerErrorHandler(lambda context, error: None, None)
    libvirtconnection.start_event_loop()
    connection = libvirt.open(options["uri"])
    # After the start of another QEMU a list can miss what ends in between.
    vms = [Vm(domain, options["disks"][domain.name()])
           for domain in connection.listAllDomains()]
    for vm in vms:
        vm._vmStats.start()
    while sys.stdin.readline():
        print(json.dumps(_look(vms)))
        sys.stdout.flush()
    os._exit(0)


def _look(vms):
    return {
        # Negative: it is not known.
        "ages": dict((vm.name, vm._vmStats.get()["statsAge"]) for vm in vms),
        # The main one too, but not the loop of libvirt's events.
        "threads": process.threads() - 1,
        "cpu": process.cpu_seconds(),
        "resident": process.resident(),
        "samples": sum(1 for vm in vms
                       if vm._vmStats.sampleCpuTune.getStats()[2])}


def _set_intervals(seconds):
    for section in ("vars", "irs"):
        for name in config.options(section):
            if name.endswith("_interval") and name.startswith(
                    ("vm_sample_", "vm_watermark_", "vol_size_sample_")):
                config.set(section, name, str(seconds))


def _set_uri(path):
    """
    Have our modules read this file, if they stand in.
    """
    ours = sys.modules.get("vmsampling.config")
    if ours is not None:
        ours.MAIN_FILE = str(path)


if __name__ == "__main__":
    main()
