# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import os
import shutil
import tempfile

import kit
from vmsampling import qemu

UUID = "c22c90ef-73bf-4a28-98c4-c4a6c90833fd"

SYSTEM = ["/run/libvirt/qemu", "/var/run/libvirt/qemu"]


class StateDirsTest(kit.TestCase):

    def check(self, uri, expected, uid=0, **environ):
        self.assertEqual(qemu.state_dirs(uri, environ, uid), expected)

    def test_system(self):
        self.check("qemu:///system", SYSTEM)
        self.check("qemu+unix:///system", SYSTEM)

    def test_session(self):
        self.check("qemu:///session", ["/run/user/7/libvirt/qemu/run"], 7)
        self.check("qemu:///session", ["/x/libvirt/qemu/run"], 7,
                   XDG_RUNTIME_DIR="/x")

    def test_session_of_root(self):
        self.check("qemu:///session", SYSTEM, 0, XDG_RUNTIME_DIR="/x")

    def test_socket(self):
        self.check("qemu+unix:///session?socket=/a/libvirt/libvirt-sock",
                   ["/a/libvirt/qemu/run", "/a/libvirt/qemu"])
        self.check("qemu:///system?a=b&socket=/a%20b/libvirt/sock",
                   ["/a b/libvirt/qemu"])

    def test_elsewhere(self):
        for uri in ("qemu+ssh://host/system", "qemu://host/system",
                    "qemu+tcp:///system", "qemu+ssh:///system",
                    "test:///default", "lxc:///system", "qemu:///embed", "",
                    "nonsense"):
            self.check(uri, [])


class FinderTest(kit.TestCase):

    def setUp(self):
        super(FinderTest, self).setUp()
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.write("libvirt/secret.pid", "66")
        self.proc = os.path.join(self.folder, "proc")
        os.mkdir(self.proc)
        self.finder = qemu.Finder(
            "qemu:///session?socket=%s/libvirt/sock" % self.folder,
            proc=self.proc)
        for pid in (11, 66):
            self.write_process(pid)

    def write(self, path, content):
        path = os.path.join(self.folder, path)
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path))
        with open(path, "wb") as stream:
            stream.write(content.encode("utf-8"))

    def write_process(self, pid, name="qemu-system-x86", *args):
        self.write("proc/%d/comm" % pid, name + "\n")
        self.write("proc/%d/cmdline" % pid, u"\0".join(
            (name,) + args) + u"\0")

    def write_pid(self, name, pid):
        self.write("libvirt/qemu/run/%s.pid" % name, "%s\n" % pid)

    def test_pid_file(self):
        self.write_pid("vm1", 11)
        self.assertEqual(self.finder.find("vm1", UUID), 11)

    def test_odd_names(self):
        for name in ("a b", "-rf", "vm;$(x)", "%s", "..x", "vm*"):
            self.write_pid(name, 11)
            self.assertEqual(self.finder.find(name, UUID), 11)

    def test_name_cannot_lead_elsewhere(self):
        # All of these would find a file.
        os.mkdir(os.path.join(self.folder, "libvirt/qemu"))
        os.mkdir(os.path.join(self.folder, "libvirt/qemu/run"))
        self.write("libvirt/qemu/run/x/vm.pid", "66")
        for name in ("../../secret", "/" + self.folder + "/libvirt/secret",
                     "x/vm"):
            self.assertIsNone(self.finder.find(name, UUID))
        for name in ("", ".", "..", "a\0b"):
            self.assertIsNone(self.finder.find(name, UUID))

    def test_stale_pid_file(self):
        for pid in (12, 999, "x", "", "11 12"):
            self.write_process(12, "bash")
            self.write_pid("vm1", pid)
            self.assertIsNone(self.finder.find("vm1", UUID))

    def test_scan_by_uuid(self):
        self.write_process(13, "qemu-kvm", "-name", "guest=x", "-uuid", UUID)
        self.assertEqual(self.finder.find("vm1", UUID), 13)

    def test_scan_by_name(self):
        self.write_process(13, "qemu-kvm", "-name",
                           "guest=a,,b,debug-threads=on", "-S")
        self.assertEqual(self.finder.find("a,b", UUID), 13)
        self.assertIsNone(self.finder.find("a", UUID))

    def test_scan_ignores_other_programs(self):
        self.write_process(13, "bash", "-uuid", UUID)
        self.assertIsNone(self.finder.find("vm1", UUID))

    def test_scan_once(self):
        self.assertIsNone(self.finder.find("vm1", UUID))
        shutil.rmtree(self.proc)
        self.assertIsNone(self.finder.find("vm2", UUID))

    def test_not_local(self):
        finder = qemu.Finder("qemu+ssh://host/system", proc=self.proc)
        self.write_process(13, "qemu-kvm", "-name", "guest=x", "-uuid", UUID)
        self.assertFalse(finder.local)
        self.assertIsNone(finder.find("x", UUID))
        self.assertIsNone(finder.holder("x"))

    def test_holder(self):
        self.assertIsNone(self.finder.holder("vm1"))
        self.write("libvirt/qemu/run/vm1.xml", u"""\
<domstatus state='running' reason='booted' pid='11652'>
  <job type='none' async='save' flags='0x0' asyncStarted='1'/>
  <domain type='qemu'>""")
        self.assertEqual(self.finder.holder("vm1"), "save")
        self.write("libvirt/qemu/run/vm1.xml",
                   u"<job type='destroy' async='migration out' phase='x'>")
        self.assertEqual(self.finder.holder("vm1"), "destroy, migration out")

    def test_stamp_of_the_holder(self):
        self.assertIsNone(self.finder.holder_stamp("vm1"))
        self.write("libvirt/qemu/run/vm1.xml", u"<job>")
        first = self.finder.holder_stamp("vm1")
        self.assertEqual(self.finder.holder_stamp("vm1"), first)
        self.write("libvirt/qemu/run/vm1.xml", u"<job/>")
        self.assertNotEqual(self.finder.holder_stamp("vm1"), first)
        for name in ("", "../vm1", "a\0b"):
            self.assertIsNone(self.finder.holder_stamp(name))

    def test_holder_is_not_what_the_owner_writes(self):
        self.write("libvirt/qemu/run/vm1.xml", u"""\
<domstatus state='running'>
  <domain type='qemu'>
    <metadata><job type='none' async='save'/></metadata>""")
        self.assertIsNone(self.finder.holder("vm1"))
        self.write("libvirt/qemu/run/vm1.xml",
                   u"<job type='none' async='none'/>")
        self.assertIsNone(self.finder.holder("vm1"))


