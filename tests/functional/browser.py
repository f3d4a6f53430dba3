# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A headless Chromium, driven by chromedriver's plain WebDriver protocol.
"""

from __future__ import absolute_import, division, print_function

import base64
import json
import os
import re
import subprocess

from six.moves.urllib import error
from six.moves.urllib import request

import host
import tools

# Nothing of it may ask the network for anything; root has no sandbox.
_SWITCHES = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
    "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--hide-scrollbars", "--no-proxy-server",
)

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
_PATIENCE = 30.0

# Of WebDriver's keys.
ENTER = u"\ue007"


class Browser(object):
    """
    One browser with one page, in a folder of its own. Ends with stop(), or
    with the tests, in whatever way they end.
    """

    def __init__(self):
        self._driver = _Driver()

    def start(self):
        self._driver.start()

    def stop(self):
        self._driver.stop()

    def open(self, url):
        self._ask("/url", {"url": url})

    def run(self, script, *args):
        """
        Return what the body of a function in JavaScript returns.
        """
        return self._ask("/execute/sync", {
            "script": script, "args": list(args)})

    def text(self, selector):
        """
        Return what is seen of an element, "" where nothing is.
        """
        return self.run("return document.querySelector(arguments[0])"
                        ".innerText", selector)

    def click(self, selector):
        self._ask("/element/%s/click" % self._find(selector), {})

    def keys(self, selector, keys):
        self._ask("/element/%s/value" % self._find(selector), {"text": keys})

    def resize(self, width, height, scale=1, touch=False):
        """
        Have the page laid out for such a screen.
        """
        self._command("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": scale,
            "mobile": touch})

    def dark(self, wanted):
        self._command("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme",
             "value": "dark" if wanted else "light"}]})

    def messages(self):
        """
        Return what the browser's console has got since the last time.
        """
        return [entry["message"] for entry in
                self._ask("/se/log", {"type": "browser"})]

    def screenshot(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self._ask("/screenshot", None)))

    def _find(self, selector):
        return self._ask("/element", {
            "using": "css selector", "value": selector})[_ELEMENT]

    def _command(self, name, params):
        return self._ask("/goog/cdp/execute", {"cmd": name, "params": params})

    def _ask(self, path, body):
        return self._driver.ask(path, body)


class _Driver(object):
    """
    chromedriver, and the session that it has with a browser.
    """

    def __init__(self):
        self._folder = None
        self._process = None
        self._url = None
        self._binary = None
        # What reaches chromedriver, and nobody else, whatever proxy is set.
        self._opener = request.build_opener(request.ProxyHandler({}))

    def start(self):
        # Fedora's name, and Debian's.
        self._binary = (tools.find_program("chromium-browser") or
                        tools.find_program("chromium"))
        tools.require_programs(
            "chromedriver", *(() if self._binary else ("chromium",)))
        self._folder = host.Folder()
        try:
            self._start_process()
            self._start_session()
        except:  # NOQA: E722 (removes what was begun, the error goes on)
            self.stop()
            raise

    def stop(self):
        if self._folder is not None:
            self._folder.remove()
            self._folder = None
        if self._process is not None:
            self._process.stdout.close()
            self._process.wait()
            self._process = None

    def ask(self, path, body):
        asked = request.Request(
            self._url + path,
            data=None if body is None else json.dumps(body).encode("ascii"),
            headers={"Content-Type": "application/json"})
        try:
            answer = self._opener.open(asked, timeout=_PATIENCE)
        except error.HTTPError as e:
            found = json.loads(e.read().decode("utf-8"))["value"]
            e.close()
            raise AssertionError("%s: %s" % (
                found["error"], found["message"].splitlines()[0]))
        try:
            return json.loads(answer.read().decode("utf-8"))["value"]
        finally:
            answer.close()

    def _start_process(self):
        path = self._folder.path
        # The folder's name on each command line is what it is found by.
        self._process = subprocess.Popen(
            [tools.find_program("chromedriver"), "--port=0",
             "--log-path=" + os.path.join(path, "chromedriver.log")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=True,
            env=dict(os.environ, HOME=path, TMPDIR=path, LANG="C.UTF-8",
                     TZ="UTC"),
            universal_newlines=True)
        self._process.stdin.close()
        for line in iter(self._process.stdout.readline, ""):
            match = re.search(r"started successfully on port (\d+)", line)
            if match:
                self._url = "http://127.0.0.1:%s/session" % match.group(1)
                return
        raise host.HostError("chromedriver did not start")

    def _start_session(self):
        data = os.path.join(self._folder.path, "profile")
        answer = self.ask("", {"capabilities": {"alwaysMatch": {
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {
                "binary": self._binary,
                "args": list(_SWITCHES) + ["--user-data-dir=" + data]},
        }}})
        self._url += "/" + answer["sessionId"]
