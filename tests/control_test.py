# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import libvirt
import mock

import fakelibvirt
import kit
from vmsampling import control


def read(**kwargs):
    return control.read(mock.Mock(controlInfo=mock.Mock(**kwargs)))


class ControlTest(kit.TestCase):

    def test_states(self):
        for number, word in ((0, "ok"), (1, "job"), (2, "occupied"),
                             (3, "error"), (99, "state 99")):
            self.assertEqual(read(return_value=[number, 0, 1500]),
                             (word, 1.5))

    def test_error(self):
        # libvirtd calls it an internal error when who holds the job is not in
        # the monitor, but waits for an event.
        self.assertEqual(read(return_value=[3, 3, 0]), ("held", 0))
        self.assertEqual(read(return_value=[3, 2, 0]), ("error", 0))

    def test_gone(self):
        for code in (libvirt.VIR_ERR_NO_DOMAIN,
                     libvirt.VIR_ERR_OPERATION_INVALID):
            self.assertIsNone(read(side_effect=fakelibvirt.Error(code)))

    def test_driver_does_not_know(self):
        self.assertEqual(read(side_effect=fakelibvirt.Error(
            libvirt.VIR_ERR_NO_SUPPORT)), (None, None))
