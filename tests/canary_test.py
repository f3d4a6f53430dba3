# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import logging
import os
import shutil
import tempfile

import kit
from vmsampling import canary


class AnswersTest(kit.TestCase):

    def setUp(self):
        super(AnswersTest, self).setUp()
        self.folder = tempfile.mkdtemp().encode("ascii")
        self.addCleanup(shutil.rmtree, self.folder)
        self.scheduler = kit.Scheduler()
        self.answers = canary.Answers(self.scheduler.clock)
        self.image = os.path.join(self.folder, b"image")
        with open(self.image, "wb"):
            pass

    def test_not_looked_at(self):
        self.assertIsNone(self.answers.age(self.image))
        self.assertIsNone(self.answers.refusal_age(self.image))

    def test_image_that_answers(self):
        self.answers.look(self.image)
        self.scheduler.advance(3.0)
        self.assertEqual(self.answers.age(self.image), 3.0)
        self.assertIsNone(self.answers.refusal_age(self.image))

    def test_error_is_no_answer(self):
        with kit.logs("vmsampling.canary") as logs:
            self.answers.look(self.image + b" that is missing")
        self.scheduler.advance(3.0)
        missing = self.image + b" that is missing"
        self.assertIsNone(self.answers.age(missing))
        self.assertEqual(self.answers.refusal_age(missing), 3.0)
        for message in logs.at(logging.INFO):
            self.assertIn("No such file or directory", message)

    def test_error_takes_the_answer_before_it_back(self):
        self.answers.look(self.image)
        os.unlink(self.image)
        self.answers.look(self.image)
        self.assertIsNone(self.answers.age(self.image))

    def test_answer_takes_the_error_before_it_back(self):
        os.rename(self.image, self.image + b"2")
        self.answers.look(self.image)
        os.rename(self.image + b"2", self.image)
        self.answers.look(self.image)
        self.assertEqual(self.answers.age(self.image), 0.0)
        self.assertIsNone(self.answers.refusal_age(self.image))

    def test_pipe_does_not_hang(self):
        pipe = os.path.join(self.folder, b"pipe")
        os.mkfifo(pipe)
        self.answers.look(pipe)
        self.assertEqual(self.answers.age(pipe), 0.0)

    def test_no_answer_while_a_look_is_under_way(self):
        self.answers.look(self.image)
        with kit.Gate() as gate:
            self.addCleanup(setattr, canary, "_touch", canary._touch)
            canary._touch = gate
            with kit.Bunch(1, lambda _: self.answers.look(self.image)):
                gate.wait()
                self.assertIsNone(self.answers.age(self.image))
                self.scheduler.advance(5.0)
                gate.open()
        # What counts is when the look began: then it was not answered yet.
        self.assertEqual(self.answers.age(self.image), 5.0)

    def test_retain(self):
        missing = self.image + b" that is missing"
        for path in (self.image, missing):
            self.answers.look(path)
        self.answers.retain([self.image])
        self.assertEqual(self.answers.age(self.image), 0.0)
        self.assertIsNone(self.answers.refusal_age(missing))
        self.answers.retain([])
        self.assertIsNone(self.answers.age(self.image))


class FakeAnswers(object):

    def __init__(self):
        self.looks = []

    def look(self, path):
        self.looks.append(path)


class CanaryTest(kit.TestCase):

    def test_tells_after_each_image_who_waited_for_it(self):
        answers = FakeAnswers()
        told = []
        task = canary.Canary(
            b"/mnt", {b"/mnt/1": ["a", "b"], b"/mnt/2": ["b"]}, answers,
            lambda who: told.append((who, len(answers.looks))))
        self.assertEqual(repr(task), "<Canary mount=%r path=None>" % b"/mnt")
        task()
        self.assertEqual(answers.looks, [b"/mnt/1", b"/mnt/2"])
        self.assertEqual(told, [("a", 1), ("b", 1), ("b", 2)])
        self.assertEqual(repr(task), "<Canary mount=%r path=%r>" % (
            b"/mnt", b"/mnt/2"))
