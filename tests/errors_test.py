# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import copy
import pickle

import kit
from threadpool import clock
from threadpool import errors

EXAMPLES = {
    errors.NotRunning("pool", "stopped"):
        "pool is not running: stopped",
    errors.AlreadyStarted("pool", "running"):
        "pool was already started, and is now: running",
    errors.QueueFull("pool", 400):
        "pool: 400 tasks are waiting already",
    errors.KeyBusy("pool", "vm"):
        "pool: a task with key 'vm' is under way",
    errors.GroupBusy("pool", "storage", 2, 3.04):
        "pool: all places of group 'storage' are held by 2 late tasks, "
        "next probe in 3.0 s",
    errors.PoolStuck("pool", 2, [("vm", "sample", 61.04),
                                 (None, "update", 3.0)]):
        "pool: all 2 threads are held by late tasks: vm for 61.0 s, "
        "update for 3.0 s",
    errors.TaskStuck("pool", "sample", 7.5, True):
        "pool: sample did not end within 7.5 s of its submission "
        "(started: True)",
}


class TestErrors(kit.TestCase):

    def test_texts(self):
        for error, text in EXAMPLES.items():
            self.assertEqual(str(error), text)

    def test_every_error_has_an_example(self):
        found = set(value for value in vars(errors).values()
                    if isinstance(value, type))
        self.assertEqual(
            found - set([errors.Error]), set(type(e) for e in EXAMPLES))

    def test_survive_copy_and_pickle(self):
        for error, text in EXAMPLES.items():
            self.assertEqual(str(copy.copy(error)), text)
            self.assertEqual(str(pickle.loads(pickle.dumps(error))), text)

    def test_not_running_is_what_futures_users_expect(self):
        self.assertTrue(issubclass(errors.NotRunning, RuntimeError))


class TestClock(kit.TestCase):

    def test_never_goes_back_and_is_fine_grained(self):
        looks = [clock.monotonic() for _ in range(20000)]
        self.assertEqual(looks, sorted(looks))
        steps = [b - a for a, b in zip(looks, looks[1:]) if b > a]
        self.assertLess(min(steps), 0.001)
