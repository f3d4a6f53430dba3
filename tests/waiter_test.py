# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import errno
import os
import resource
import select

import kit
from threadpool import clock
from threadpool import waiter as _waiter


class TestWaiter(kit.TestCase):

    def setUp(self):
        super(TestWaiter, self).setUp()
        self.waiter = _waiter.Waiter()
        self.addCleanup(self.waiter.close)

    def test_wake_before_wait(self):
        self.waiter.wake()
        self.waiter.wake()
        self.waiter.wait(kit.PATIENCE)
        # Both were taken together: this one times out.
        began = clock.monotonic()
        self.waiter.wait(0.001)
        self.assertGreaterEqual(clock.monotonic() - began, 0.001)

    def test_wake_from_another_thread(self):
        with kit.Bunch(1, lambda _: self.waiter.wake()):
            self.waiter.wait()

    def test_poll(self):
        poll = select.poll()
        poll.register(self.waiter, select.POLLIN)
        self.assertEqual(poll.poll(0), [])
        self.waiter.wake()
        self.waiter.wake()
        self.assertEqual(len(poll.poll()), 1)
        self.waiter.clear()
        self.assertEqual(poll.poll(0), [])
        self.waiter.clear()

    def test_past_and_far_timeouts(self):
        self.waiter.wait(-1)
        self.waiter.wake()
        self.waiter.wait(1e12)

    def test_thousands_of_wake_ups(self):
        for _ in range(100000):
            self.waiter.wake()
        self.waiter.wait(kit.PATIENCE)

    def test_interrupted(self):
        def block(timeout):
            raise OSError(errno.EINTR, os.strerror(errno.EINTR))
        self.waiter._block = block
        self.waiter.wait(1)

    def test_other_errors_are_not_hidden(self):
        def block(timeout):
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        self.waiter._block = block
        with self.assertRaises(OSError):
            self.waiter.wait(1)


class TestReadable(kit.TestCase):

    def setUp(self):
        super(TestReadable, self).setUp()
        self.waiter = _waiter.Waiter()
        self.addCleanup(self.waiter.close)
        self.reader, self.writer = os.pipe()
        self.addCleanup(os.close, self.reader)

    def test_readable(self):
        self.addCleanup(os.close, self.writer)
        os.write(self.writer, b"x")
        self.assertTrue(self.waiter.wait_readable(self.reader))

    def test_end(self):
        os.close(self.writer)
        self.assertTrue(self.waiter.wait_readable(self.reader))

    def test_wake(self):
        self.addCleanup(os.close, self.writer)
        self.waiter.wake()
        self.assertFalse(self.waiter.wait_readable(self.reader))
        # It was taken: this one times out.
        began = clock.monotonic()
        self.assertFalse(self.waiter.wait_readable(self.reader, 0.001))
        self.assertGreaterEqual(clock.monotonic() - began, 0.001)

    def test_past_and_far_timeouts(self):
        self.addCleanup(os.close, self.writer)
        self.assertFalse(self.waiter.wait_readable(self.reader, -1))
        self.waiter.wake()
        self.assertFalse(self.waiter.wait_readable(self.reader, 1e12))


class TestWaiters(kit.TestCase):

    def setUp(self):
        super(TestWaiters, self).setUp()
        self.waiters = _waiter.Waiters()
        self.seen = []

    def test_true_already(self):
        self.assertTrue(self.waiters.wait(lambda: True, 0))
        self.assertEqual(len(self.waiters), 0)

    def test_never_true(self):
        self.assertFalse(self.waiters.wait(lambda: False, 0.001))

    def test_wake_is_a_look_not_a_result(self):
        def wait(_):
            self.waiters.wait(lambda: len(self.seen) > 1)
            self.seen.append("waited")
        with kit.Bunch(3, wait):
            kit.eventually(lambda: len(self.waiters) == 3)
            self.seen.append("one")
            self.waiters.wake()
            self.assertEqual(self.seen, ["one"])
            self.seen.append("two")
            self.waiters.wake()
        self.assertEqual(len(self.seen), 5)


class TestManyDescriptors(kit.TestCase):

    def test_beyond_select(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = _waiter._SELECT_LIMIT + 50
        if hard != resource.RLIM_INFINITY and hard < wanted:
            self.skipTest("at most %d descriptors are allowed here" % hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
        opened = []
        try:
            while not opened or opened[-1] < _waiter._SELECT_LIMIT:
                opened.append(os.open(os.devnull, os.O_RDONLY))
            waiter = _waiter.Waiter()
            began = clock.monotonic()
            waiter.wait(0.002)
            self.assertGreaterEqual(clock.monotonic() - began, 0.002)
            waiter.wake()
            waiter.wait()
            waiter.close()
        finally:
            for fd in opened:
                os.close(fd)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
