# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import errno
import gc
import os
import shutil
import subprocess
import sys
import tempfile
import threading

import mock

from threadpool import evidence
from threadpool import syscalls

import kit

X86_64 = syscalls.table("x86_64")

STAT = ("77 (%s) D 1 77 77 0 -1 4194368 1 0 0 0 25 17 0 0 20 0 3 0 9 99 5 "
        "18446744073709551615 1 1 0 0 0 0 0 0 0 1 0 0 17 1 0 0 0 0 0\n")

STATUS = ("Name:\tsome thread\nState:\tD (disk sleep)\nThreads:\t3\n"
          "voluntary_ctxt_switches:\t40\nnonvoluntary_ctxt_switches:\t2\n")

# pread64(12, ...)
SYSCALL = ("17 0xffff00000000000c 0x7f9836d38000 0x20000 0x0 0x0 0x0 "
           "0x7ffe5c9832b8 0x7f9836eb32ad\n")

STACK = ("[<0>] request_wait_answer+0x16a/0x290\n"
         "[<0>] vfs_read+0x397/0x3d0\n")


class RecordedTest(kit.TestCase):
    """
    What kernel() makes of a recorded /proc.
    """

    def setUp(self):
        super(RecordedTest, self).setUp()
        self.proc = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.proc)
        self.task = os.path.join(self.proc, "77", "task", "78")
        os.makedirs(os.path.join(self.task, "fd"))
        calls = mock.patch.object(syscalls, "CALLS", X86_64)
        calls.start()
        self.addCleanup(calls.stop)

    def write(self, **files):
        for name, content in files.items():
            with open(os.path.join(self.task, name), "w") as f:
                f.write(content)

    def link(self, fd, target):
        os.symlink(target, os.path.join(self.task, "fd", str(fd)))

    def kernel(self):
        return evidence.kernel(77, 78, proc=self.proc)

    def test_all(self):
        self.write(stat=STAT % "worker", status=STATUS, syscall=SYSCALL,
                   wchan="request_wait_answer", stack=STACK)
        self.link(12, "/rhev/disk")
        self.assertEqual(self.kernel(), {
            "state": "D",
            "wchan": "request_wait_answer",
            "syscall": 17,
            "syscall_name": "pread64",
            "file": "/rhev/disk",
            "ticks": 42,
            "switches": 42,
            "stack": ["request_wait_answer+0x16a/0x290",
                      "vfs_read+0x397/0x3d0"],
        })

    def test_nothing(self):
        self.assertEqual(self.kernel(), {})
        self.assertEqual(evidence.kernel(77, 79, proc=self.proc), {})
        self.assertEqual(evidence.kernel(77, 0, proc=self.proc), {})
        self.assertEqual(evidence.kernel(77, None, proc=self.proc), {})

    def test_one_that_cannot_be_read(self):
        self.write(stat=STAT % "worker", status=STATUS)
        os.mkdir(os.path.join(self.task, "syscall"))
        self.assertEqual(self.kernel(), {
            "state": "D", "ticks": 42, "switches": 42})

    def test_empty_files(self):
        # What a thread leaves that ends between open() and read().
        self.write(stat="", status="", syscall="", wchan="", stack="")
        self.assertEqual(self.kernel(), {})

    def test_refused_reads(self):
        for number in errno.EACCES, errno.EPERM, errno.ENOENT, errno.ESRCH:
            self.write(stat=STAT % "worker")
            error = OSError(number, os.strerror(number))
            with mock.patch.object(evidence, "_read", side_effect=error):
                self.assertEqual(self.kernel(), {})

    def test_names_of_threads(self):
        for name in "a b", "a) R (b", ")", "(", "", ") S 1 2 3":
            self.write(stat=STAT % name)
            self.assertEqual(self.kernel(), {"state": "D", "ticks": 42})

    def test_no_wchan(self):
        for text in "0", "0\n", "":
            self.write(wchan=text)
            self.assertEqual(self.kernel(), {})

    def test_no_syscall(self):
        for text in "running\n", "-1 0x7ffe5c9832b8 0x7f9836eb32ad\n":
            self.write(syscall=text)
            self.assertEqual(self.kernel(), {})

    def test_syscall_without_file(self):
        self.link(12, "/rhev/disk")
        self.write(syscall="202 0xc 0x0 0x0 0x0 0x0 0x0 0x1 0x2\n")
        self.assertEqual(self.kernel(), {
            "syscall": 202, "syscall_name": "futex"})

    def test_unknown_syscall(self):
        self.write(syscall="9999 0xc 0x0 0x0 0x0 0x0 0x0 0x1 0x2\n")
        self.assertEqual(self.kernel(), {"syscall": 9999})

    def test_unknown_architecture(self):
        self.write(syscall=SYSCALL)
        self.link(12, "/rhev/disk")
        with mock.patch.object(syscalls, "CALLS", {}):
            self.assertEqual(self.kernel(), {"syscall": 17})

    def test_closed_file(self):
        self.write(syscall=SYSCALL)
        expected = {"syscall": 17, "syscall_name": "pread64"}
        self.assertEqual(self.kernel(), expected)
        # -1 as a register shows it.
        self.write(syscall=SYSCALL.replace("0000000c", "ffffffff"))
        self.assertEqual(self.kernel(), expected)

    def test_hostile_file_name(self):
        for number, (name, shown) in enumerate([
                (b"/a\nb\x1b[31mc\x7f", u"/a?b?[31mc?"),
                (b"/\xc2\x9b31m", u"/?31m"),
                (b"/\xc3\xa9t\xc3\xa9", u"/\xe9t\xe9"),
                (b"/\xff\xfe", u"/\ufffd\ufffd")]):
            os.symlink(name, os.path.join(
                self.task, "fd", str(number)).encode("ascii"))
            self.write(syscall="0 0x%x 0x0 0x0 0x0 0x0 0x0 0x1 0x2\n" %
                       number)
            self.assertEqual(self.kernel()["file"], shown)

    def test_stack_of_old_kernel(self):
        self.write(stack="[<ffffffff8108e3a9>] do_wait+0x1f9/0x270\n"
                         "[<ffffffffffffffff>] 0xffffffffffffffff\n")
        self.assertEqual(self.kernel(), {"stack": ["do_wait+0x1f9/0x270"]})


