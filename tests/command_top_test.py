# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import mock

import command_test
from vmsampling import errors
from vmsampling import source
from vmsampling import terminal
from vmsampling import top
from vmsampling.commands import top as top_command


class TopTest(command_test.TestCase):

    def top(self, job, *argv):
        self.source = mock.Mock()
        self.patch(terminal, "Terminal", mock.Mock())
        self.patch(source, "Source", self.source)
        self.patch(top, "Top", job)
        return self.main("top", *argv)

    def check_source(self, uri, *args):
        settings = self.source.call_args[0][0]
        self.assertEqual(settings["connect"], uri)
        self.assertEqual(self.source.call_args[0][1:], args)

    def test_defaults(self):
        job = command_test.Job()
        self.assertEqual(self.top(job), (0, u"", u""))
        self.assertTrue(job.ran)
        self.assertEqual(job.args[1], "qemu:///system")
        self.check_source("qemu:///system", 2.0, False, False)

    def test_options(self):
        job = command_test.Job()
        self.top(job, "--connect", "test:///default", "--period", "5",
                 "--own")
        self.assertEqual(job.args[1], "test:///default")
        self.check_source("test:///default", 5.0, True, True)

    def test_no_libvirt(self):
        def fail():
            raise errors.ConnectFailed("foo:///", "no such driver")

        self.assertEqual(self.top(command_test.Job(fail)), (
            2, u"", u"vdsm-sampler: cannot connect to libvirt at foo:///: "
            u"no such driver\n"))

    def test_terminal_has_gone(self):
        def fail():
            raise errors.OutputClosed("the terminal has gone")

        self.assertEqual(self.top(command_test.Job(fail)), (0, u"", u""))

    def test_no_terminal(self):
        status, out, err = self.main("top")
        self.assertEqual((status, out), (2, u""))
        self.assertIn(u"is no terminal; use vdsm-sampler watch", err)
        self.assertEqual(err.count("\n"), 1)

    def test_options_are_validated_first(self):
        self.check_error("--period = 0: must be a number from 0.1 to 3600",
                         "top", "--period", "0")

    def test_help(self):
        status, out, err = self.main("top", "--help")
        self.assertEqual((status, err), (0, u""))
        self.assertIn("--period", out)

    def test_status_of_signals(self):
        status_of_signal = top_command.Job.status_of_signal
        self.assertEqual(status_of_signal(2), 0)
        self.assertEqual(status_of_signal(15), 143)
