# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The service under the restrictions of its unit, with real VMs.
"""

from __future__ import absolute_import, division, print_function

import json
import os
import pwd
import signal
import subprocess

import confined
import host
import kit
import manager
import program_test
import tools
import webclient

kit.modern("prometheus_client")

VMS = host.Host(vms=2)


def setUpModule():
    tools.require("systemd-analyze")
    if os.getuid() != 0:
        tools.skip_if("no right to become other users, run them as root")
    try:
        confined.library()
    except OSError as e:
        tools.skip_if("%s, install the package libseccomp2" % e)
    VMS.start()


def tearDownModule():
    VMS.stop()


class ConfinedTest(kit.TestCase):

    def setUp(self):
        super(ConfinedTest, self).setUp()
        # Who runs the VMs: its libvirtd lets in nobody else.
        self.uid = os.stat(VMS.folder.path).st_uid

    def start(self, *args, **environ):
        process = subprocess.Popen(
            confined.command(self.uid) + program_test.COMMAND + list(args),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=dict(program_test.environment(), **environ))
        self.addCleanup(self.reap, process)
        return process

    def reap(self, process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def test_service(self):
        listener = manager.Manager()
        self.addCleanup(listener.close)
        os.chmod(os.path.dirname(listener.environ["NOTIFY_SOCKET"]), 0o755)
        os.chmod(listener.environ["NOTIFY_SOCKET"], 0o777)
        dumps = VMS.folder.make("dumps")
        config = VMS.folder.write("x.conf", "\n".join((
            "[sampling]", "connect = " + VMS.uri, "dump_folder = " + dumps,
            "socket = %s/s/socket" % VMS.folder.path)))
        service = self.start(
            "exporter", "--config", config, "--listen", "127.0.0.1:0",
            "--period", "0.5", WATCHDOG_USEC="1000000", **listener.environ)
        url = service.stderr.readline().decode().split()[-1]
        lines = []
        while "STATUS=2 of 2 VMs fresh" not in lines:
            lines = listener.receive()
        self.assertIn("WATCHDOG=1", lines)
        self.check_figures(url)
        self.check_stuck(listener, dumps)
        service.send_signal(signal.SIGTERM)
        _, err = service.communicate()
        self.assertEqual(service.returncode, 0, err)
        self.assertNotIn(b"Traceback", err)
        self.assertNotIn(b"not permitted", err)

    def check_figures(self, url):
        port = int(url.strip("/").rpartition(":")[2])
        answer = webclient.get(port, "/snapshot.json")
        self.assertEqual(answer.status, 200)
        # Images are looked at after the VMs have answered.
        wanted = set((
            "libvirt_up 1", "libvirt_host_cpu_seconds_total{",
            "libvirt_host_network_receive_bytes_total{",
            "libvirt_host_disk_read_bytes_total{",
            "libvirt_domain_block_stats_capacity_bytes{", "libvirtd_workers "))
        tools.wait_until(lambda: not self.missing(port, wanted), 10,
                         lambda: self.missing(port, wanted))

    def missing(self, port, names):
        body = webclient.get(port, "/metrics").body.decode()
        return [name for name in names if "\n" + name not in body]

    def check_stuck(self, listener, dumps):
        VMS.freeze("vm01")
        try:
            lines = []
            while "STATUS=1 of 2 VMs fresh, 1 stuck" not in lines:
                lines = listener.receive()
            tools.wait_until(
                lambda: any(name.endswith(".gz")
                            for name in os.listdir(dumps)), 5, "a dump")
        finally:
            VMS.thaw("vm01")

    def test_sight(self):
        # Somebody else's process, whose main thread waits.
        other = pwd.getpwnam("daemon").pw_uid
        process = subprocess.Popen(["setpriv", "--reuid=%d" % other,
                                    "--clear-groups", "sleep", "60"])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        tools.wait_until(
            lambda: os.stat("/proc/%d/comm" % process.pid).st_uid == other, 5,
            "setpriv")
        out = subprocess.check_output(
            confined.command(self.uid) + [
                program_test.COMMAND[0], "-c", "import json; "
                "from vmsampling import qemu; "
                "print(json.dumps(qemu.look(%d)))" % process.pid],
            env=program_test.environment())
        found = json.loads(out.decode())
        self.assertIn("sleep", found["wchan"])
        # It cannot touch it, or read what only its user may.
        self.assertNotIn("syscall", found)
        self.check_not_touched(process.pid)

    def check_not_touched(self, pid):
        for call in ("libc.ptrace(16, %d, 0, 0)" % pid,
                     "libc.process_vm_readv(%d, 0, 0, 0, 0, 0)" % pid):
            out = subprocess.check_output(
                confined.command(self.uid) + [
                    program_test.COMMAND[0], "-c", "import ctypes; "
                    "libc = ctypes.CDLL(None, use_errno=True); "
                    "print(%s, ctypes.get_errno())" % call])
            self.assertEqual(out.split(), [b"-1", b"1"])
