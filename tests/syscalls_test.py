# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

from threadpool import syscalls

import kit

MACHINES = ("x86_64", "aarch64", "ppc64le", "s390x", "riscv64")


class TableTest(kit.TestCase):

    def test_machines(self):
        for machine in MACHINES:
            calls = syscalls.table(machine)
            names = [call.name for call in calls.values()]
            # No number was given to two names.
            self.assertEqual(len(names), len(set(names)))
            self.assertGreater(len(names), 45, machine)
            for name, takes_fd in (("read", True), ("futex", False),
                                   ("fsync", True), ("ppoll", False)):
                number = syscalls.number(name, calls)
                self.assertEqual(calls[number],
                                 syscalls.Call(name, takes_fd))

    def test_some_numbers(self):
        for machine, read, gettid in (
                ("x86_64", 0, 186), ("aarch64", 63, 178),
                ("ppc64le", 3, 207), ("s390x", 3, 236)):
            calls = syscalls.table(machine)
            self.assertEqual(syscalls.number("read", calls), read)
            self.assertEqual(syscalls.number("gettid", calls), gettid)

    def test_calls_that_are_missing(self):
        calls = syscalls.table("aarch64")
        self.assertIs(syscalls.number("poll", calls), None)
        self.assertIs(syscalls.number("read", {}), None)

    def test_unknown_machine(self):
        self.assertEqual(syscalls.table("vax"), {})
