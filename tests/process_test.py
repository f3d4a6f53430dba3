# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import os
import shutil
import tempfile

import kit
from vmsampling import process
from vmsampling import qemu
from vmsampling.process import AGAIN, GO, HOLD

PID = 4711


class TestCase(kit.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.clock = kit.Scheduler()
        self.sight = process.Sight(
            self.clock.clock, os.path.join(self.folder, "proc"))
        self.uri = "qemu:///session?socket=%s/libvirt/sock" % self.folder
        self.sight.see(self.uri)
        self.write("libvirt/qemu/run/vm.pid", "%d\n" % PID)
        self.write("proc/%d/comm" % PID, "qemu-system-x86\n")
        self.switches = 7
        self.set_state("S")
        self.process = self.sight.process("vm")

    def write(self, path, text):
        path = os.path.join(self.folder, path)
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path))
        with open(path, "w") as stream:
            stream.write(text)

    def set_state(self, state, wchan="poll_schedule_timeout.constprop.0",
                  tid=PID):
        task = "proc/%d/task/%d/" % (PID, tid)
        self.write(task + "stat", "%d (qemu) %s %s" % (
            tid, state, " ".join("0" * 30)))
        self.write(task + "wchan", wchan)
        self.write(task + "status",
                   "voluntary_ctxt_switches:\t%d\n"
                   "nonvoluntary_ctxt_switches:\t0\n" % self.switches)

    def look(self, after=0.0):
        self.clock.advance(after)
        return self.process.look()


class LookTest(TestCase):

    def test_idle(self):
        self.assertEqual(self.look(), GO)
        self.assertEqual(self.look(), GO)

    def test_running(self):
        self.set_state("R", "0")
        self.assertEqual(self.look(), GO)

    def test_waits_for_the_big_lock(self):
        self.set_state("S", "futex_wait_queue")
        self.assertEqual(self.look(), GO)

    def test_stopped(self):
        self.set_state("T", "do_signal_stop")
        self.assertEqual(self.look(), HOLD)
        self.assertIn("is stopped", self.process.held.why)
        self.assertEqual(self.process.held.kernel["state"], "T")

    def test_one_thread_is_not_stopped(self):
        # A debugger looks at some threads of it, or is about to.
        self.set_state("T", "ptrace_stop")
        self.set_state("S", tid=PID + 1)
        self.assertEqual(self.look(), GO)

    def test_hangs_in_dead_storage(self):
        for state, wchan in (("D", "rpc_wait_bit_killable"),
                             ("S", "request_wait_answer")):
            self.process = self.sight.process("vm")
            self.set_state(state, wchan)
            self.assertEqual(self.look(), AGAIN)
            self.assertIsNone(self.process.held)
            self.assertEqual(self.look(after=0.1), AGAIN)
            self.assertEqual(self.look(after=qemu.LOOKS_APART), HOLD)
            self.assertIn(wchan, self.process.held.why)

    def test_slow_storage(self):
        # Each look finds it in the same place, but it does get on.
        self.set_state("D", "rq_qos_wait")
        for _ in range(3):
            self.assertEqual(self.look(), AGAIN)
            self.switches += 1
            self.set_state("D", "rq_qos_wait")
            self.assertEqual(self.look(after=qemu.LOOKS_APART), GO)

    def test_busy_for_a_moment(self):
        self.set_state("D", "rq_qos_wait")
        self.assertEqual(self.look(), AGAIN)
        self.set_state("S")
        self.assertEqual(self.look(after=qemu.LOOKS_APART), GO)
        # That one is forgotten: the next needs two looks again.
        self.set_state("D", "rq_qos_wait")
        self.assertEqual(self.look(after=1.0), AGAIN)

    def test_since_the_first_look(self):
        begin = self.clock.now
        self.set_state("D", "rpc_wait_bit_killable")
        self.look()
        for _ in range(3):
            self.look(after=1.0)
        self.assertEqual(self.process.held.since, begin)
        self.assertEqual(self.process.held.looked, begin + 3)

    def test_continued(self):
        self.set_state("T", "do_signal_stop")
        self.look()
        self.set_state("S")
        self.assertEqual(self.look(), GO)
        self.assertIsNone(self.process.held)

    def test_stopped_after_another_fault(self):
        self.set_state("D", "rpc_wait_bit_killable")
        self.look()
        self.set_state("T", "do_signal_stop")
        self.assertEqual(self.look(after=0.05), HOLD)


class UnseenTest(TestCase):

    def setUp(self):
        super(UnseenTest, self).setUp()
        self.set_state("T", "do_signal_stop")

    def check_go(self, sight, name="vm"):
        found = sight.process(name)
        self.assertEqual([found.look(), found.look()], [GO, GO])
        self.assertIsNone(found.held)

    def test_no_pid_file(self):
        self.check_go(self.sight, "other")

    def test_pid_file_comes_later(self):
        os.rename(self.folder + "/libvirt/qemu/run/vm.pid",
                  self.folder + "/libvirt/qemu/run/other.pid")
        self.assertEqual(self.look(), GO)
        os.rename(self.folder + "/libvirt/qemu/run/other.pid",
                  self.folder + "/libvirt/qemu/run/vm.pid")
        self.assertEqual(self.look(), HOLD)

    def test_process_is_gone(self):
        self.assertEqual(self.look(), HOLD)
        shutil.rmtree(self.folder + "/proc/%d" % PID)
        self.assertEqual(self.look(), GO)

    def test_nothing_may_be_read(self):
        shutil.rmtree(self.folder + "/proc/%d/task" % PID)
        self.check_go(self.sight)

    def test_wchan_may_not_be_read(self):
        # Then a thread that sleeps may sleep anywhere.
        self.set_state("S", "0")
        self.check_go(self.sight)

    def test_another_host(self):
        sight = process.Sight(self.clock.clock, self.folder + "/proc")
        sight.see("qemu+ssh://elsewhere/system")
        self.check_go(sight)

    def test_before_there_is_a_connection(self):
        self.check_go(
            process.Sight(self.clock.clock, self.folder + "/proc"))

    def test_not_wanted(self):
        sight = process.Sight(self.clock.clock, self.folder + "/proc")
        sight.enabled = False
        sight.see(self.uri)
        self.check_go(sight)
