# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import os
import shutil
import tempfile

import fakelibvirt
import kit
from vmsampling import figures
from vmsampling import history
from vmsampling import process
from vmsampling import registry
from vmsampling.history import PROCESS

PID = 4711
TICK = 10 ** 9 // os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE") // 1024

# Of a QEMU that libvirt runs, but for its name: with user and system time,
# start time and memory to be filled in.
STAT = ("{pid} (qemu (KVM) 1) S 1 4711 4711 0 -1 138412480 21417 0 44 0 {user}"
        " {system} 0 0 20 0 5 0 {started} 1005334528 {pages} "
        "18446744073709551615 1 1 0 0 0 0 268444224 4096 16963 0 0 0 17 1 0 0 "
        "0 0 0 0 0 0 0 0 0 0 0\n")

SCOPE = "/machine.slice/machine-qemu\\x2d7\\x2dvm.scope"

MOUNTS = """\
23 28 0:21 / /proc rw shared:13 - proc proc rw
30 28 0:26 / {root}/unified rw,nosuid - cgroup2 cgroup2 rw,nsdelegate
31 28 0:27 / {root}/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
32 28 0:28 /docker/x {root}/elsewhere rw - cgroup cgroup rw,cpuacct
33 28 0:29 / {root}/memory rw - cgroup cgroup rw,memory
"""

V2 = "usage_usec 5123456\nuser_usec 4000001\nsystem_usec 1123455\nnr_periods 0"


class TestCase(kit.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.proc = os.path.join(self.folder, "proc")
        self.write("proc/self/mountinfo", MOUNTS.format(root=self.folder))

    def write(self, path, text):
        path = os.path.join(self.folder, path.lstrip("/"))
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path))
        with open(path, "w") as stream:
            stream.write(text)

    def write_stat(self, pid=PID, user=200, system=100, started=77,
                   pages=1000):
        self.write("proc/%d/stat" % pid, STAT.format(
            pid=pid, user=user, system=system, started=started, pages=pages))


class QemuTest(TestCase):

    def setUp(self):
        super(QemuTest, self).setUp()
        self.pid = PID
        self.finds = 0
        self.write_stat()
        self.renew()

    def renew(self):
        self.qemu = figures.Qemu(
            self.find, figures.Cgroups(self.proc), self.proc)

    def find(self):
        self.finds += 1
        return self.pid

    def test_fields(self):
        self.assertEqual(self.qemu.read(), {
            "cpu.time": 300 * TICK, "cpu.user": 200 * TICK,
            "cpu.system": 100 * TICK, "balloon.rss": 1000 * PAGE})

    def test_found_once(self):
        self.qemu.read()
        self.write_stat(user=250)
        self.assertEqual(self.qemu.read()["cpu.user"], 250 * TICK)
        self.assertEqual(self.finds, 1)

    def test_another_process_has_the_pid(self):
        self.qemu.read()
        self.write_stat(user=9, started=78)
        # It is no QEMU of libvirt's.
        self.pid = None
        self.assertEqual(self.qemu.read(), {})
        self.assertEqual(self.qemu.read(), {})
        self.pid = PID + 1
        self.write_stat(PID + 1, user=250)
        self.assertEqual(self.qemu.read()["cpu.user"], 250 * TICK)

    def test_ended(self):
        self.qemu.read()
        os.unlink(self.folder + "/proc/%d/stat" % PID)
        self.assertEqual(self.qemu.read(), {})

    def test_ended_but_for_its_parent(self):
        self.write_stat(pages=0)
        self.assertEqual(self.qemu.read(), {})

    def test_nothing_to_see(self):
        self.pid = None
        self.assertEqual(self.qemu.read(), {})
        self.write("proc/%d/stat" % PID, "")
        self.pid = PID
        self.assertEqual(self.qemu.read(), {})

    def test_nothing_else_is_read_again(self):
        self.qemu.read()
        seen = []
        read = figures._read
        self.addCleanup(setattr, figures, "_read", read)
        figures._read = lambda path: seen.append(path) or read(path)
        self.qemu.read()
        self.assertEqual(seen, [self.proc + "/%d/stat" % PID])


