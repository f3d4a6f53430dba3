# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import ctypes

import libvirt

import kit
from vmsampling import blockstats


class Domain(object):
    """
    As of a binding, or of a test, that keeps its domain elsewhere.
    """

    def blockStatsFlags(self, disk, flags):
        return {"asked for": (disk, flags)}


class BlockStatsTest(kit.TestCase):

    def setUp(self):
        super(BlockStatsTest, self).setUp()
        self.ask = blockstats.Asker()

    def answer(self, domain, *parameters):
        """
        Ask a library that gives these (field, type, value).
        """
        asked = []

        def function(pointer, disk, room, count, flags):
            asked.append((pointer, disk, len(room), flags))
            for there, found in zip(room, parameters):
                there.field, there.type, there.value = found
            count._obj.value = len(parameters)
            return 0

        self.ask._functions = function, lambda _capsule, _name: 4711
        return self.ask(domain, "vda"), asked

    def real_domain(self):
        virt = libvirt.open("test:///default")
        self.addCleanup(virt.close)
        return virt.lookupByName("test")

    def test_one_question(self):
        domain = Domain()
        domain._o = None
        found, asked = self.answer(
            domain,
            (b"rd_bytes", libvirt.VIR_TYPED_PARAM_LLONG, 2 ** 40),
            (b"errs", libvirt.VIR_TYPED_PARAM_LLONG, -1),
            (b"wr_bytes", libvirt.VIR_TYPED_PARAM_ULLONG, 7),
            (b"of the future", libvirt.VIR_TYPED_PARAM_STRING, 12345))
        self.assertEqual(found, {"rd_bytes": 2 ** 40, "errs": -1,
                                 "wr_bytes": 7})
        self.assertEqual([type(name) for name in found], 3 * [str])
        self.assertEqual(asked, [(4711, b"vda", 16, 0)])

    def test_another_domain_is_asked_itself(self):
        self.assertEqual(self.ask(Domain(), "vda"), {"asked for": ("vda", 0)})
        domain = Domain()
        domain._o = object()
        self.assertEqual(self.ask(domain, "vda"), {"asked for": ("vda", 0)})

    def test_no_library(self):
        domain = Domain()
        domain._o = self.real_domain()._o
        self.ask._functions = False
        self.assertEqual(self.ask(domain, "vda"), {"asked for": ("vda", 0)})

    def test_errors_are_the_bindings(self):
        domain = self.real_domain()
        libvirt.registerErrorHandler(lambda *_args: None, None)
        errors = []
        for call in (self.ask, lambda domain, disk:
                     domain.blockStatsFlags(disk, 0)):
            with self.assertRaises(libvirt.libvirtError) as caught:
                call(domain, "vda")
            errors.append((caught.exception.get_error_code(),
                           str(caught.exception)))
        self.assertEqual(errors[0], errors[1])
        self.assertTrue(self.ask._functions)

    def test_size_of_a_parameter(self):
        # Of the C library's ABI.
        self.assertEqual(ctypes.sizeof(blockstats.Parameter), 96)
