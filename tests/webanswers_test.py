# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import logging

import kit
from threadpool import errors as pool_errors

webanswers = kit.modern("vmsampling.webanswers")
webrequest = kit.modern("vmsampling.webrequest")
webresponse = kit.modern("vmsampling.webresponse")

QUESTION = webrequest.Question("/x", False, False)


class Pool(object):
    """
    Looks like an executor; runs what it was given when the test says so.
    """

    def __init__(self):
        self.tasks = []
        self.error = None

    def dispatch(self, call):
        if self.error is not None:
            raise self.error
        self.tasks.append(call)

    def run(self):
        self.tasks.pop(0)()


class Link(object):
    """
    Looks like a weblink.Link that waits for an answer.
    """

    def __init__(self, question=QUESTION):
        self.request = webrequest.Request("GET", question, True)
        self.response = None

    def answer(self, response, _now):
        self.request = None
        self.response = response


class AnswersTest(kit.TestCase):

    def setUp(self):
        super(AnswersTest, self).setUp()
        self.now = 1000.0
        # Seconds that an answer takes.
        self.takes = 0.05
        self.made = 0
        self.rings = 0
        self.pool = Pool()
        self.answers = webanswers.Answers(
            {"/x": self.make, "/y": self.make, "/bad": self.fail_to_make},
            self.pool, self.ring, lambda: self.now)

    def make(self, question):
        self.made += 1
        self.now += self.takes
        body = "%s %d" % (question.path, self.made)
        return webresponse.Response(200, "text/plain", body.encode())

    def fail_to_make(self, _question):
        raise ValueError("secret")

    def ring(self):
        self.rings += 1

    def ask(self, path="/x", **kwargs):
        link = Link(QUESTION._replace(path=path, **kwargs))
        self.answers.ask(link)
        return link

    def deliver(self):
        """
        What the server's thread does; returns the number of answers.
        """
        found = self.answers.collect()
        for link, response in found:
            link.answer(response, self.now)
        return len(found)

    def test_answer(self):
        link = self.ask()
        self.assertEqual(self.deliver(), 0)
        self.pool.run()
        self.assertEqual(self.rings, 1)
        self.assertEqual(self.deliver(), 1)
        self.assertEqual(link.response.body, b"/x 1")

    def test_name_of_another_site(self):
        answers = webanswers.Answers(
            {"/x": self.make}, self.pool, self.ring, lambda: self.now,
            is_ours=lambda name: name == "localhost")
        for name, status in (("evil.example", 421), (None, 421)):
            link = Link()
            link.request = link.request._replace(host=name)
            answers.ask(link)
            self.assertEqual(link.response.status, status)
        link = Link()
        link.request = link.request._replace(host="localhost")
        answers.ask(link)
        self.assertEqual(len(self.pool.tasks), 1)

    def test_unknown_path(self):
        link = self.ask("/z")
        self.assertEqual(link.response.status, 404)
        self.assertEqual(self.pool.tasks, [])

    def test_those_who_wait_share_it(self):
        links = [self.ask() for _ in range(5)]
        other = self.ask("/y")
        self.assertEqual(len(self.pool.tasks), 2)
        self.pool.run()
        self.assertEqual(self.deliver(), 5)
        self.assertEqual(set(link.response.body for link in links),
                         set([b"/x 1"]))
        self.assertIsNone(other.response)

    def test_flood_costs_a_tenth(self):
        end = self.now + 10.0
        while self.now < end:
            link = self.ask()
            if link.response is None:
                self.pool.run()
                self.deliver()
            self.now += 0.001
        # 0.05 seconds, then 0.5 of rest.
        self.assertIn(self.made, range(17, 20))

    def test_quick_answers_are_new_each_time(self):
        self.takes = 0.0
        for number in range(1, 4):
            link = self.ask()
            self.pool.run()
            self.deliver()
            self.assertEqual(link.response.body, b"/x %d" % number)

    def test_no_answer_is_older_than_a_second(self):
        self.takes = 3.0
        self.ask()
        self.pool.run()
        self.deliver()
        self.now += 0.99
        self.assertIsNotNone(self.ask().response)
        self.now += 0.01
        self.assertIsNone(self.ask().response)

    def test_old_answers_are_forgotten(self):
        self.assertIsNone(self.answers.forget(self.now))
        self.ask()
        self.pool.run()
        self.deliver()
        until = self.answers.forget(self.now)
        self.assertAlmostEqual(until, self.now + 0.5)
        self.assertIsNone(self.answers.forget(until))

    def test_who_gave_up_is_left_alone(self):
        link = self.ask()
        link.request = None
        self.pool.run()
        self.assertEqual(self.deliver(), 0)

    def test_who_asks_something_else_now_is_left_alone(self):
        link = self.ask()
        link.request = Link().request
        self.pool.run()
        self.assertEqual(self.deliver(), 0)

    def test_those_who_gave_up_are_not_kept(self):
        # The answer hangs, and clients come and go.
        for _ in range(100):
            self.ask().request = None
        self.assertEqual(len(self.pool.tasks), 1)
        self.assertLess(len(self.answers._waiting[QUESTION]), 3)

    def test_failure(self):
        with kit.logs("vmsampling.webanswers") as logs:
            for _ in range(3):
                link = self.ask("/bad")
                self.pool.run()
                self.deliver()
                self.now += 1.0
        self.assertEqual(link.response.status, 500)
        self.assertNotIn(b"secret", link.response.body)
        self.assertEqual(len(logs.at(logging.ERROR)), 1)

    def test_no_thread(self):
        self.pool.error = pool_errors.QueueFull("web", 1)
        link = self.ask()
        self.assertEqual(self.rings, 1)
        self.deliver()
        self.assertEqual(link.response.status, 503)
        self.pool.error = None
        link = self.ask()
        self.pool.run()
        self.deliver()
        self.assertEqual(link.response.status, 200)

    def test_gzip(self):
        # It is not worth it here: webresponse_test has more.
        plain, zipped = self.ask(), self.ask(gzip=True)
        self.assertEqual(len(self.pool.tasks), 2)
        self.pool.run()
        self.pool.run()
        self.deliver()
        self.assertEqual(plain.response.body, b"/x 1")
        self.assertEqual(zipped.response.body, b"/x 2")
