# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The arithmetic of groups, without threads.
"""

from __future__ import absolute_import, division, print_function

import kit
from threadpool import bulkhead
from threadpool import errors
from threadpool import task as _task

PLACES = 4


class TestCase(kit.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.clock = kit.Scheduler()
        # Tasks that were let in.
        self.queue = []
        self.groups = bulkhead.Bulkheads(
            "pool", PLACES, self.clock.clock, self.queue.append)

    def enter(self, count=1, group="storage"):
        tasks = [_task.Task(None, 10, group=group) for _ in range(count)]
        for task in tasks:
            self.groups.enter(task)
        return tasks

    def late(self, *tasks):
        self.groups.turned_late(tasks)
        return self.groups.probe(self.clock.now)

    def leave(self, *tasks):
        for task in tasks:
            self.groups.leave(task)

    def limit(self):
        return self.groups.state()["storage"]["limit"]

    def check_refused(self, seconds):
        with self.assertRaises(errors.GroupBusy) as caught:
            self.enter()
        self.assertAlmostEqual(caught.exception.seconds, seconds)
        self.assertEqual(caught.exception.group, "storage")


class HealthyTest(TestCase):

    def test_as_many_as_there_are_places(self):
        tasks = self.enter(6)
        self.assertEqual(self.queue, tasks[:PLACES])
        self.assertEqual(self.groups.waiting(), tasks[PLACES:])

    def test_each_that_leaves_lets_one_in(self):
        tasks = self.enter(6)
        self.leave(tasks[0])
        self.assertEqual(self.queue, tasks[:5])
        self.leave(*tasks[1:])
        self.assertEqual(self.queue, tasks)

    def test_groups_do_not_see_each_other(self):
        self.enter(6)
        others = self.enter(2, group="other")
        self.assertEqual(self.queue[PLACES:], others)

    def test_nothing_is_kept_of_a_group_that_is_well(self):
        tasks = self.enter(6)
        self.leave(*tasks)
        self.assertEqual(self.groups.state(), {})

    def test_nothing_is_kept_of_what_was_forgotten(self):
        tasks = self.enter(6)
        for task in tasks[PLACES:]:
            self.assertTrue(self.groups.withdraw(task))
        for task in tasks:
            self.assertFalse(self.groups.withdraw(task))
            self.groups.forget(task)
        self.assertEqual(self.groups.state(), {})


class LateTest(TestCase):

    def test_each_late_task_halves_the_limit(self):
        tasks = self.enter(PLACES)
        limits = []
        for task in tasks:
            self.late(task)
            limits.append(self.limit())
        self.assertEqual(limits, [2, 1, 1, 1])

    def test_late_tasks_keep_their_places(self):
        tasks = self.enter(6)
        self.late(tasks[0], tasks[1])
        self.leave(tasks[2])
        # Two are late, one is under way, and there are two places.
        self.assertEqual(self.queue, tasks[:PLACES])

    def test_each_return_adds_a_place(self):
        tasks = self.enter(PLACES + 4)
        self.late(*tasks[:3])
        self.assertEqual(self.limit(), 1)
        self.leave(tasks[3])
        # Two places, three late, so the next goes in as a probe.
        self.assertEqual(self.queue[PLACES:], tasks[4:5])
        for n in (4, 5, 6):
            self.leave(tasks[n])
        self.assertEqual(self.limit(), 5)
        self.assertEqual(self.queue, tasks)

    def test_a_few_that_are_stuck_for_ever_cost_the_rest_nothing(self):
        stuck = self.enter(3)
        self.late(*stuck)
        self.clock.advance(0.5)
        for _ in range(20):
            self.enter(10)
            while len(self.queue) > 3:
                self.leave(self.queue.pop(3))
        self.assertEqual(self.limit(), 3 + PLACES)
        tasks = self.enter(PLACES + 1)
        self.assertEqual(self.queue[3:], tasks[:PLACES])

    def test_limit_is_back_after_all_returned(self):
        tasks = self.enter(PLACES)
        self.late(*tasks)
        self.leave(*tasks)
        self.leave(*self.enter(1))
        self.assertEqual(self.groups.state(), {})

    def test_one_that_has_returned_is_not_late(self):
        first, second = self.enter(2)
        self.leave(first)
        self.late(first)
        self.assertEqual(self.limit(), PLACES)
        self.leave(second)
        self.late(second)
        self.assertEqual(self.groups.state(), {})


class ProbeTest(TestCase):

    def setUp(self):
        super(ProbeTest, self).setUp()
        self.stuck = self.enter(PLACES)

    def test_refused_until_then(self):
        self.late(*self.stuck)
        self.check_refused(0.5)
        self.clock.advance(0.4)
        self.check_refused(0.1)
        self.clock.advance(0.1)
        self.enter()
        self.assertEqual(len(self.queue), PLACES + 1)

    def test_nobody_is_to_wake_up_for_it_if_nothing_waits(self):
        self.assertEqual(self.late(*self.stuck), bulkhead.NEVER)

    def test_one_at_a_time(self):
        self.late(*self.stuck)
        self.clock.advance(0.5)
        tasks = self.enter(3)
        self.assertEqual(self.queue[PLACES:], tasks[:1])

    def test_pauses_grow(self):
        self.late(*self.stuck)
        pauses = []
        for _ in range(8):
            with self.assertRaises(errors.GroupBusy) as caught:
                self.enter()
            pauses.append(caught.exception.seconds)
            self.clock.advance(caught.exception.seconds)
            self.late(*self.enter())
        self.assertEqual(pauses, [0.5, 1, 2, 4, 8, 16, 30, 30])

    def test_what_waits_is_let_in_as_a_probe(self):
        waiting = self.enter(2)
        probe_at = self.late(*self.stuck)
        self.assertEqual(probe_at, self.clock.now + 0.5)
        self.clock.advance(0.5)
        self.assertEqual(
            self.groups.probe(self.clock.now), bulkhead.NEVER)
        self.assertEqual(self.queue[PLACES:], waiting[:1])
        self.assertEqual(self.late(waiting[0]), self.clock.now + 1)

    def test_a_probe_that_returns_opens_the_group(self):
        waiting = self.enter(3)
        self.late(*self.stuck)
        self.clock.advance(0.5)
        self.groups.probe(self.clock.now)
        for task in waiting:
            self.leave(task)
        self.assertEqual(self.queue[PLACES:], waiting)
        # And at once the one after it.
        self.enter()

    def test_a_stuck_task_that_returns_opens_the_group(self):
        waiting = self.enter(1)
        self.late(*self.stuck)
        self.leave(self.stuck[0])
        self.assertEqual(self.queue[PLACES:], waiting)

    def test_a_probe_that_is_forgotten_lets_the_next_in(self):
        waiting = self.enter(2)
        self.late(*self.stuck)
        self.clock.advance(0.5)
        self.groups.probe(self.clock.now)
        self.groups.forget(waiting[0])
        self.assertEqual(self.queue[PLACES:], waiting)

    def test_open(self):
        waiting = self.enter(9)
        self.late(*self.stuck)
        self.groups.open()
        self.assertEqual(self.queue[PLACES:], waiting)


class RandomTest(TestCase):

    def test_nothing_is_lost_and_places_are_kept(self):
        # Whatever happens in whatever order, each task is in one place, and
        # the tasks under way are never more than a healthy group's.
        rng = kit.rng("bulkheads")
        entered, gone = [], []
        running = []
        for _ in range(5000):
            self.clock.advance(rng.choice([0, 0, 0.1, 5]))
            self.groups.probe(self.clock.now)
            running += self.queue
            del self.queue[:]
            step = rng.random()
            if step < 0.5:
                try:
                    entered += self.enter()
                except errors.GroupBusy:
                    continue
            elif step < 0.6 and running:
                self.late(rng.choice(running))
            elif running:
                task = running.pop(rng.randrange(len(running)))
                self.leave(task)
                gone.append(task)
            state = self.groups.state().get("storage", {
                "under_way": 0, "late": 0, "waiting": 0})
            self.assertLessEqual(state["under_way"], PLACES)
            self.assertEqual(len(running) + len(self.queue),
                             state["under_way"] + state["late"])
            self.assertEqual(len(entered), len(gone) + sum(
                state[name] for name in ("under_way", "late", "waiting")))
