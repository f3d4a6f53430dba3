# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import kit
from vmsampling import domain
from vmsampling import rounds
from vmsampling import spread

SECONDS = 1.0


class Rounds(object):

    def __init__(self):
        self.settled = []

    def settle(self, round_):
        self.settled.append(round_.number)


class SpreadTest(kit.TestCase):

    def setUp(self):
        super(SpreadTest, self).setUp()
        self.scheduler = kit.Scheduler()
        self.asked = []
        self.spread = spread.Spread(SECONDS, self.scheduler, self.ask)
        self.rounds = Rounds()
        self.round = rounds.Round(1, self.scheduler.now, self.rounds)

    def ask(self, vm, round_, host_groups):
        self.asked.append((self.scheduler.now, vm.uuid))
        self.assertIs(round_, self.round)
        self.assertEqual(host_groups, "groups")

    def begin(self, count):
        self.domains = [domain.Domain("%05d" % n, n, "vm%d" % n)
                        for n in range(count)]
        self.spread.begin(
            kit.rng("spread").sample(self.domains, count), self.round,
            "groups")
        self.round.leave()

    def uuids(self):
        return sorted(uuid for _, uuid in self.asked)

    def times(self):
        return sorted(set(time for time, _ in self.asked))

    def test_few_at_once(self):
        self.begin(20)
        self.assertEqual(len(self.asked), 20)
        self.assertEqual(self.scheduler.pending, [])
        self.assertEqual(self.rounds.settled, [1])

    def test_none(self):
        self.begin(0)
        self.assertEqual(self.rounds.settled, [1])

    def test_all_are_asked_once_in_portions(self):
        begin = self.scheduler.now
        self.begin(100)
        self.assertEqual(len(self.asked), 16)
        self.scheduler.advance(SECONDS)
        self.assertEqual(self.uuids(), [vm.uuid for vm in self.domains])
        self.assertEqual(
            self.times(), [begin + SECONDS * n / 6 for n in range(6)])

    def test_each_has_its_place(self):
        self.begin(100)
        self.scheduler.advance(SECONDS)
        first = dict((uuid, time) for time, uuid in self.asked)
        del self.asked[:]
        begin = self.scheduler.now
        self.round = rounds.Round(2, begin, self.rounds)
        self.begin(100)
        self.scheduler.advance(SECONDS)
        for time, uuid in self.asked:
            self.assertAlmostEqual(time - first[uuid], SECONDS)

    def test_round_is_not_settled_before(self):
        self.begin(40)
        self.assertEqual(self.rounds.settled, [])
        self.scheduler.advance(SECONDS / 2)
        self.assertEqual(self.rounds.settled, [1])

    def test_failure_settles_the_round_all_the_same(self):
        self.begin(40)
        self.spread._ask = None
        with self.assertRaises(TypeError):
            self.scheduler.advance(SECONDS)
        self.assertEqual(self.rounds.settled, [1])

    def test_all_at_once(self):
        self.spread.seconds = 0
        self.begin(100)
        self.assertEqual(len(self.asked), 100)
