# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The service as its manager meets it: a process that tells how it is.
"""

from __future__ import absolute_import, division, print_function

import os
import shutil
import signal
import subprocess
import tempfile

import kit
import manager
import program_test
from threadpool import clock

kit.modern("prometheus_client")


class ServiceTest(kit.TestCase):

    def setUp(self):
        super(ServiceTest, self).setUp()
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.manager = manager.Manager()
        self.addCleanup(self.manager.close)

    def start(self, **environ):
        config = os.path.join(self.folder, "my.conf")
        with open(config, "w") as stream:
            stream.write("[sampling]\nsocket = off\ndump_folder = off\n")
        process = subprocess.Popen(
            program_test.COMMAND + [
                "exporter", "--config", config, "--connect",
                "test:///default", "--listen", "127.0.0.1:0", "--period",
                "0.5"],
            stderr=subprocess.PIPE, universal_newlines=True,
            env=dict(program_test.environment(), **dict(
                self.manager.environ, **environ)))
        self.addCleanup(self.reap, process)
        return process

    def reap(self, process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def test_life(self):
        process = self.start(WATCHDOG_USEC="1000000")
        self.assertEqual(
            self.manager.receive(), ["STATUS=Connecting to libvirt"])
        self.assertIn("READY=1", self.manager.receive())
        for _ in range(4):
            lines = self.manager.receive()
            self.assertIn("WATCHDOG=1", lines)
        # That of libvirt's test driver.
        self.assertIn("STATUS=1 of 1 VMs fresh", lines)
        began = clock.monotonic()
        process.send_signal(signal.SIGTERM)
        while lines != ["STOPPING=1"]:
            lines = self.manager.receive()
        self.assertEqual(process.wait(), 0)
        self.assertLess(clock.monotonic() - began, program_test.AT_ONCE)