class LiveTest(kit.TestCase):
    """
    What the kernel of this machine says.
    """

    def test_own_thread(self):
        ids = []
        with kit.Gate() as gate:
            def run(number):
                ids.append(evidence.native_id())
                gate()
            with kit.Bunch(1, run):
                gate.wait()
                found = evidence.kernel(os.getpid(), ids[0])
                self.assertIn(found["state"], ("R", "S"))
                self.assertGreaterEqual(found["ticks"], 0)
                self.assertGreater(found["switches"], 0)
                gate.open()

    def test_ended_thread(self):
        ids = []
        with kit.Bunch(1, lambda number: ids.append(evidence.native_id())):
            pass
        kit.eventually(
            lambda: not os.path.exists("/proc/self/task/%d" % ids[0]))
        self.assertEqual(evidence.kernel(os.getpid(), ids[0]), {})

    def test_other_process(self):
        cat = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
        try:
            def reads():
                return evidence.kernel(cat.pid, cat.pid).get("file") == pipe
            pipe = os.readlink("/proc/self/fd/%d" % cat.stdin.fileno())
            kit.eventually(reads, "cat to read from its pipe")
            found = evidence.kernel(cat.pid, cat.pid)
            self.assertEqual(found["syscall_name"], "read")
            self.assertIn("pipe_read", found["wchan"])
            self.assertEqual(found["state"], "S")
        finally:
            cat.stdin.close()
            kit.eventually(lambda: evidence.kernel(
                cat.pid, cat.pid)["state"] == "Z", "cat to end")
            cat.wait()
        self.assertEqual(evidence.kernel(cat.pid, cat.pid), {})


