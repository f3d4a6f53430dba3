# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Storage that stops answering: asking a QEMU about its image there would freeze
that QEMU, which until then is well.
"""

from __future__ import absolute_import, division, print_function

import time

import host
import watching
from threadpool import clock

VMS = host.Host(vms=2)
STORAGE = host.HangingFolder(VMS)

# VMs with their disk on that storage, and on another one.
ON_IT = ["on%d" % n for n in range(1, 6)]
ELSEWHERE = ["vm01", "vm02"]

STORAGE_PERIOD = 2.0
FAULT = 10.0


def setUpModule():
    VMS.start()
    try:
        STORAGE.start()
        VMS.create_all(ON_IT, STORAGE.path)
    except:  # NOQA: E722 (nobody calls tearDownModule; the error goes on)
        VMS.stop()
        raise


def tearDownModule():
    VMS.stop()
    STORAGE.stop()


class StorageTest(watching.TestCase):

    def start(self):
        sampler = self.start_fresh(VMS, storage_period=STORAGE_PERIOD)
        self.wait_fresh(sampler, VMS.domains, 3 * STORAGE_PERIOD, "storage")
        return sampler

    def hang(self):
        self.addCleanup(STORAGE.release)
        STORAGE.hang()

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
