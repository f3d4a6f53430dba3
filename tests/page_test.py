# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import base64
import hashlib
import json
import re
import sys

import kit
import pagedata_test as samples
from vmsampling import page
from vmsampling import trends


def new(snapshot, uri=None):
    return page.Page(lambda: snapshot, trends.Trends(), uri)


class DataTest(kit.TestCase):

    def data(self, snapshot, uri=None):
        return json.loads(new(snapshot, uri).data().decode("ascii"))

    def test_head(self):
        data = self.data(samples.snapshot(), u"qemu:///sys\x1btem")
        self.assertEqual(data["uri"], u"qemu:///sys\\x1btem")
        self.assertTrue(data["host"])

    def test_uri_that_nobody_knows(self):
        self.assertEqual(self.data(samples.snapshot())["uri"], None)

    def test_hostile_names_come_as_they_are(self):
        names = [u"<script>alert(1)</script>", u"\"><img src=x onerror=x>",
                 u"</script><!--", u"\u05d0\u05d1", u"caf\xe9"]
        if sys.maxunicode > 0xffff:
            names.append(u"\U00020000")
        for name in names:
            data = self.data(samples.snapshot(samples.vm(name)))
            self.assertEqual(data["vms"][0]["name"], name)

    def test_figures_are_reused_for_a_moment(self):
        snapshot = samples.snapshot()
        clock = kit.Scheduler()
        one = page.Page(
            lambda: snapshot, trends.Trends(), clock=clock.clock)
        self.assertTrue(one.data().startswith(b'{"since":0.000,'))
        snapshot["round"] = 8
        clock.advance(0.4)
        self.assertTrue(one.data().startswith(b'{"since":0.400,'))
        self.assertIn(b'"round":7', one.data())
        clock.advance(0.1)
        self.assertIn(b'"round":8', one.data())

    def test_a_failure_is_not_kept(self):
        failures = [ValueError("now")]

        def take():
            if failures:
                raise failures.pop()
            return samples.snapshot()

        one = page.Page(take, trends.Trends())
        self.assertRaises(ValueError, one.data)
        self.assertIn(b'"round":7', one.data())


class HtmlTest(kit.TestCase):

    def setUp(self):
        super(HtmlTest, self).setUp()
        self.page = new(samples.snapshot(samples.vm(u"<script>name")))
        self.html = self.page.html().decode("utf-8")
        self.policy = dict(self.page.headers)["Content-Security-Policy"]

    def test_nothing_of_a_vm_is_in_it(self):
        self.assertNotIn(u"<script>name", self.html)
        self.assertEqual(self.page.html(), new(samples.snapshot()).html())

    def test_policy_has_the_hashes(self):
        for tag in ("script", "style"):
            parts = re.findall(r"<%s\b[^>]*>([^\0]*?)</%s>" % (tag, tag),
                               self.html)
            self.assertEqual(len(parts), 1)
            digest = hashlib.sha256(parts[0].encode("utf-8")).digest()
            self.assertIn("%s-src 'sha256-%s';" % (
                tag, base64.b64encode(digest).decode("ascii")), self.policy)

    def test_policy_allows_nothing_else(self):
        self.assertTrue(self.policy.startswith("default-src 'none'; "))
        self.assertIn("connect-src 'self';", self.policy)
        self.assertIn("frame-ancestors 'none'", self.policy)
        self.assertNotIn("unsafe", self.policy)
        self.assertNotIn("http", self.policy)

    def test_headers_fit_into_a_reply(self):
        for name, value in self.page.headers:
            self.assertEqual(value, " ".join(value.split()))

    def test_policy_of_another_page(self):
        self.assertNotEqual(page.policy(b"<script>a</script>"),
                            page.policy(b"<script>b</script>"))

    def test_it_stands_alone(self):
        # But for a name, which is nowhere asked for.
        html = self.html.replace("http://www.w3.org/2000/svg", "")
        self.assertNotIn("//www", html)
        self.assertNotIn("http:", html)
        self.assertNotIn("https:", html)

    def test_no_text_becomes_html(self):
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML",
                     "document.write", "eval(", "new Function", "DOMParser",
                     "srcdoc", " style=", " onclick=", "setHTML"):
            self.assertNotIn(word, self.html)
