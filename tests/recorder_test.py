# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import errno
import gzip
import io
import json
import logging
import os
import shutil
import tempfile
import threading

import mock

import incidents_test
import kit
from vmsampling import recorder
from vmsampling import wire


class RecorderTest(kit.TestCase):

    def setUp(self):
        super(RecorderTest, self).setUp()
        parent = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, parent)
        self.path = os.path.join(parent, "dumps")
        self.now = 1000.0
        self.round = 0
        logs = kit.logs("vmsampling")
        self.logs = logs.__enter__()
        self.addCleanup(logs.__exit__, None, None, None)

    def start(self):
        self.recorder = recorder.Recorder(
            self.path, "test:///default", lambda: self.now)
        self.recorder.start()
        self.addCleanup(self.recorder.stop)
        self.rest()

    def rest(self):
        self.recorder._writer.join(kit.PATIENCE)
        self.assertFalse(self.recorder._writer.is_alive())

    def add(self, *names, **changes):
        self.round += 1
        self.now += 2.0
        snapshot = incidents_test.snapshot(
            *names, round=self.round, time=float(self.round), **changes)
        self.recorder.add(snapshot, wire.line(snapshot))
        self.rest()

    def add_stuck(self, *names):
        self.add(*names, stuck=dict.fromkeys(names, incidents_test.STUCK))

    def dumps(self):
        found = []
        for name in sorted(os.listdir(self.path)):
            with io.open(os.path.join(self.path, name), "rb") as stream:
                with gzip.GzipFile(fileobj=stream) as lines:
                    found.append([json.loads(line.decode("ascii"))
                                  for line in lines])
        return found

    def words(self, dump):
        return [one.get("event", one.get("round")) for one in dump]

    def test_asked_for(self):
        self.start()
        self.add("a")
        self.add("a", "b")
        self.add("a")
        self.recorder.dump("x")
        self.rest()
        dump, = self.dumps()
        self.assertEqual(self.words(dump),
                         ["dump", 1, 2, "appeared", 3, "left"])
        self.assertEqual(dump[0]["text"], "x")
        self.assertEqual(dump[0]["uri"], "test:///default")
        self.assertEqual(dump[0]["period"], 2.0)
        self.assertIn("Dumped the last minutes to " + self.path,
                      self.logs.at(logging.WARNING)[-1])

    def test_no_thread_left(self):
        self.start()
        with mock.patch.object(
                threading.Thread, "start",
                side_effect=RuntimeError("can't start new thread")):
            self.recorder.dump("x")
        self.assertEqual(self.logs.at(logging.ERROR), [
            "No dump is made: can't start new thread"])
        self.recorder.dump("x")
        self.rest()
        self.assertEqual(len(self.dumps()), 1)

    def test_nothing_yet(self):
        self.start()
        self.recorder.dump("x")
        self.rest()
        self.assertEqual(self.words(self.dumps()[0]), ["dump"])

    def test_stuck(self):
        self.start()
        self.add("a\x1b")
        self.add_stuck("a\x1b")
        dump, = self.dumps()
        self.assertEqual(self.words(dump), ["dump", 1, 2, "stuck"])
        self.assertEqual(
            dump[0]["text"],
            "VM a\\x1b is stuck, not asked: all threads in state T")
        self.assertEqual(dump[2]["vms"]["a\x1b"]["stuck"],
                         incidents_test.STUCK)

    def test_many_at_once(self):
        self.start()
        self.add_stuck("a", "b")
        self.assertEqual(len(self.dumps()), 1)

    def test_a_storage_of_many_dies(self):
        self.start()
        self.add_stuck(*["vm%03d" % number for number in range(200)])
        text = self.dumps()[0][0]["text"]
        self.assertEqual(text.count("is stuck"), 5)
        self.assertTrue(text.endswith("; and 195 more"), text)

    def test_soon_after_each_other(self):
        self.start()
        self.add_stuck("a")
        self.add_stuck("a", "b")
        self.assertEqual(len(self.dumps()), 1)
        # It is not forgotten.
        self.now += recorder.GAP
        self.add_stuck("a", "b")
        self.assertEqual(len(self.dumps()), 2)
        self.now += recorder.GAP
        self.add_stuck("a", "b")
        self.assertEqual(len(self.dumps()), 2)

    def test_same_vm(self):
        self.start()
        for _ in range(3):
            self.add_stuck("a")
            self.now += recorder.GAP
            self.add("a")
        self.assertEqual(len(self.dumps()), 1)
        self.now += recorder.SAME
        self.add_stuck("a")
        self.assertEqual(len(self.dumps()), 2)

    def test_bounded_in_time(self):
        self.start()
        for _ in range(200):
            self.add("a")
        self.recorder.dump("x")
        self.rest()
        self.assertEqual(len(self.dumps()[0]), 1 + 151)

    def test_log(self):
        self.start()
        log = logging.getLogger("some")
        log.info("not this")
        log.warning("this %s\n", "\x1b")
        try:
            raise ZeroDivisionError("x" * 10000)
        except ZeroDivisionError:
            log.exception("that")
        self.recorder.dump("x")
        self.recorder.stop()
        log.warning("no more")
        self.rest()
        found = self.dumps()[0][1:]
        self.assertEqual(
            [(one["level"], one["logger"]) for one in found],
            [("WARNING", "some"), ("ERROR", "some")])
        self.assertEqual(found[0]["text"], "this \x1b\n")
        self.assertIn("that\nTraceback", found[1]["text"])
        self.assertEqual(len(found[1]["text"]), 4000)

    def test_log_does_not_push_out_samples(self):
        self.start()
        self.add("a")
        noise = kit.rng("recorder")
        for _ in range(3000):
            logging.getLogger("some").warning("%x", noise.getrandbits(8000))
        self.assertLessEqual(self.recorder._events.size, 1 << 20)
        self.recorder.dump("x")
        self.rest()
        self.assertEqual(self.dumps()[0][1]["round"], 1)

    def test_no_folder(self):
        self.path = os.path.join(self.path, "no")
        self.start()
        self.assertEqual(self.logs.at(logging.WARNING), [
            "There is no flight recorder: %s: No such file or directory; see "
            "dump_folder in [sampling]" % self.path])
        self.add_stuck("a")
        self.assertEqual(self.recorder._rounds.kept(), [])
        self.recorder.dump("x")
        self.assertIn("the flight recorder is off",
                      self.logs.at(logging.WARNING)[-1])

    def test_disk_hangs(self):
        self.start()
        with kit.Gate(result="path") as gate:
            with mock.patch.object(recorder.dumps.Folder, "write", gate):
                self.recorder.dump("x")
                gate.wait()
                for _ in range(3):
                    self.recorder.dump("x")
        self.assertEqual(gate.calls, 1)
        self.assertIn("does %s hang?" % self.path,
                      self.logs.at(logging.WARNING)[0])
        self.rest()

    def test_disk_is_full(self):
        self.start()
        error = EnvironmentError(errno.ENOSPC, "No space left on device")
        with mock.patch.object(recorder.dumps.Folder, "write",
                               side_effect=error):
            self.recorder.dump("x")
            self.rest()
        self.assertEqual(self.logs.at(logging.ERROR), [
            "No dump is made: %s: No space left on device" % self.path])
