# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import kit
from vmsampling import rates
from vmsampling.history import Sample


def between(older, newer, seconds=2.0, took=(0.0, 0.0)):
    return rates.rates([Sample(10.0, took[0], older),
                        Sample(10.0 + seconds, took[1], newer)])


class RatesTest(kit.TestCase):

    def test_needs_two_samples(self):
        self.assertEqual(rates.rates([]), {})
        self.assertEqual(rates.rates([Sample(1.0, 0.0, {"cpu.time": 1})]), {})

    def test_per_second_of_the_samples_own_times(self):
        self.assertEqual(between({"cpu.time": 100}, {"cpu.time": 107}, 3.5),
                         {"cpu.time": 2.0})

    def test_counters_only(self):
        fields = {
            "cpu.user": 0, "vcpu.10.time": 0, "vcpu.0.wait": 0,
            "block.0.rd.bytes": 0, "block.12.fl.times": 0,
            "net.0.rx.bytes": 0, "net.0.tx.pkts": 0,
            "balloon.major_fault": 0,
        }
        others = {
            "state.state": 1, "balloon.current": 1, "vcpu.current": 1,
            "vcpu.0.state": 1, "block.0.name": "vda", "block.count": 1,
            "block.0.capacity": 1, "net.0.name": "vnet0",
            "block.0.rd.bytes.max": 1, "xcpu.time": 1,
        }
        both = dict(fields, **others)
        self.assertEqual(set(between(both, both)), set(fields))

    def test_none_for_a_counter_that_was_reset(self):
        self.assertEqual(
            between({"cpu.time": 100, "cpu.user": 5},
                    {"cpu.time": 3, "cpu.user": 7}), {"cpu.user": 1.0})

    def test_rates_come_back_after_a_reset(self):
        samples = [Sample(time, 0.0, {"cpu.time": value})
                   for time, value in ((1.0, 100), (2.0, 3), (3.0, 5))]
        self.assertEqual(rates.rates(samples[:2]), {})
        self.assertEqual(rates.rates(samples), {"cpu.time": 2.0})

    def test_none_for_a_field_that_is_new_or_gone(self):
        self.assertEqual(between({"cpu.user": 1}, {"cpu.time": 1}), {})

    def test_zero_is_a_rate(self):
        self.assertEqual(between({"cpu.time": 1}, {"cpu.time": 1}),
                         {"cpu.time": 0.0})

    def test_number_that_means_another_device(self):
        older = {"block.0.name": "vda", "block.0.rd.reqs": 1,
                 "block.1.name": "vdb", "block.1.rd.reqs": 1,
                 "net.0.name": "vnet0", "net.0.rx.bytes": 1}
        newer = dict(older, **{"block.1.name": "vdc", "net.0.name": "vnet7"})
        self.assertEqual(between(older, newer), {"block.0.rd.reqs": 0.0})

    def test_sample_that_took_too_long(self):
        # The counters were read at any time of those 1.1 seconds.
        for took in ((1.1, 0.0), (0.0, 1.1)):
            self.assertEqual(
                between({"cpu.time": 1}, {"cpu.time": 5}, 2.0, took), {})
        self.assertEqual(
            between({"cpu.time": 1}, {"cpu.time": 5}, 2.0, (0.9, 0.9)),
            {"cpu.time": 2.0})
