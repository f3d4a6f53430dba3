# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import logging
import os
import shutil
import tempfile

import kit
from threadpool import throttle
from vmsampling import canary
from vmsampling import storages
from vmsampling import underway


class Opener(object):
    """
    Has regular files stand in for block devices: opens what it is asked for,
    and notes the flags, but without O_DIRECT, which not all file systems
    know.
    """

    def __init__(self):
        self.flags = []

    def __call__(self, path, flags):
        self.flags.append(flags)
        return os.open(path, flags & ~os.O_DIRECT)


class TestCase(kit.TestCase):

    kind = storages.FILE

    def setUp(self):
        super(TestCase, self).setUp()
        self.folder = tempfile.mkdtemp().encode("ascii")
        self.addCleanup(shutil.rmtree, self.folder)
        self.scheduler = kit.Scheduler()
        self.opener = Opener()
        self.answers = canary.Answers(self.scheduler.clock, self.opener)
        self.image = self.make(b"image", b"x" * 8192)
        refusals = canary._refusals
        self.addCleanup(setattr, canary, "_refusals", refusals)
        canary._refusals = throttle.Throttle(
            interval=600.0, burst=3, clock=self.scheduler.clock)

    def name(self, name):
        return storages.Image(os.path.join(self.folder, name), self.kind)

    def make(self, name, data):
        image = self.name(name)
        with open(image.path, "wb") as f:
            f.write(data)
        return image

    def look(self, image=None):
        image = image or self.image
        self.answers.look(image)
        return self.answers.time(image)

    def check_refused(self, image, why):
        self.assertIsNone(self.look(image))
        self.assertIsNone(self.answers.last(image))
        self.assertEqual(self.answers.refusal(image),
                         (self.scheduler.now, why))


class AnswersTest(TestCase):

    def test_not_looked_at(self):
        self.assertIsNone(self.answers.time(self.image))
        self.assertIsNone(self.answers.last(self.image))
        self.assertIsNone(self.answers.refusal(self.image))

    def test_image_that_answers(self):
        began = self.scheduler.now
        self.assertEqual(self.look(), began)
        self.scheduler.advance(3.0)
        self.assertEqual(self.answers.time(self.image), began)
        self.assertEqual(self.answers.last(self.image), began)
        self.assertIsNone(self.answers.refusal(self.image))

    def test_error_is_no_answer(self):
        self.check_refused(self.name(b"missing"), "No such file or directory")

    def test_error_takes_the_answer_before_it_back(self):
        self.look()
        os.unlink(self.image.path)
        self.check_refused(self.image, "No such file or directory")

    def test_answer_takes_the_error_before_it_back(self):
        image = self.name(b"new")
        self.look(image)
        self.make(b"new", b"")
        self.assertEqual(self.look(image), self.scheduler.now)
        self.assertIsNone(self.answers.refusal(image))

    def test_no_answer_while_a_look_is_under_way(self):
        self.look()
        before = self.scheduler.now
        self.scheduler.advance(1.0)
        with kit.Gate() as gate:
            self.addCleanup(setattr, canary, "_touch", canary._touch)
            canary._touch = gate
            with kit.Bunch(1, lambda _: self.answers.look(self.image)):
                gate.wait()
                self.assertIsNone(self.answers.time(self.image))
                # For people it is still the last one.
                self.assertEqual(self.answers.last(self.image), before)
                self.scheduler.advance(5.0)
                gate.open()
        # What counts is when the look began: then it was not answered yet.
        self.assertEqual(self.answers.time(self.image), before + 1.0)

    def test_retain(self):
        missing = self.name(b"missing")
        for image in (self.image, missing):
            self.look(image)
        self.answers.retain([self.image])
        self.assertIsNotNone(self.answers.time(self.image))
        self.assertIsNone(self.answers.refusal(missing))
        self.answers.retain([])
        self.assertIsNone(self.answers.time(self.image))
        self.assertEqual(self.answers._looks, {})

    def test_forgotten_while_a_look_is_under_way(self):
        with kit.Gate() as gate:
            self.addCleanup(setattr, canary, "_touch", canary._touch)
            canary._touch = gate
            with kit.Bunch(1, lambda _: self.answers.look(self.image)):
                gate.wait()
                self.answers.retain([])
                gate.open()
        self.assertEqual(self.answers._looks, {})


