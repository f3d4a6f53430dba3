# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import libvirt

import fakelibvirt
import kit
from vmsampling import asker
from vmsampling import cycle
from vmsampling import history
from vmsampling import hosttier
from vmsampling import registry
from vmsampling import rounds
from vmsampling.history import HOST, MONITOR

LATE = 0.5
PERIOD = 1.0
KEY = cycle.HOST_KEY

STARTED = libvirt.VIR_DOMAIN_EVENT_STARTED
SUSPENDED = libvirt.VIR_DOMAIN_EVENT_SUSPENDED
STOPPED = libvirt.VIR_DOMAIN_EVENT_STOPPED


class Storage(object):
    """
    Looks like storagetier.Storage.
    """

    def __init__(self, monitors):
        self.uri = None
        self.begun = []
        self._monitors = monitors

    def see(self, uri):
        self.uri = uri

    def begin(self, domains):
        # The monitor questions have their keys.
        assert self._monitors.tasks or not domains
        self.begun.append(sorted(domain.name for domain in domains))


class TestCase(fakelibvirt.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        clock = self.scheduler.clock
        for name in "abc":
            self.libvirt.add(name)
        self.hosts = fakelibvirt.Desk()
        self.monitors = fakelibvirt.Desk()
        self.budget = fakelibvirt.Budget()
        self.history = history.History(clock=clock)
        self.registry = registry.Registry(self.history, clock)
        self.storage = Storage(self.monitors)
        self.pool = self.connections()
        self.host = hosttier.Host(self.pool, LATE, clock)
        self.cycle = cycle.Cycle(
            self.host, self.hosts,
            asker.Asker(self.monitors, self.pool, self.history, self.budget,
                        self.scheduler),
            self.storage, self.registry, self.history, self.scheduler,
            spread=PERIOD / 2)
        self.rounds = rounds.Rounds(PERIOD, self.scheduler, self.cycle.begin)
        self.addCleanup(self.rounds.stop)
        self.cycle.connect()
        self.addCleanup(self.stop)

    def stop(self):
        self.cycle.stop()
        if self.hosts.tasks:
            self.hosts.run()

    def begin(self):
        """
        Begin the first round.
        """
        self.rounds.start()
        self.scheduler.advance(0.0)

    def names(self, uuids):
        return sorted(uuid[-1] for uuid in uuids)

    def asked(self):
        return self.names(self.monitors.tasks)

    def age(self, name, tier):
        last = self.history.last(self.registry.get("uuid-of-" + name), tier)
        return None if last is None else self.scheduler.now - last.time

    def hang_list(self):
        """
        From now on a call for the list hangs on the host's worker.
        """
        self.hosts.tasks.pop(KEY)
        self.hosts.held.add(KEY)
        saying = self.host.saying("getAllDomainStats(...)")
        saying.__enter__()
        self.addCleanup(saying.__exit__, None, None, None)
        self.hosts_saying = saying

    def return_list(self):
        """
        The call returns, and the task goes on.
        """
        self.hosts_saying.__exit__(None, None, None)
        self.hosts.held.discard(KEY)
        self.cycle()


class RoundTest(TestCase):

    def test_list_then_a_question_for_each(self):
        self.begin()
        self.assertEqual(list(self.hosts.tasks), [KEY])
        self.assertEqual(self.asked(), [])
        self.hosts.run()
        self.assertEqual(self.asked(), ["a", "b", "c"])
        self.assertEqual(self.storage.begun, [["a", "b", "c"]])
        self.assertEqual(self.rounds.last()[0], 0)
        self.monitors.run()
        self.assertEqual(self.rounds.last()[0], 1)
        for name in "abc":
            self.assertEqual(self.age(name, HOST), 0.0)
            self.assertEqual(self.age(name, MONITOR), 0.0)

    def test_one_that_hangs_holds_neither_the_others_nor_the_next_round(self):
        self.begin()
        self.hosts.run()
        self.monitors.tasks.pop("uuid-of-b")
        self.monitors.held.add("uuid-of-b")
        self.monitors.run()
        self.assertEqual(self.rounds.last()[0], 0)
        self.scheduler.advance(PERIOD)
        self.assertEqual(self.rounds.last()[0], 1)
        self.hosts.run()
        self.monitors.run()
        # It is not asked again, so the second round is settled without it.
        self.assertEqual(self.rounds.last()[0], 2)
        self.assertEqual(self.age("a", MONITOR), 0.0)
        self.assertIsNone(self.age("b", MONITOR))
        self.assertEqual(self.age("b", HOST), 0.0)

    def test_only_those_with_a_qemu_are_asked(self):
        self.libvirt.vms["b"].state = libvirt.VIR_DOMAIN_CRASHED
        self.libvirt.vms["c"].state = libvirt.VIR_DOMAIN_PAUSED
        self.begin()
        self.hosts.run()
        self.assertEqual(self.asked(), ["a", "c"])
        self.assertEqual(self.registry.get("uuid-of-b").state, "crashed")
        self.assertEqual(self.age("b", HOST), 0.0)

    def test_without_vms(self):
        self.libvirt.vms.clear()
        self.begin()
        self.hosts.run()
        self.assertEqual(self.rounds.last()[0], 1)


class HungListTest(TestCase):

    def setUp(self):
        super(HungListTest, self).setUp()
        self.begin()
        self.hosts.run()
        self.monitors.run()
        # The second round's list hangs.
        self.scheduler.advance(PERIOD)
        self.hang_list()

    def test_nothing_is_asked_before_the_list_is_late(self):
        self.scheduler.advance(LATE - 0.01)
        self.assertEqual(self.asked(), [])

    def test_libvirtd_that_hangs_is_asked_no_more(self):
        self.scheduler.advance(LATE)
        self.assertEqual(len(self.asked()), 1)
        # The probes hang too: three of them, whatever happens.
        for name in "defgh":
            self.registry.start("uuid-of-" + name, 10, name)
        self.scheduler.advance(20 * PERIOD)
        self.assertEqual(len(self.asked()), 3)
        self.assertEqual(self.storage.begun, [["a", "b", "c"]])

    def test_libvirtd_that_answers_serves_the_round_without_a_list(self):
        self.scheduler.advance(LATE)
        self.assertEqual(len(self.asked()), 1)
        self.monitors.run()
        # The one that was the probe still held its key.
        self.assertEqual(len(self.asked()), 2)
        self.monitors.run()
        self.assertEqual(self.rounds.last()[0], 2)
        for name in "abc":
            self.assertEqual(self.age(name, HOST), 0.0)
            self.assertEqual(self.age(name, MONITOR), 0.0)
        self.assertEqual(len(self.storage.begun), 2)

    def test_next_round_does_not_wait_for_it_to_be_late_again(self):
        self.scheduler.advance(PERIOD)
        self.monitors.run()
        self.monitors.run()
        self.scheduler.advance(PERIOD)
        self.assertEqual(len(self.asked()), 1)

    def test_roll_call(self):
        self.scheduler.advance(LATE)
        self.libvirt.vms["a"].state = libvirt.VIR_DOMAIN_PAUSED
        self.libvirt.add("d")
        del self.libvirt.vms["b"]
        self.hosts.run("roll call")
        self.assertEqual(
            sorted((vm.name, vm.state) for vm in self.registry.all()),
            [("a", "paused"), ("c", "running"), ("d", "running")])
        for name in "acd":
            self.assertEqual(self.age(name, HOST), 0.0)
        # It does not show that libvirtd would answer for a VM.
        self.assertEqual(len(self.asked()), 1)
        self.assertEqual(self.rounds.last()[0], 1)

    def test_roll_call_that_hangs_is_one(self):
        self.hosts.held.add("roll call")
        self.scheduler.advance(5 * PERIOD)
        self.assertNotIn("roll call", self.hosts.tasks)

    def test_no_roll_call_while_the_list_is_in_time(self):
        self.return_list()
        self.monitors.run()
        self.scheduler.advance(PERIOD)
        self.hosts.run()
        self.assertEqual(self.hosts.tasks, {})
        self.assertEqual(self.libvirt.count("state", "a"), 0)

    def test_late_probe_leads_to_another(self):
        # It may have been the VM that hangs, and not libvirtd.
        self.scheduler.advance(LATE)
        first = self.asked()
        self.scheduler.advance(LATE - 0.01)
        self.assertEqual(self.asked(), first)
        self.scheduler.advance(0.01)
        self.assertEqual(len(self.asked()), 2)

    def test_late_list_serves_the_latest_round(self):
        self.scheduler.advance(5 * PERIOD)
        self.monitors.tasks.clear()
        self.return_list()
        self.assertEqual(self.asked(), ["a", "b", "c"])
        self.monitors.run()
        self.assertEqual(self.rounds.last()[0], 7)

    def test_late_list_after_the_round_was_served(self):
        self.scheduler.advance(LATE)
        self.monitors.run()
        self.monitors.run()
        self.return_list()
        # Nobody is asked twice in a round.
        self.assertEqual(self.asked(), [])

    def test_answers(self):
        self.assertTrue(self.cycle.answers(1.5))
        self.scheduler.advance(LATE)
        self.assertFalse(self.cycle.answers(1.5))
        self.monitors.run()
        self.assertTrue(self.cycle.answers(1.5))
        self.scheduler.advance(1.5)
        self.assertFalse(self.cycle.answers(1.5))


class BusyHostTest(TestCase):

    def test_round_that_finds_the_task_about_to_end_is_not_lost(self):
        self.begin()
        self.hosts.run()
        self.monitors.run()
        # A look at the list, asked for by an event, holds the key, but has
        # looked for rounds already.
        self.hosts.held.add(KEY)
        self.scheduler.advance(PERIOD)
        self.hosts.held.clear()
        self.scheduler.advance(0.0)
        self.assertEqual(len(self.asked()), 1)


class EventTest(TestCase):

    def setUp(self):
        super(EventTest, self).setUp()
        self.begin()
        self.hosts.run()
        self.monitors.run()

    def event(self, event, name):
        vm = self.libvirt.vms.get(name) or self.libvirt.add(name)
        self.libvirt.event(
            "LIFECYCLE", fakelibvirt.Domain(None, vm), event, 0)

    def test_started_vm_is_seen_at_once_and_asked_soon(self):
        self.event(STARTED, "d")
        self.assertIsNotNone(self.registry.get("uuid-of-d"))
        self.scheduler.advance(0.1)
        self.hosts.run()
        # Those who have answered are left to the round.
        self.assertEqual(self.asked(), ["d"])

    def test_started_vm_is_asked_again_until_it_answered(self):
        self.libvirt.add("d").busy = True
        for _ in range(2):
            self.event(STARTED, "d")
            self.scheduler.advance(0.1)
            self.hosts.run()
            self.assertEqual(self.asked(), ["d"])
            self.monitors.run()

    def test_stopped_vm_is_gone_at_once(self):
        self.event(STOPPED, "a")
        self.assertIsNone(self.registry.get("uuid-of-a"))

    def test_other_events_lead_to_a_look(self):
        self.event(SUSPENDED, "a")
        self.scheduler.advance(0.1)
        self.libvirt.vms["a"].state = libvirt.VIR_DOMAIN_PAUSED
        self.hosts.run()
        self.assertEqual(self.registry.get("uuid-of-a").state, "paused")

    def test_many_events_one_look(self):
        before = self.libvirt.count("host", None)
        for name in "defgh":
            self.event(STARTED, name)
        self.scheduler.advance(0.1)
        self.hosts.run()
        self.assertEqual(self.libvirt.count("host", None), before + 1)
        self.assertEqual(self.asked(), ["d", "e", "f", "g", "h"])

    def test_events_while_the_list_hangs(self):
        self.hosts.held.add(KEY)
        self.event(STARTED, "d")
        self.scheduler.advance(0.1)
        self.assertEqual(self.hosts.tasks, {})
        self.assertIsNotNone(self.registry.get("uuid-of-d"))

    def test_devices(self):
        for domain in self.registry.all():
            domain.stale = False
        self.libvirt.event("DEVICE_ADDED", fakelibvirt.Domain(
            None, self.libvirt.vms["a"]), "alias")
        self.libvirt.event("DEVICE_ADDED", fakelibvirt.Domain(
            None, self.libvirt.add("unknown")), "alias")
        self.assertEqual([domain.name for domain in self.registry.all()
                          if domain.stale], ["a"])


class RestartTest(TestCase):

    def setUp(self):
        super(RestartTest, self).setUp()
        logs = kit.logs("vmsampling")
        self.logs = logs.__enter__()
        self.addCleanup(logs.__exit__, None, None, None)
        self.begin()
        self.hosts.run()
        self.monitors.run()
        self.old = list(self.libvirt.connections)
        self.libvirt.die()
        self.scheduler.advance(PERIOD)
        self.hosts.run(KEY)

    def test_nothing_is_asked_while_it_is_away(self):
        self.assertEqual(self.asked(), [])
        self.assertFalse(self.cycle.answers(1.5))
        self.scheduler.advance(3 * PERIOD)
        self.assertEqual(self.asked(), [])

    def test_rounds_go_on(self):
        self.assertEqual(self.rounds.last()[0], 2)

    def test_connections_of_before_are_closed(self):
        # By a task of their own.
        self.hosts.run()
        self.assertEqual([virt.closed for virt in self.old], [True, True])

    def test_history_is_kept(self):
        self.assertEqual(self.age("a", MONITOR), PERIOD)
        self.libvirt.up = True
        self.scheduler.advance(PERIOD)
        self.hosts.run()
        self.monitors.run()
        domain = self.registry.get("uuid-of-a")
        self.assertEqual(
            [sample.time for sample in self.history.samples(domain)[MONITOR]],
            [self.scheduler.now - 2 * PERIOD, self.scheduler.now])

    def test_devices_are_read_again(self):
        # Their events were not heard.
        self.assertTrue(self.registry.get("uuid-of-a").stale)


class StopTest(TestCase):

    def test_closes_all(self):
        self.begin()
        self.hosts.run()
        self.monitors.run()
        self.cycle.stop()
        self.assertFalse(self.cycle.closed.is_set())
        self.hosts.run()
        self.assertTrue(self.cycle.closed.is_set())
        self.assertEqual([v.closed for v in self.libvirt.connections],
                         [True, True])
        self.assertEqual(self.loop.holders, 0)

    def test_hung_call_closes_its_connection_when_it_returns(self):
        self.begin()
        self.hang_list()
        self.cycle.stop()
        self.assertFalse(self.libvirt.connections[0].closed)
        self.return_list()
        self.assertTrue(self.libvirt.connections[0].closed)
        self.assertTrue(self.cycle.closed.is_set())
        self.assertEqual(self.asked(), [])

    def test_connection_that_comes_after_the_stop(self):
        self.cycle.stop()
        self.hosts.run()
        self.cycle.connect()
        self.assertTrue(self.libvirt.connections[-1].closed)
