# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
The exporter's page in a real browser, with VMs that are made up.

With VDSM_SAMPLING_SCREENSHOTS=FOLDER in the environment what is seen is also
written there.
"""

from __future__ import absolute_import, division, print_function

import os
import sys
import unittest

import mock
from six.moves import BaseHTTPServer
from six.moves import socketserver

import browser
import kit
import madeup
import pageview
from threadpool import threads
from vmsampling import page
from vmsampling import table
from vmsampling import trends

# Made by setUpModule().
BROWSER = None

HOSTILE = (
    u"<script>hit = 1</script>",
    u"\"><img src=x onerror=hit=1>",
    u"'};hit=1;//${hit=1}",
    u"{{constructor.constructor('hit=1')()}}",
    u"\U00020000\U0001f600",
    u"\u05d0\u05d1\u05d2",
    u"__proto__",
    u"a" * 150,
)


def setUpModule():
    global BROWSER
    if sys.version_info[0] < 3:
        raise unittest.SkipTest("the exporter needs Python 3.6 or later")
    BROWSER = browser.Browser()
    BROWSER.start()


def tearDownModule():
    if BROWSER is not None:
        BROWSER.stop()


class Server(socketserver.ThreadingMixIn, BaseHTTPServer.HTTPServer):
    """
    Serves the page of a made-up host.
    """

    daemon_threads = True

    def __init__(self, host):
        BaseHTTPServer.HTTPServer.__init__(self, ("127.0.0.1", 0), Handler)
        self.host = host
        self.trends = trends.Trends()
        self.page = page.Page(host.take, self.trends, "qemu:///system")
        # What is answered instead of the data; b"": nothing at all.
        self.instead = None
        self._thread = threads.create(
            lambda: self.serve_forever(poll_interval=0.02), "page")
        self._thread.start()

    @property
    def url(self):
        return "http://127.0.0.1:%d/" % self.server_address[1]

    def go(self, rounds=1):
        self.host.go(self.trends, rounds)

    def stop(self):
        self.shutdown()
        self.server_close()
        self._thread.join()


class Handler(BaseHTTPServer.BaseHTTPRequestHandler):

    # A browser also connects in advance.
    timeout = 0.2

    def do_GET(self):
        if self.path == "/":
            self._send(page.HTML_TYPE, self.server.page.html())
        elif self.path != "/snapshot.json":
            self.send_error(404)
        elif self.server.instead is None:
            self._send(page.DATA_TYPE, self.server.page.data())
        elif self.server.instead:
            self._send(page.DATA_TYPE, self.server.instead)

    def _send(self, kind, body):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        for name, value in self.server.page.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class PageTest(kit.TestCase):

    def setUp(self):
        super(PageTest, self).setUp()
        patch = mock.patch("socket.gethostname", return_value="kvm07")
        patch.start()
        self.addCleanup(patch.stop)
        BROWSER.resize(1060, 470)
        BROWSER.dark(False)
        self.addCleanup(BROWSER.messages)
        self.addCleanup(BROWSER.open, "about:blank")
        self.view = pageview.PageView(BROWSER)

    def serve(self, *names, **kwargs):
        vms = {"vms": [(name,) for name in names]} if names else {}
        vms.update(kwargs)
        server = Server(madeup.MadeUp(**vms))
        self.addCleanup(server.stop)
        server.go(60)
        return server

    def check_console(self):
        self.assertEqual(BROWSER.messages(), [])

    def picture(self, name):
        folder = os.environ.get("VDSM_SAMPLING_SCREENSHOTS")
        if folder:
            BROWSER.screenshot(os.path.join(folder, name + ".png"))

    def test_rows(self):
        server = self.serve()
        self.view.open(server.url)
        rows = self.view.rows()
        self.assertEqual([row["name"] for row in rows],
                         sorted(vm.name for vm in server.host.vms))
        for row in rows:
            vm = server.host.vm(row["name"])
            levels = trends.levels(vm.take(0.0)["rates"])
            self.assertEqual(row["state"], "running")
            self.assertAlmostEqual(
                float(row["cpu"]), levels["cpu"] * 100, delta=0.06)
            self.assertEqual(row["disk"], table.amount(levels["disk"]))
            self.assertEqual(row["net"], table.amount(levels["net"]))
            self.assertEqual(row["points"], 60)
        self.assertEqual(BROWSER.text("#host"), "kvm07")
        self.assertEqual(BROWSER.text("#uri"), "qemu:///system")
        self.assertIn("CPU% 31 ", BROWSER.text("#machine"))
        self.assertEqual(self.view.facts(), {
            "VMs": "9", "Stuck": "0", "Fresh": "9 of 9",
            "libvirt": "answers", "Round": "60 in 0.036 s",
            "Late by": "0.0s period 1.0s", "Hung calls": "0 of 12",
            "Pool free": "4 of 4"})
        self.picture("page-wide")
        self.check_console()

    def test_figures_are_those_of_the_table(self):
        self.view.open(self.serve("vm").url)
        rng = kit.rng()
        values = [0, 0.04, 0.05, 1023.4, 1023.6, 99.94, 99.96, 5999, 6000,
                  259199, 259200, 2 ** 70, None]
        values += [rng.random() * 10 ** rng.randrange(20) for _ in range(500)]
        for show in (table.amount, table.seconds):
            self.assertEqual(
                BROWSER.run("return arguments[0].map(%s)" % show.__name__,
                            values),
                [show(value) for value in values])

    def test_stuck_vm_turns_red_and_recovers(self):
        server = self.serve()
        self.view.open(server.url)
        usual = self.view.row("proxy")["color"]
        server.host.vm("proxy").hang(750)
        server.host.vm("mail").hang(12, madeup.HUNG)
        server.host.hung = 1
        server.go(8)
        self.view.wait(lambda: self.view.facts()["Stuck"] == "2", "stuck VMs")
        first, second, third = self.view.rows()[:3]
        self.assertEqual((first["name"], second["name"], third["name"]),
                         ("mail", "proxy", "build-runner-01"))
        self.assertEqual((first["stuck"], second["stuck"], third["stuck"]),
                         (True, True, False))
        self.assertEqual(first["state"], "stuck")
        self.assertEqual(first["color"], "rgb(180, 35, 24)")
        self.assertEqual((third["color"], third["why"]), (usual, ""))
        self.assertIn("in domainListGetStats()", first["why"])
        self.assertIn("stuck for 12m, not asked: its QEMU (PID 14951) is "
                      "stopped", second["why"])
        self.assertIn("state T, in do_signal_stop", second["why"])
        self.assertEqual(BROWSER.run("return document.title"),
                         u"2 stuck \xb7 kvm07")
        self.assertEqual(BROWSER.run("return news.textContent"),
                         "2 of 9 VMs stuck: proxy, mail")
        self.picture("page")
        BROWSER.dark(True)
        self.picture("page-dark")
        server.host.vm("proxy").recover()
        server.host.vm("mail").recover()
        self.view.wait(lambda: self.view.facts()["Stuck"] == "0", "recovery")
        self.assertEqual(self.view.rows()[0]["name"], "build-runner-01")
        self.assertEqual(self.view.row("mail")["why"], "")
        self.check_console()

    def test_hostile_names(self):
        server = self.serve(*HOSTILE)
        for vm in server.host.vms:
            vm.hang(9, dict(madeup.STOPPED, why=vm.name, call=vm.name))
        self.view.open(server.url)
        self.assertEqual(sorted(self.view.names()), sorted(HOSTILE))
        for name in HOSTILE:
            self.view.more(name)
            row = self.view.row(name)
            self.assertIn(name, row["why"])
            self.assertIn(name, row["more"])
        self.assertEqual(BROWSER.run(
            "return [typeof hit, document.scripts.length,"
            " document.images.length]"), ["undefined", 1, 0])
        self.check_console()

    def test_phone(self):
        BROWSER.resize(360, 640, scale=1.25, touch=True)
        server = self.serve()
        server.host.vm("proxy").hang(750)
        server.go(8)
        self.view.open(server.url)
        self.picture("page-phone")
        server.host.vm("git").name = "a" * 150
        server.go()
        self.view.wait(lambda: self.view.row("a" * 150), "the new name")
        self.view.more("a" * 150)
        self.view.more("proxy")
        self.assertEqual(BROWSER.run(
            "return document.scrollingElement.scrollWidth"), 360)
        # All of a row is within the screen.
        self.assertEqual(BROWSER.run(
            "return [...document.querySelectorAll('body *')].filter((node) =>"
            " node.getBoundingClientRect().right > 360 &&"
            " !node.closest('.name')).map((node) => node.outerHTML)"), [])
        self.check_console()

    def test_exporter_gone_and_back(self):
        server = self.serve("vm1", "vm2")
        self.view.open(server.url)
        self.assertEqual(self.view.warning(), "")
        server.instead = b""
        self.view.wait(self.view.warning, "a warning")
        self.assertIn("No answer from the exporter since ",
                      self.view.warning())
        # Ages go on.
        self.view.wait(lambda: float(self.view.row("vm1")["age"][:-1]) > 2.5,
                       "a higher age")
        self.assertEqual(BROWSER.run("return document.title"),
                         u"no answer \xb7 kvm07")
        self.picture("page-gone")
        server.instead = None
        self.view.wait(lambda: not self.view.warning(), "an answer")
        self.assertLess(float(self.view.row("vm1")["age"][:-1]), 2.5)

    def test_answer_that_nobody_understands(self):
        server = self.serve("vm1")
        self.view.open(server.url)
        server.instead = b'{"since": 0, "vms": []}'
        self.view.wait(self.view.warning, "a warning")
        self.assertIn("cannot be shown", self.view.warning())
        server.instead = None
        self.view.wait(lambda: not self.view.warning(), "an answer")

    def test_no_vms(self):
        self.view.open(self.serve(vms=()).url)
        self.assertEqual(self.view.rows(), [])
        self.assertEqual(BROWSER.text("#empty"), "No VMs on this host.")
        self.picture("page-empty")
        self.check_console()

    def test_vms_come_and_go(self):
        server = self.serve("vm1", "vm2")
        self.view.open(server.url)
        server.host.vms[:1] = [madeup.Vm(9, "vm9")]
        server.go()
        self.view.wait(lambda: self.view.names() == ["vm2", "vm9"],
                       self.view.names)
        self.check_console()

    def test_sort_filter_and_keys(self):
        server = self.serve()
        self.view.open(server.url)
        BROWSER.keys("[data-by=memory] button", browser.ENTER)
        self.assertEqual(self.view.names()[0], "pg-replica")
        self.assertEqual(BROWSER.run(
            "return document.querySelector('[data-by=memory]').ariaSort"),
            "descending")
        BROWSER.keys("[data-by=memory] button", browser.ENTER)
        self.assertEqual(self.view.names()[0], "proxy")
        BROWSER.keys("#filter", "WEB")
        self.assertEqual(self.view.names(), ["web-01", "web-02"])
        self.assertEqual(BROWSER.text("#shown"), "2 of 9")
        button = "tbody:not([hidden]) button"
        BROWSER.keys(button, browser.ENTER)
        self.assertIn("by its images", self.view.rows()[0]["more"])
        self.assertIn("vdb", self.view.rows()[0]["more"])
        BROWSER.keys(button, browser.ENTER)
        self.assertEqual(self.view.rows()[0]["more"], "")
        # The focus goes with its row.
        moved = server.host.vm("web-02")
        BROWSER.run("rows.get(arguments[0]).button.focus()", moved.uuid)
        moved.hang(9)
        self.view.wait(lambda: self.view.names() == ["web-02", "web-01"],
                       self.view.names)
        self.assertEqual(BROWSER.run(
            "return document.activeElement.textContent"), "web-02")
        BROWSER.keys("#filter", "x")
        self.assertIn("No VM has that", BROWSER.text("#empty"))
        self.check_console()

    def test_500_vms(self):
        server = self.serve(*["vm%03d" % n for n in range(500)], period=4.0)
        self.view.open(server.url)
        spent = BROWSER.run(
            "const timed = (call) => { const begun = performance.now(); "
            "call(); document.body.getBoundingClientRect(); "
            "return performance.now() - begun; };"
            "return [timed(() => { for (const row of rows.values())"
            " for (const level of row.levels) level.drawn = null; show(); }),"
            " timed(() => sortBy('cpu')), timed(tick)]")
        print("500 VMs: %.0f ms to show all, %.0f to sort, %.0f for a tick"
              % tuple(spent), file=sys.stderr)
        self.assertLess(max(spent), 1000)
        self.assertEqual(len(self.view.names()), 500)
        self.picture("page-500")
        self.check_console()