class LogTest(TestCase):

    def test_said_once(self):
        missing = self.name(b"missing\n")
        with kit.logs("vmsampling.canary") as logs:
            for _ in range(3):
                self.look(missing)
                self.scheduler.advance(1000.0)
        message, = logs.at(logging.INFO)
        self.assertIn("No such file or directory", message)
        self.assertNotIn("\n", message)

    def test_not_for_each_of_many(self):
        with kit.logs("vmsampling.canary") as logs:
            for number in range(20):
                self.look(self.name(b"missing" + b"x" * number))
        self.assertEqual(len(logs.at(logging.INFO)), 3)

    def test_said_again_when_it_is_something_else(self):
        with kit.logs("vmsampling.canary") as logs:
            self.look(self.name(b"new"))
            self.look(self.make(b"new", b""))
            os.unlink(self.name(b"new").path)
            self.look(self.name(b"new"))
        self.assertEqual(len(logs.at(logging.INFO)), 2)


class FileTest(TestCase):

    def test_flags(self):
        self.look()
        flags, = self.opener.flags
        self.assertFalse(flags & os.O_DIRECT)
        for flag in (os.O_NONBLOCK, os.O_NOCTTY):
            self.assertTrue(flags & flag)

    def test_pipe_does_not_hang(self):
        pipe = self.name(b"pipe")
        os.mkfifo(pipe.path)
        self.assertIsNotNone(self.look(pipe))

    def test_character_device(self):
        self.assertIsNotNone(self.look(
            storages.Image(b"/dev/null", storages.FILE)))


class BlockTest(TestCase):

    kind = storages.BLOCK

    def test_reads_from_the_device_itself(self):
        self.assertEqual(self.look(), self.scheduler.now)
        flags, = self.opener.flags
        self.assertTrue(flags & os.O_DIRECT)
        for flag in (os.O_NONBLOCK, os.O_NOCTTY):
            self.assertTrue(flags & flag)

    def test_one_sector_from_the_beginning(self):
        reads = []

        class FileIO(canary.io.FileIO):

            def readinto(self, sector):
                found = super(FileIO, self).readinto(sector)
                reads.append((found, sector[:]))
                return found

        self.addCleanup(setattr, canary.io, "FileIO", canary.io.FileIO)
        canary.io.FileIO = FileIO
        self.look(self.make(b"other", b"first" + b"y" * 10000))
        self.assertEqual(reads, [(4096, b"first" + b"y" * 4091)])

    def test_shorter_device(self):
        self.assertIsNotNone(self.look(self.make(b"short", b"x" * 512)))

    def test_nothing_to_read_is_no_answer(self):
        self.check_refused(self.make(b"empty", b""), "No data available")

    def test_error_of_the_device(self):
        def fail(_path, _flags):
            raise OSError(5, "Input/output error")

        self.answers = canary.Answers(self.scheduler.clock, fail)
        self.check_refused(self.image, "Input/output error")

    def test_error_while_it_is_read(self):
        # It opens but can only be written.
        def opener(path, _flags):
            return os.open(path, os.O_WRONLY)

        self.answers = canary.Answers(self.scheduler.clock, opener)
        self.assertIsNone(self.look())
        self.assertIsNotNone(self.answers.refusal(self.image))

    def test_pipe_does_not_hang(self):
        pipe = self.name(b"pipe")
        os.mkfifo(pipe.path)
        self.check_refused(pipe, "No data available")
        writer = os.open(pipe.path, os.O_RDWR)
        try:
            self.check_refused(pipe, "No data available")
        finally:
            os.close(writer)

    def test_character_device_does_not_hang(self):
        # As the kernel has it, without the stand-in for files.
        self.answers = canary.Answers(self.scheduler.clock)
        null = storages.Image(b"/dev/null", storages.BLOCK)
        self.assertIsNone(self.look(null))
        self.assertIsNotNone(self.answers.refusal(null))


class FakeAnswers(object):

    def __init__(self, looks):
        self.looks = []
        self._looks = looks
        self.noted = []

    def look(self, image):
        self.looks.append(image)
        self.noted.append(len(self._looks._entries))


class CanaryTest(kit.TestCase):

    def test_tells_after_each_image_who_waited_for_it(self):
        looks = underway.UnderWay(1.0)
        answers = FakeAnswers(looks)
        told = []
        first, second = [storages.Image(path, storages.FILE)
                         for path in (b"/mnt/1", b"/mnt/2")]
        task = canary.Canary(
            "/mnt", {first: ["a", "b"], second: ["b"]}, answers, looks,
            lambda who: told.append((who, len(answers.looks))))
        self.assertEqual(repr(task), "<Canary storage='/mnt' path=None>")
        task()
        self.assertEqual(answers.looks, [first, second])
        self.assertEqual(told, [("a", 1), ("b", 1), ("b", 2)])
        self.assertEqual(repr(task), "<Canary storage='/mnt' path=%r>" % (
            b"/mnt/2",))
        self.assertEqual(answers.noted, [1, 1])
        self.assertEqual(looks.longest(["/mnt"]), 0.0)