class CgroupTest(QemuTest):
    """
    All of that with a cgroup that others are in, and its own below.
    """

    def setUp(self):
        super(CgroupTest, self).setUp()
        self.write_cgroup("0::/user.slice/user-0.slice/session-1.scope")
        self.write("unified/user.slice/user-0.slice/session-1.scope/cpu.stat",
                   V2)

    def write_cgroup(self, *lines):
        self.write("proc/%d/cgroup" % PID, "".join(
            line + "\n" for line in lines))

    def write_v1(self, folder, usage):
        self.write(folder + "/cpuacct.usage", "%d\n" % usage)
        self.write(folder + "/cpuacct.stat", "user 400\nsystem 112\n")

    def check_own(self, time, user, system):
        self.assertEqual(self.qemu.read(), {
            "cpu.time": time, "cpu.user": user, "cpu.system": system,
            "balloon.rss": 1000 * PAGE})

    def check_v2(self):
        self.check_own(5123456000, 4000001000, 1123455000)

    def check_shared(self):
        self.assertEqual(self.qemu.read()["cpu.time"], 300 * TICK)

    def test_v2(self):
        self.write_cgroup("0::%s/libvirt/emulator" % SCOPE)
        self.write("unified%s/libvirt/cpu.stat" % SCOPE, V2)
        # These are not the whole VM, or more than it.
        self.write("unified%s/libvirt/emulator/cpu.stat" % SCOPE, "")
        self.write("unified%s/cpu.stat" % SCOPE, "")
        self.check_v2()

    def test_waits(self):
        folder = "unified%s/libvirt/" % SCOPE
        self.write_cgroup("0::%s/libvirt/emulator" % SCOPE)
        self.write(folder + "cpu.stat", V2)
        waits = "some avg10=0.00 avg60=1.50 avg300=0.13 total=%d\n"
        self.write(folder + "cpu.pressure", waits % 17)
        self.write(folder + "io.pressure",
                   waits % 300 + waits.replace("some", "full") % 200)
        self.write(folder + "memory.pressure", "")
        for _ in range(2):
            found = self.qemu.read()
            self.assertEqual(
                dict((name, found[name]) for name in found
                     if name.startswith("pressure.")),
                {"pressure.cpu.some": 17, "pressure.io.some": 300,
                 "pressure.io.full": 200})
        os.unlink(self.folder + "/" + folder + "io.pressure")
        self.assertNotIn("pressure.io.some", self.qemu.read())

    def test_v2_of_an_older_libvirt(self):
        for path in (SCOPE + "/emulator", SCOPE):
            self.renew()
            self.write_cgroup("0::" + path)
            self.write("unified%s/cpu.stat" % SCOPE, V2)
            self.check_v2()

    def test_v1(self):
        self.write_cgroup(
            "5:memory:" + SCOPE, "4:cpu,cpuacct:%s/emulator" % SCOPE,
            "1:name=systemd:" + SCOPE, "0::" + SCOPE)
        self.write_v1("cpu,cpuacct" + SCOPE, 5123456789)
        self.write("unified%s/cpu.stat" % SCOPE, V2)
        self.check_own(5123456789, 400 * TICK, 112 * TICK)

    def test_without_systemd(self):
        # The name of a VM may have colons.
        path = "/machine/qemu-1-a:b.libvirt-qemu"
        self.write_cgroup("4:cpuacct:%s/emulator" % path, "0::/")
        self.write_v1("cpu,cpuacct" + path, 7)
        self.check_own(7, 400 * TICK, 112 * TICK)

    def test_shared(self):
        self.check_shared()
        for path in ("/", "/libvirt/emulator", "/machine.slice",
                     "/system.slice/libvirtd.service",
                     "/machine.slice/machine-qemu-1.scope/another"):
            self.renew()
            self.write_cgroup("0::" + path)
            for folder in (path, os.path.dirname(path)):
                self.write("unified%s/cpu.stat" % folder, V2)
            self.check_shared()

    def test_may_not_be_read(self):
        self.write_cgroup("0::%s/libvirt/emulator" % SCOPE)
        self.check_shared()
        # That is how it stays: else the counters would jump.
        self.write("unified%s/libvirt/cpu.stat" % SCOPE, V2)
        self.check_shared()

    def test_vanishes(self):
        self.write_cgroup("0::%s/libvirt/emulator" % SCOPE)
        self.write("unified%s/libvirt/cpu.stat" % SCOPE, V2)
        self.check_v2()
        os.unlink(self.folder + "/unified%s/libvirt/cpu.stat" % SCOPE)
        self.assertEqual(self.qemu.read(), {"balloon.rss": 1000 * PAGE})

    def test_no_cgroups_are_mounted(self):
        os.unlink(self.folder + "/proc/self/mountinfo")
        self.write_cgroup("0::%s/libvirt/emulator" % SCOPE)
        self.check_shared()

    def test_not_the_whole_hierarchy_is_mounted(self):
        self.write("proc/self/mountinfo",
                   MOUNTS.format(root=self.folder).splitlines()[3])
        self.write_cgroup("4:cpuacct:%s/emulator" % SCOPE)
        self.write_v1("elsewhere" + SCOPE, 7)
        self.check_shared()