STAT = "%d (qemu (x) y) %s 1 1 1 0 -1 0 0 0 0 0 3 4 0 0 20 0 1 0 1\n"


class LookTest(kit.TestCase):

    def setUp(self):
        super(LookTest, self).setUp()
        self.proc = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.proc)

    def write(self, tid, state="S", wchan="poll_schedule_timeout",
              switches=7):
        """
        wchan None: not to be read by us; switches None: the same.
        """
        task = "%s/11/task/%d/" % (self.proc, tid)
        if not os.path.isdir(task):
            os.makedirs(task)
        for name, content in (
                ("stat", STAT % (tid, state)), ("wchan", wchan or "0"),
                ("status", "voluntary_ctxt_switches:\t%s\n" % switches
                 if switches is not None else "")):
            with open(task + name, "w") as stream:
                stream.write(content)

    def why(self, first, second=None):
        self.write(11, **first)
        before = qemu.look(11, self.proc)
        self.write(11, **(first if second is None else second))
        return qemu.why_stuck(before, qemu.look(11, self.proc))

    def test_idle(self):
        for wchan in ("poll_schedule_timeout.constprop.0", "do_sys_poll",
                      "ep_poll", "futex_wait_queue_me", "__futex_wait"):
            self.assertIsNone(self.why({"wchan": wchan}))

    def test_at_work(self):
        for state in "RSD":
            self.assertIsNone(self.why(
                {"state": state, "wchan": "request_wait_answer"},
                {"state": state, "wchan": "request_wait_answer",
                 "switches": 8}))
        self.assertIsNone(self.why({"wchan": "a"}, {"wchan": "b"}))
        self.assertIsNone(self.why({"state": "R", "wchan": None}))

    def test_waits_elsewhere(self):
        self.assertEqual(
            self.why({"wchan": "request_wait_answer"}),
            "the main thread of its QEMU (PID 11) waits in "
            "request_wait_answer, not in its event loop")

    def test_sleeps_where_we_may_not_know(self):
        self.assertIsNone(self.why({"wchan": None}))
        self.assertIsNone(self.why({"wchan": "request_wait_answer",
                                    "switches": None}))

    def test_uninterruptible(self):
        self.assertEqual(
            self.why({"state": "D", "wchan": "rpc_wait_bit_killable"}),
            "the main thread of its QEMU (PID 11) waits in "
            "rpc_wait_bit_killable and cannot be interrupted (state D)")
        self.assertEqual(
            self.why({"state": "D", "wchan": None}),
            "the main thread of its QEMU (PID 11) waits in the kernel and "
            "cannot be interrupted (state D)")

    def test_stopped(self):
        self.write(12, "T")
        self.assertEqual(
            self.why({"state": "T", "wchan": None}),
            "its QEMU (PID 11) is stopped: all threads in state T")
        self.assertIsNone(self.why({"state": "T"}, {"state": "S"}))

    def test_some_threads_go_on(self):
        self.write(12, "S")
        self.assertIsNone(self.why({"state": "T", "wchan": None,
                                    "switches": None}))

    def test_gone(self):
        self.assertEqual(qemu.look(11, self.proc), {})
        self.assertIsNone(qemu.why_stuck({}, {}))
        self.write(11, "D")
        found = qemu.look(11, self.proc)
        self.assertIsNone(qemu.why_stuck(found, {}))
        self.assertIsNone(qemu.why_stuck({}, found))

    def test_zombie(self):
        self.assertIsNone(self.why({"state": "Z", "wchan": None}))