class NativeIdTest(kit.TestCase):

    def test_main_thread(self):
        for function in (evidence.native_id, evidence._native_id,
                         evidence._ask_libc):
            self.assertEqual(function(), os.getpid())

    def test_other_thread(self):
        def run(number):
            ids.append(evidence.native_id())
            same.extend([evidence._native_id(), evidence._ask_libc()])
            shown.append(os.path.exists("/proc/self/task/%d" % ids[0]))

        ids, same, shown = [], [], []
        with kit.Bunch(1, run):
            pass
        self.assertNotEqual(ids[0], os.getpid())
        self.assertEqual(same, [ids[0], ids[0]])
        self.assertEqual(shown, [True])

    def test_new_python_asks_threading(self):
        if sys.version_info < (3, 8):
            self.skipTest("threading does not know")
        self.assertIs(evidence.native_id, threading.get_native_id)

    def test_old_kernel(self):
        error = OSError(errno.ENOENT, "no thread-self")
        with mock.patch.object(os, "readlink", side_effect=error):
            self.assertEqual(evidence._native_id(), os.getpid())

    def test_nobody_knows(self):
        error = OSError(errno.ENOENT, "no thread-self")
        with mock.patch.object(os, "readlink", side_effect=error):
            with mock.patch.object(syscalls, "CALLS", {}):
                self.assertEqual(evidence._native_id(), 0)
            # A table that is wrong for this process: getppid, not gettid.
            wrong = {110: syscalls.Call("gettid", False)}
            with mock.patch.object(syscalls, "CALLS", wrong):
                self.assertEqual(evidence._native_id(), 0)


def recurse(depth, call):
    if depth:
        return recurse(depth - 1, call)
    return call()


class PythonStackTest(kit.TestCase):

    def stack_of(self, run):
        """
        Return the stack of a thread that is in run(gate).
        """
        idents = []
        with kit.Gate() as gate:
            def target(number):
                idents.append(threading.current_thread().ident)
                run(gate)
            with kit.Bunch(1, target):
                gate.wait()
                stack = evidence.python_stack(idents[0])
                gate.open()
        return stack

    def test_order(self):
        stack = self.stack_of(lambda gate: recurse(1, gate))
        names = [line.rpartition(" in ")[2] for line in stack]
        first = names.index("recurse")
        self.assertEqual(names[first - 2:first + 3], [
            "target", "<lambda>", "recurse", "recurse", "__call__"])
        self.assertIn(__name__.rpartition(".")[2] + ".py", stack[first])
        self.assertIn("line ", stack[first])

    def test_depth(self):
        stack = self.stack_of(lambda gate: recurse(100, gate))
        self.assertEqual(len(stack), evidence._MAX_FRAMES + 1)
        self.assertEqual(stack[0], "(outer calls left out)")
        self.assertIn("recurse", stack[1])
        # Innermost last: this is where it is stuck.
        self.assertNotIn("recurse", stack[-1])

    def test_source_is_not_read(self):
        namespace = {}
        exec(compile("def f(gate): gate()", "/not/there.py", "exec"),
             namespace)
        with mock.patch("linecache.getline", side_effect=AssertionError):
            with mock.patch("linecache.checkcache",
                            side_effect=AssertionError):
                stack = self.stack_of(namespace["f"])
        self.assertIn('File "/not/there.py", line 1, in f', stack)

    def test_own(self):
        stack = evidence.python_stack(threading.current_thread().ident)
        self.assertIn("test_own", [
            line.rpartition(" in ")[2] for line in stack])

    def test_no_collection_meanwhile(self):
        # See evidence._Frames for what it would do.
        real = sys._current_frames
        collecting = []

        def current_frames():
            # One at a time: else the first one to leave would have the
            # collector go on under the feet of the other.
            collecting.append((gc.isenabled(),
                               evidence._frames._lock.locked()))
            return real()

        ident = threading.current_thread().ident
        for enabled in (True, False):
            (gc.enable if enabled else gc.disable)()
            self.addCleanup(gc.enable)
            with mock.patch("sys._current_frames", current_frames):
                self.assertTrue(evidence.python_stack(ident))
            # As it was.
            self.assertEqual(gc.isenabled(), enabled)
        self.assertEqual(collecting, 2 * [(False, True)])

    def test_no_such_thread(self):
        idents = []
        thread = threading.Thread(target=lambda: idents.append(
            threading.current_thread().ident))
        thread.start()
        thread.join()
        # On 2.7 its last frames may be there for a moment.
        kit.eventually(lambda: evidence.python_stack(idents[0]) == [])
        self.assertEqual(evidence.python_stack(None), [])
