# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
In a forked child a pool says at once that it has no threads.
"""

from __future__ import absolute_import, division, print_function

import os
import sys
import threading
import traceback

import kit
from threadpool import errors
from threadpool import executor
from threadpool import schedule


def in_child(check):
    """
    Run check() in a forked child; fails with the child's traceback.
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(reader)
            check()
            status = 0
        except BaseException:
            os.write(writer, traceback.format_exc().encode("utf-8"))
        finally:
            # No clean-up of the parent's test in the child.
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        report = pipe.read()
    _, status = os.waitpid(pid, 0)
    assert status == 0, "in the child:\n" + report


class TestFork(kit.TestCase):

    def setUp(self):
        super(TestFork, self).setUp()
        self.pool = executor.Executor("pool", 2, 4)
        self.pool.start()
        self.addCleanup(self.pool.stop)
        self.rest()

    def rest(self):
        """
        Wait until all threads have logged that they started. On 2.7 and 3.6
        a child that logs waits for ever if some thread held a lock of
        logging at the fork.
        """
        ran = threading.Event()
        self.pool._scheduler.schedule(0, ran.set)
        kit.wait(ran, "the scheduler's thread")
        kit.eventually(lambda: self.pool.state()["idle"] == 2, "idle workers")

    def refused(self):
        for call in (self.pool.dispatch, self.pool.submit,
                     self.pool.bound(key=1).submit):
            try:
                call(int)
            except errors.NotRunning as e:
                assert "parent" in str(e), e
            else:
                raise AssertionError("%r took work" % call)

    def test_child_is_refused(self):
        in_child(self.refused)
        self.assertEqual(self.pool.submit(int).result(kit.PATIENCE), 0)

    def test_state_and_stop_in_child(self):
        def check():
            state = self.pool.state()
            assert state["threads"] == 0 and not state["running"], state
            assert self.pool.stuck() == []
            assert "parent" in repr(self.pool), self.pool
            assert self.pool.stop() == []
            self.pool.shutdown()
            self.refused()
        with kit.Gate() as gate:
            self.pool.dispatch(gate, timeout=0)
            gate.wait()
            in_child(check)
            gate.open()

    def test_fork_while_locks_are_held(self):
        # A thread that is not there in the child holds them for ever.
        with self.pool._crew._lock, self.pool._lock:
            with self.pool._scheduler._lock:
                in_child(lambda: (self.pool.state(), self.pool.stop()))

    def test_fork_in_a_worker(self):
        def fork():
            in_child(self.refused)
            return "forked"
        self.assertEqual(
            self.pool.submit(fork).result(kit.PATIENCE), "forked")

    def test_new_pool_in_child(self):
        def check():
            pool = executor.Executor("child", 2, 4)
            pool.start()
            assert pool.submit(pow, 2, 3).result(kit.PATIENCE) == 8
            pool.stop()
        in_child(check)

    def test_pool_not_yet_started_starts_in_child(self):
        pool = executor.Executor("later", 1, 2)

        def check():
            pool.start()
            assert pool.submit(pow, 2, 3).result(kit.PATIENCE) == 8
            pool.stop()
        in_child(check)

    def test_scheduler_in_child(self):
        scheduler = schedule.Scheduler("timer")
        scheduler.start()
        self.addCleanup(scheduler.stop)
        call = scheduler.schedule(3600, int)

        def check():
            try:
                scheduler.schedule(0, int)
            except errors.NotRunning as e:
                assert "parent" in str(e), e
            else:
                raise AssertionError("it took a call")
            call.cancel()
            scheduler.stop()
        in_child(check)
        self.assertTrue(call.pending)

    def test_child_exits(self):
        # Through interpreter exit, not os._exit().
        pid = os.fork()
        if pid == 0:
            try:
                sys.stdout = sys.stderr = open(os.devnull, "w")
                sys.exit(7)
            except SystemExit as e:
                os._exit(e.code)
        self.assertEqual(os.waitpid(pid, 0)[1] >> 8, 7)
