# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Storage that stops answering: asking a QEMU about its image there would freeze
that QEMU, which until then is well.
"""

from __future__ import absolute_import, division, print_function

import logging
import os
import time
import unittest

import host
import nbd
import tools
import watching
from threadpool import clock
from threadpool import throttle
from vmsampling import monitortier

VMS = host.Host(vms=2)
STORAGE = host.HangingFolder(VMS)

# VMs with their disk on that storage, and on another one.
ON_IT = ["on%d" % n for n in range(1, 6)]
ELSEWHERE = ["vm01", "vm02"]

STORAGE_PERIOD = 2.0
FAULT = 10.0


def setUpModule():
    STORAGE.start_all(ON_IT)


def tearDownModule():
    VMS.stop()
    STORAGE.stop()


class TestCase(watching.TestCase):

    def start(self):
        sampler = self.start_fresh(VMS, storage_period=STORAGE_PERIOD)
        self.wait_fresh(sampler, VMS.domains, 3 * STORAGE_PERIOD, "storage")
        return sampler

    def hang(self):
        self.addCleanup(STORAGE.release)
        STORAGE.hang()


class StorageTest(TestCase):

    def test_no_vm_is_frozen_by_us(self):
        sampler = self.start()
        before = max(look.threads for look in self.watch(sampler, 3))
        # The last VM has just been asked: no call about an image is under
        # way, so no VM has an excuse to freeze.
        self.wait_fresh(sampler, ON_IT, 3 * STORAGE_PERIOD, "storage")
        time.sleep(0.3)
        self.hang()
        looks = self.watch(sampler, FAULT)

        self.check_fresh(looks, VMS.domains, "host")
        self.check_fresh(looks, VMS.domains, "monitor")
        self.check_fresh(looks, ELSEWHERE, "storage", 2 * STORAGE_PERIOD)
        # One call about the storage itself may hang.
        self.check_threads(looks, hung=1)
        self.assertEqual(VMS.silent(ON_IT), [])
        for name in ON_IT:
            self.assertGreater(looks[-1].age(name, "storage"), FAULT - 1)

        STORAGE.release()
        self.wait_fresh(sampler, VMS.domains, STORAGE_PERIOD + 2, "storage")
        self.check_threads_back(before)
        self.check_no_errors()

    def test_hang_at_any_moment(self):
        # Now a call may be under way, one for each worker; not more than
        # these VMs freeze, and the others notice nothing.
        sampler = self.start()
        for part in (0.2, 0.6):
            time.sleep(STORAGE_PERIOD * part)
            self.hang()
            looks = self.watch(sampler, 4)
            frozen = VMS.silent(ON_IT, seconds=2.0)
            self.assertLessEqual(len(frozen), watching.WORKERS)
            self.check_fresh(looks, VMS.domains, "host")
            self.check_fresh(looks, set(VMS.domains) - set(frozen))
            STORAGE.release()
            self.wait_fresh(sampler, VMS.domains, 3)
            self.wait_fresh(
                sampler, VMS.domains, STORAGE_PERIOD + 2, "storage")

    def test_stop_while_it_hangs_is_in_time(self):
        sampler = self.start()
        self.hang()
        self.watch(sampler, 3)
        begin = clock.monotonic()
        sampler.stop(timeout=1.0)
        self.assertLess(clock.monotonic() - begin, 1.2)

    def test_start_while_it_hangs(self):
        self.hang()
        sampler = self.start_fresh(VMS, storage_period=STORAGE_PERIOD)
        looks = self.watch(sampler, 4)
        self.check_fresh(looks, VMS.domains, "host")
        self.check_fresh(looks, VMS.domains, "monitor")
        self.check_fresh(looks[-1:], ELSEWHERE, "storage", 2 * STORAGE_PERIOD)
        self.assertEqual(VMS.silent(ON_IT), [])
        for name in ON_IT:
            self.assertIsNone(looks[-1].vms[name]["age"]["storage"])


class SeveralTest(TestCase):
    """
    VMs with one disk in the host's folder and a second one elsewhere.
    """

    def add(self, name, disk):
        """
        Start a VM with this second disk, given as a path of its XML.
        """
        VMS.create(name)
        self.addCleanup(VMS.destroy, name)
        VMS.virsh("attach-device", name, disk)

    def check_hang(self, name, group):
        sampler = self.start()
        # It has just been asked: no call about an image is under way.
        self.wait_fresh(sampler, [name], 3 * STORAGE_PERIOD, "storage")
        found = watching.by_name(sampler.snapshot())[name]["storage"]
        self.assertIn(group, found["groups"])
        self.assertEqual((len(found["groups"]), found["canary"]),
                         (2, "answers"))
        time.sleep(0.3)
        self.hang()
        looks = self.watch(sampler, 4.5)
        for tier in ("host", "monitor"):
            self.check_fresh(looks, VMS.domains, tier)
        self.check_fresh(looks, ELSEWHERE, "storage", 2 * STORAGE_PERIOD)
        self.assertEqual(VMS.silent([name]), [])
        self.assertGreater(looks[-1].age(name, "storage"), 4.0)
        found = looks[-1].vms[name]["storage"]
        self.assertEqual(found["canary"], "waits")
        self.assertIn("no answer from " + group, found["why"])

        STORAGE.release()
        self.wait_fresh(sampler, [name], STORAGE_PERIOD + 2, "storage")
        self.check_no_errors()

    def test_two_disks_on_two_storages(self):
        disk = VMS.disk("two-b.raw", "vdb", STORAGE.path)
        self.add("two", VMS.folder.write("two-b.xml", disk))
        self.check_hang("two", STORAGE.path)

    def test_block_device(self):
        with Loop(STORAGE.path) as device:
            self.add("block", VMS.folder.write(
                "block-b.xml", _BLOCK_DISK.format(device=device)))
            self.check_hang("block", device)

    def test_disk_on_the_network(self):
        # It is told now and then only, and other tests may have had it told.
        self.addCleanup(setattr, monitortier, "_opaque", monitortier._opaque)
        monitortier._opaque = throttle.Throttle(interval=600.0)
        with nbd.NbdServer(VMS) as server:
            self.add("net", server.disk("net", "vdb"))
            sampler = self.start_fresh(VMS, storage_period=STORAGE_PERIOD)
            server.hang()
            looks = self.watch(sampler, 4.5)
            for tier in ("host", "monitor"):
                self.check_fresh(looks, VMS.domains, tier)
            self.assertEqual(VMS.silent(["net"]), [])
            vm = looks[-1].vms["net"]
            self.assertIsNone(vm["age"]["storage"])
            self.assertEqual(vm["storage"]["canary"], "none")
            self.assertIn("network disk", vm["storage"]["why"])
            self.check_fresh(
                looks[-1:], ELSEWHERE, "storage", 2 * STORAGE_PERIOD)
        message, = [message for message in self.logs.at(logging.INFO)
                    if "network disk" in message]
        self.assertIn("'net'", message)
        self.check_no_errors()


_BLOCK_DISK = """\
<disk type='block' device='disk'>
  <driver name='qemu' type='raw'/>
  <source dev='{device}'/>
  <target dev='vdb' bus='virtio'/>
</disk>
"""


class Loop(object):
    """
    A block device on an image in a folder. It goes when nobody has it open
    any more, also when the tests are killed.
    """

    def __init__(self, folder):
        self._image = os.path.join(folder, "loop.raw")
        self._fd = None
        self.path = None

    def __enter__(self):
        tools.require("losetup")
        with open(self._image, "wb") as f:
            f.truncate(1024 ** 2)
        losetup = tools.find_program("losetup")
        # Direct, or the kernel would answer from what it has read before.
        status, out, err = tools.run([
            losetup, "--find", "--show", "--direct-io=on", self._image])
        if status != 0:
            raise unittest.SkipTest(
                "no loop device for this user or machine: " + err.strip())
        self.path = out.strip()
        self._fd = os.open(self.path, os.O_RDONLY)
        tools.run([losetup, "--detach", self.path])
        self._stat = os.fstat(self._fd)
        host.give_to_user(self.path)
        return self.path

    def __exit__(self, *exc_info):
        os.chown(self.path, self._stat.st_uid, self._stat.st_gid)
        os.close(self._fd)
