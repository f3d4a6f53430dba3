# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A fault must end, whatever else goes wrong.
"""

from __future__ import absolute_import, division, print_function

import subprocess

import faults
import kit
import tools


class _Fault(faults.Fault):

    def __init__(self, begin=None, end=None):
        super(_Fault, self).__init__("fault", ["vm"])
        self._errors = begin, end
        self.calls = []

    def begin(self):
        self._call("begin", self._errors[0])

    def end(self):
        self._call("end", self._errors[1])

    def _call(self, name, error):
        self.calls.append(name)
        if error is not None:
            raise error


class FaultTest(kit.TestCase):

    def test_ended_when_the_test_fails(self):
        fault = _Fault()
        with self.assertRaises(KeyError):
            with fault:
                raise KeyError()
        self.assertEqual(fault.calls, ["begin", "end"])

    def test_ended_when_it_begins_half_way(self):
        fault = _Fault(begin=KeyError())
        with self.assertRaises(KeyError):
            fault.__enter__()
        self.assertEqual(fault.calls, ["begin", "end"])

    def test_all_end_when_one_does_not_begin(self):
        parts = [_Fault(), _Fault(begin=KeyError()), _Fault()]
        with self.assertRaises(KeyError):
            faults.All(*parts).__enter__()
        self.assertEqual([part.calls[-1] for part in parts], 3 * ["end"])

    def test_all_end_when_one_does_not(self):
        parts = [_Fault(), _Fault(end=KeyError()), _Fault()]
        with self.assertRaises(KeyError):
            with faults.All(*parts):
                pass
        self.assertEqual([part.calls[-1] for part in parts], 3 * ["end"])

    def test_all_hit_what_each_does(self):
        wide = _Fault()
        wide.wide = True
        both = faults.All(_Fault(), wide)
        self.assertEqual(both.hit, ["vm", "vm"])
        self.assertTrue(both.wide)
        self.assertFalse(both.mute)


class StoppedTest(kit.TestCase):

    def test_one_that_died_does_not_keep_the_others(self):
        host = _Host(2)
        self.addCleanup(host.end)
        with faults.Stopped(host, ["0", "1"]):
            for process in host.processes:
                self.assertEqual(tools.thread_states(process.pid), {"T"})
            host.processes[0].kill()
            host.processes[0].wait()
        self.assertNotEqual(
            tools.thread_states(host.processes[1].pid), {"T"})


class _Host(object):
    """
    Processes that stand for QEMUs.
    """

    def __init__(self, count):
        self.processes = [subprocess.Popen(["sleep", "60"], close_fds=True)
                          for _ in range(count)]

    def pid(self, name):
        return self.processes[int(name)].pid

    def end(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()
