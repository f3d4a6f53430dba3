# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import io
import logging
import os
import shutil
import sys
import tempfile

import mock
import six

import kit
import wire_test
from vmsampling import check
from vmsampling import command
from vmsampling import config
from vmsampling import errors
from vmsampling import hearsay
from vmsampling import look
from vmsampling import output
from vmsampling import source
from vmsampling import station
from vmsampling import version
from vmsampling import watch
from vmsampling import wire
from vmsampling.commands import check as check_command
from vmsampling.commands import replay as replay_command
from vmsampling.commands import stuck as stuck_command
from vmsampling.commands import watch as watch_command

REPORT = {"time": 0.0, "vms": 1, "not_asked": 0, "stuck": {}, "busy": {},
          "looked": {"control": 1, "proc": 1, "probe": 0}}

STUCK = dict(REPORT, stuck={"u": {"name": "a\x1b", "seconds": 3.0, "why": [],
                                  "holder": None, "kernel": {}}})


class Job(object):
    """
    Looks like watch.Watch.
    """

    def __init__(self, start=lambda: None, stop=lambda: None):
        self.start = start
        self.stop = stop
        self.args = None
        self.ran = False

    def run(self, interrupt):
        self.ran = True

    def __call__(self, *args):
        self.args = args
        return self


class TestCase(kit.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.config = self.write("my.conf", "")
        # No file of this machine may have a say.
        for name, value in (("MAIN_FILE", self.path("vdsm.conf")),
                            ("OWN_FILE", self.path("own.conf")),
                            ("DROP_IN_DIRS", ())):
            self.patch(config, name, value)

    def patch(self, where, name, value):
        patch = mock.patch.object(where, name, value)
        patch.start()
        self.addCleanup(patch.stop)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        with open(self.path(name), "w") as stream:
            stream.write(content)
        return self.path(name)

    def main(self, *argv):
        """
        Return exit status, stdout and stderr.
        """
        saved = sys.stdout, sys.stderr
        with io.open(self.path("out"), "w+b") as out, \
                io.open(self.path("err"), "w+b") as err:
            sys.stdout, sys.stderr = map(self.stream, (out, err))
            try:
                status = command.main(list(argv))
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                for stream in (sys.stdout, sys.stderr):
                    if stream not in (out, err):
                        stream.detach()
                sys.stdout, sys.stderr = saved
            return (status,) + tuple(
                self.content(stream) for stream in (out, err))

    def stream(self, raw):
        # On Python 2.7 standard streams take bytes.
        if str is bytes:
            return raw
        return io.TextIOWrapper(raw, encoding="ascii", newline="\n")

    def content(self, stream):
        stream.seek(0)
        return stream.read().decode("ascii")

    def check_error(self, message, *argv):
        self.assertEqual(self.main(*argv), (
            2, u"", u"vdsm-sampler: %s\n" % message))


class UsageTest(TestCase):

    def test_version(self):
        status, out, err = self.main("--version")
        self.assertEqual((status, err), (0, u""))
        six.assertRegex(self, out, r"^vdsm-sampler [0-9]+\.[0-9.]+\n$")

    def test_version_is_not_to_be_found(self):
        with mock.patch.object(version, "read", lambda: None):
            self.assertEqual(
                self.main("--version"),
                (0, u"vdsm-sampler (unknown version)\n",
                 u""))

    def test_help(self):
        for argv in (["--help"], ["watch", "--help"], ["stuck", "--help"],
                     ["check", "--help"]):
            status, out, err = self.main(*argv)
            self.assertEqual((status, err), (0, u""))
            self.assertIn("vdsm-sampler", out)

    def test_help_that_is_not_read(self):
        reader, writer = os.pipe()
        os.close(reader)
        with io.open(writer, "wb") as out, mock.patch.object(
                sys, "stdout", out):
            self.assertEqual(command.main(["--help"]), 0)
            self.assertEqual(command.main(["--version"]), 0)

    def test_wrong_usage_is_one_line(self):
        for argv in ([], ["nonsense"], ["--nonsense"], ["watch", "x"],
                     ["stuck", "--period", "2"], ["watch", "--probe"],
                     ["check", "--probe"],
                     ["watch", "--period"], ["watch", "--format", "xml"]):
            status, out, err = self.main(*argv)
            self.assertEqual((status, out), (2, u""), argv)
            six.assertRegex(self, err, r"^vdsm-sampler: .* \(see "
                            r"vdsm-sampler --help\)\n$")
            self.assertEqual(err.count("\n"), 1)

    def test_options_are_validated_like_keys(self):
        self.check_error("--period = abc: must be a number from 0.1 to 3600",
                         "watch", "--period", "abc")
        self.check_error("--period = 0: must be a number from 0.1 to 3600",
                         "watch", "--period", "0")
        self.check_error("--rounds = 1.5: must be a whole number not below 1",
                         "watch", "--rounds", "1.5")
        for verb in ("watch", "stuck", "check"):
            self.check_error("--connect = (empty): must be a libvirt URI such "
                             "as qemu:///system", verb, "--connect", "")

    def test_configuration(self):
        path = self.write("bad.conf", "[sampling]\nworkers = abc\n")
        for verb in ("watch", "stuck", "check"):
            self.check_error(
                "%s: [sampling] workers = abc: must be a whole number from 1 "
                "to 64" % path, verb, "--config", self.config,
                "--config", path)
            self.check_error(
                "%s: cannot be read: there is no such file" %
                self.path("none"), verb, "--config", self.path("none"))

    def test_messages_are_clean(self):
        path = self.write("bad.conf", "[sampling]\nworkers = \x1b[2J\n")
        self.check_error(
            "%s: [sampling] workers = \\x1b[2J: must be a whole number from "
            "1 to 64" % path, "watch", "--config", path)

    def test_stderr_is_closed(self):
        saved = sys.stderr
        sys.stderr = None
        try:
            self.assertEqual(command.main(["nonsense"]), 2)
        finally:
            sys.stderr = saved

    def test_stdout_is_closed(self):
        with mock.patch.object(output, "Output",
                               side_effect=errors.WriteFailed("closed")):
            self.check_error("cannot write to standard output: closed",
                             "stuck")


class WatchTest(TestCase):

    def watch(self, job, *argv):
        self.patch(watch, "Watch", job)
        self.source = mock.Mock()
        self.patch(source, "Source", self.source)
        return self.main("watch", *argv)

    def test_defaults(self):
        job = Job()
        self.assertEqual(self.watch(job), (0, u"", u""))
        self.assertTrue(job.ran)
        _, how_many, as_json, _, a_station = job.args
        self.assertEqual((how_many, as_json, a_station), (None, False, None))
        (settings, period, own, asked), _ = self.source.call_args
        self.assertEqual((period, own, asked), (2.0, False, False))
        self.assertEqual(settings["connect"], "qemu:///system")

    def test_options(self):
        job = Job()
        path = self.write("good.conf", "[sampling]\nworkers = 7\n"
                          "connect = lxc:///\n")
        self.watch(job, "--connect", "test:///default", "--period", "1",
                   "--rounds", "5", "--format", "json", "--config", path)
        self.assertEqual(job.args[1:3], (5, True))
        (settings, period, own, asked), _ = self.source.call_args
        self.assertEqual((period, own, asked), (1.0, False, True))
        self.assertEqual(settings["connect"], "test:///default")
        self.assertEqual(settings["workers"], 7)

    def test_own(self):
        job = Job()
        self.watch(job, "--own")
        self.assertEqual(self.source.call_args[0][2:], (True, False))
        self.assertIsNone(job.args[-1])

    def test_serve(self):
        job = Job()
        with mock.patch.object(station, "Station") as a_station:
            self.watch(job, "--serve")
        self.assertEqual(self.source.call_args[0][2:], (True, False))
        self.assertIs(job.args[-1], a_station.return_value)
        a_station.assert_called_once_with(mock.ANY, 2.0, must_serve=True)

    def test_no_libvirt(self):
        def fail():
            raise errors.ConnectFailed("foo:///", "no\n such\ndriver")

        self.assertEqual(self.watch(Job(fail)), (
            2, u"", u"vdsm-sampler: cannot connect to libvirt at foo:///: "
            u"no such driver\n"))

    def test_reader_goes_away(self):
        def fail():
            raise errors.OutputClosed("Broken pipe")

        self.assertEqual(self.watch(Job(fail)), (0, u"", u""))

    def test_disk_is_full(self):
        def fail():
            raise errors.WriteFailed("No space left on device")

        self.assertEqual(self.watch(Job(fail)), (
            2, u"", u"vdsm-sampler: cannot write to standard output: No space "
            u"left on device\n"))

    def test_binding_is_missing(self):
        def fail():
            raise ImportError("No module named libvirt")

        status, _, err = self.watch(Job(fail))
        self.assertEqual(status, 2)
        self.assertIn("No module named libvirt; install libvirt-python", err)
        self.assertEqual(err.count("\n"), 1)

    def test_bug(self):
        def fail():
            raise ZeroDivisionError("oops \x1b[2J")

        status, out, err = self.watch(Job(fail))
        self.assertEqual((status, out), (2, u""))
        self.assertIn("this is a bug of vdsm-sampler", err)
        self.assertIn("ZeroDivisionError: oops \\x1b[2J", err)

    def test_logging(self):
        log = logging.getLogger("vmsampling.some")

        def run():
            log.debug("debug")
            log.info("info \x1b")
            log.warning("warning")
            log.error("error")

        for argv, count in (([], 1), (["-v"], 3), (["--verbose"], 3),
                            (["--debug"], 4)):
            _, _, err = self.watch(Job(run), *argv)
            found = [line for line in err.splitlines() if ".some]" in line]
            self.assertEqual(len(found), count, err)
        self.assertIn("info \\x1b", err)
        self.assertEqual(logging.getLogger().handlers, self.handlers)

    def test_warnings_are_for_a_flight_recorder_too(self):
        handler = kit.Logs()
        log = logging.getLogger("vmsampling.some")

        def run():
            logging.getLogger().addHandler(handler)
            log.info("info")
            log.warning("warning")
            logging.getLogger().removeHandler(handler)

        self.assertNotIn("warning", self.watch(Job(run))[2])
        self.assertEqual(handler.records, [(logging.WARNING, "warning")])

    def test_dump(self):
        options = mock.Mock(period=None, rounds=None, own=False, serve=True,
                            config=[], connect=None, format="json")
        self.watch(Job())
        with mock.patch.object(watch_command.output, "Output"), \
                mock.patch.object(station, "Station") as a_station:
            job = watch_command.Job(options)
            ask, = job.signals.values()
            # It comes whenever it likes.
            ask()
            job.prepare()
            ask()
        a_station.return_value.dump.assert_called_once_with()

    def setUp(self):
        super(WatchTest, self).setUp()
        self.handlers = list(logging.getLogger().handlers)


class StuckTest(TestCase):

    def test_interrupted(self):
        # Neither 0 nor 1: nobody knows whether there are any.
        status_of_signal = stuck_command.Job.status_of_signal
        self.assertEqual(status_of_signal(15), 143)
        self.assertEqual(watch_command.Job.status_of_signal(15), 0)

    def setUp(self):
        super(StuckTest, self).setUp()
        # Of a service.
        self.heard = mock.Mock(return_value=None)
        self.patch(hearsay, "take", self.heard)

    def test_service(self):
        self.heard.return_value = dict(
            STUCK, source={"pid": 7, "age": 1.5})
        status, out, _ = self.stuck(REPORT)
        self.assertEqual(status, 1)
        self.assertIn(u"1 of 1 VMs stuck; by process 7, the service, 1.5s ago",
                      out)

    def test_service_is_not_asked(self):
        for option in ("--own", "--probe"):
            self.heard.side_effect = AssertionError
            self.assertEqual(self.stuck(REPORT, option)[0], 0)

    def stuck(self, report, *argv):
        self.patch(look.Look, "take", lambda _self: report)
        return self.main("stuck", *argv)

    def test_none(self):
        status, out, err = self.stuck(REPORT)
        self.assertEqual((status, err), (0, u""))
        self.assertTrue(out.startswith(u"0 of 1 VMs stuck"))

    def test_some(self):
        status, out, err = self.stuck(STUCK)
        self.assertEqual((status, err), (1, u""))
        self.assertTrue(out.startswith(u"a\\x1b is stuck for 3.0s\n"))

    def test_json(self):
        status, out, err = self.stuck(STUCK, "--format", "json")
        self.assertEqual((status, err), (1, u""))
        self.assertIn(u'"stuck": {"u": {"holder": null', out)
        self.assertEqual(out.count("\n"), 1)

    def test_probe(self):
        probes = []
        self.patch(look, "Look", lambda settings, probe: probes.append(
            probe) or mock.Mock(take=lambda: REPORT))
        self.main("stuck")
        self.main("stuck", "--probe")
        self.assertEqual(probes, [False, True])

    def test_nobody_reads(self):
        self.patch(output.Output, "write",
                   mock.Mock(side_effect=errors.OutputClosed("x")))
        self.assertEqual(self.stuck(STUCK), (1, u"", u""))


class ReplayTest(TestCase):

    def replay(self, content, *argv):
        path = self.path("dump")
        with io.open(path, "wb") as stream:
            stream.write(content)
        return self.main("replay", path, *argv)

    def test_rounds(self):
        content = b"".join(wire.line(wire_test.snapshot(round=number))
                           for number in (1, 2, 3))
        status, out, err = self.replay(content, "--rounds", "2")
        self.assertEqual((status, err), (0, u""))
        self.assertEqual([line.split()[1] for line in out.splitlines()
                          if line.startswith(u"round")], [u"1", u"2"])
        _, out, _ = self.replay(content, "--format", "json")
        self.assertEqual(len(out.splitlines()), 3)
        _, out, _ = self.replay(content, "--speed", "1000")
        self.assertIn(u"round 3 ", out)

    def test_standard_input(self):
        saved = sys.stdin
        for sys.stdin in (open(os.devnull), None):
            try:
                status, _, err = self.main("replay", "-")
            finally:
                stdin, sys.stdin = sys.stdin, saved
                if stdin is not None:
                    stdin.close()
            self.assertEqual(status, 2)
            self.assertIn("vdsm-sampler: standard input: ", err)

    def test_bad_files(self):
        for content, message in (
                (b"", "there is no round to show"),
                (b"\n\n{", "line 3: no JSON")):
            self.assertEqual(self.replay(content), (
                2, u"", u"vdsm-sampler: %s: %s\n" % (
                    self.path("dump"), message)))
        for path, reason in ((self.path("none"), "No such file or directory"),
                             (self.folder, "Is a directory")):
            self.check_error("%s: cannot be read: %s" % (path, reason),
                             "replay", path)

    def test_bad_options(self):
        for option, text, expected in (
                ("--rounds", "0", "a whole number not below 1"),
                ("--speed", "0", "a number from 0.01 to 1000"),
                ("--from", "x", "a time such as 14:05, 14:05:30 or "
                 "2026-11-27 14:05:30")):
            self.check_error("%s = %s: must be %s" % (option, text, expected),
                             "replay", "x", option, text)

    def test_signal(self):
        self.assertEqual(replay_command.Job.status_of_signal(15), 0)


class CheckTest(TestCase):

    def check(self, verdict, *argv):
        report = {"verdict": verdict, "checks": [
            {"name": "a", "verdict": "ok", "found": "x\x1b", "advice": None},
            {"name": "bc", "verdict": verdict, "found": u"y\x9b",
             "advice": None if verdict == "ok" else "do"}]}
        self.given = []
        self.patch(check, "take", lambda *args: self.given.append(args) or
                   report)
        return self.main("check", *argv)

    def test_interrupted(self):
        self.assertEqual(check_command.Job.status_of_signal(2), 130)

    def test_well(self):
        self.assertEqual(self.check("ok"), (
            0, u"ok    a   x\\x1b\nok    bc  y\\x9b\nall is well\n", u""))
        (settings, files), = self.given
        self.assertEqual(files, [])
        self.assertEqual(settings["max_hung"], 12)

    def test_wanting(self):
        status, out, err = self.check("warn", "--config", self.config)
        self.assertEqual((status, err), (1, u""))
        self.assertIn(u"warn  bc  y\\x9b -> do\n1 of 2 checks", out)
        self.assertEqual(self.given[0][1], [self.config])

    def test_bad(self):
        status, out, err = self.check("bad")
        self.assertEqual((status, err), (
            2, u"vdsm-sampler: bc: y\\x9b; do\n"))
        self.assertIn(u"bad   bc", out)

    def test_json(self):
        status, out, err = self.check("warn", "--format", "json")
        self.assertEqual((status, err), (1, u""))
        self.assertIn(u'"advice": "do"', out)
        self.assertEqual(out.count("\n"), 1)

    def test_nobody_reads(self):
        self.patch(output.Output, "write",
                   mock.Mock(side_effect=errors.OutputClosed("x")))
        self.assertEqual(self.check("warn"), (1, u"", u""))