class FiguresTest(TestCase):

    def setUp(self):
        super(FiguresTest, self).setUp()
        self.scheduler = kit.Scheduler()
        clock = self.scheduler.clock
        self.history = history.History(clock=clock)
        self.sight = process.Sight(clock, self.proc)
        self.registry = registry.Registry(self.history, clock, self.sight)
        self.hosts = fakelibvirt.Desk()
        self.figures = figures.Figures(
            self.sight, self.registry, self.history, self.hosts, clock,
            self.proc)
        self.registry.update(self.scheduler.now - 1, [
            (name, 1, name, {"state.state": 1}) for name in ("a", "b")])
        self.add("a", PID)
        self.add("b", PID + 1)

    def add(self, name, pid):
        self.write("libvirt/qemu/run/%s.pid" % name, "%d\n" % pid)
        self.write("proc/%d/comm" % pid, "qemu-system-x86\n")
        self.write_stat(pid)

    def see(self, uri="qemu:///session?socket=%s/libvirt/sock"):
        self.registry.see(uri % self.folder if "%s" in uri else uri)

    def read(self):
        self.figures.send()
        self.hosts.run(figures.KEY)
        self.scheduler.advance(1.0)

    def samples(self, name):
        return self.history.samples(self.registry.get(name)).get(PROCESS, ())

    def test_all_vms(self):
        self.see()
        began = self.scheduler.now
        self.read()
        self.write_stat(user=240)
        self.read()
        self.assertEqual(
            [(sample.time, sample.fields["cpu.time"])
             for sample in self.samples("a")],
            [(began, 300 * TICK), (began + 1, 340 * TICK)])
        self.assertEqual(len(self.samples("b")), 2)

    def test_one_at_a_time(self):
        self.figures.send()
        self.figures.send()
        self.assertEqual(list(self.hosts.tasks), [figures.KEY])

    def test_looks_are_not_wanted(self):
        self.sight.enabled = False
        self.see()
        self.read()
        self.assertEqual(len(self.samples("a")), 1)

    def test_vm_that_ended(self):
        self.see()
        self.read()
        self.registry.update(
            self.scheduler.now, [("a", 1, "a", {"state.state": 1})])
        self.read()
        self.assertEqual(len(self.samples("a")), 2)
        self.assertEqual(repr(self.figures), "<Figures vms=1>")

    def test_vm_without_a_process(self):
        self.see()
        shutil.rmtree(self.folder + "/proc/%d" % PID)
        self.read()
        self.assertEqual(self.samples("a"), ())
        self.assertEqual(len(self.samples("b")), 1)

    def test_another_host(self):
        self.see("qemu+ssh://elsewhere/system")
        self.read()
        self.assertEqual(self.samples("a"), ())

    def test_before_there_is_a_connection(self):
        self.read()
        self.assertEqual(self.samples("a"), ())
