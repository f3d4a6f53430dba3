# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Programs with a web interface on a free port of the loopback address: started,
asked, and ended with the test.
"""

from __future__ import absolute_import, division, print_function

import json
import os
import re
import subprocess

import tools
from six.moves.urllib import error
from six.moves.urllib import parse
from six.moves.urllib import request

# Whatever proxy the machine has is not for these.
_OPENER = request.build_opener(request.ProxyHandler({}))


class Daemon(object):
    """
    A process that says in its log where it listens.
    """

    def __init__(self, command, folder, name, listening, environment=None):
        """
        command: its words. folder: a host.Folder, which ends the process if
            we do not. name: of its log in there.
        listening: regular expression for the line of the log; its group is
            the port.
        """
        self._command = command
        self._folder = folder
        self._listening = re.compile(listening)
        self._environment = environment
        self._process = None
        self.log = os.path.join(folder.path, name + ".log")
        # None before start().
        self.port = None

    @property
    def address(self):
        return "127.0.0.1:%d" % self.port

    @property
    def pid(self):
        return self._process.pid

    def start(self, seconds=20):
        """
        Start it and wait until it listens. What it said is in the error if
        it does not.
        """
        self.launch()
        self.wait(seconds)

    def launch(self):
        with open(self.log, "w") as log, open(os.devnull) as null:
            self._process = subprocess.Popen(
                self._command, cwd=self._folder.path, stdin=null, stdout=log,
                stderr=subprocess.STDOUT, close_fds=True,
                env=self._environment)

    def wait(self, seconds=20):
        tools.wait_until(self._listens, seconds, lambda: "%s listens: %s" % (
            self._command[0], tools.tail(self.log)))

    def _listens(self):
        if self._process.poll() is not None:
            raise AssertionError("%s ended: %s" % (
                self._command[0], tools.tail(self.log)))
        with open(self.log) as stream:
            found = self._listening.search(stream.read())
        if found is None:
            return False
        self.port = int(found.group(1))
        return self._is_ready()

    def _is_ready(self):
        """
        Whether it serves, now that it listens.
        """
        return True

    def stop(self):
        """
        End it. Without start() it does nothing.
        """
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                tools.wait_until(
                    lambda: self._process.poll() is not None, 10,
                    "%s ends" % self._command[0])
            finally:
                if self._process.poll() is None:
                    self._process.kill()
                    self._process.wait()

    def get(self, path, **query):
        """
        Return the body of an answer. A list in the query is a parameter that
        is given several times.
        """
        url = "http://%s%s" % (self.address, path)
        if query:
            url += "?" + parse.urlencode(query, doseq=True)
        return fetch(request.Request(url))

    def get_json(self, path, **query):
        return json.loads(self.get(path, **query))

    def post_json(self, path, value):
        return fetch(request.Request(
            "http://%s%s" % (self.address, path),
            data=json.dumps(value).encode("utf-8"),
            headers={"Content-Type": "application/json"}))


def fetch(a_request):
    try:
        answer = _OPENER.open(a_request, timeout=20)
    except error.HTTPError as e:
        raise AssertionError("%s: status %d: %s" % (
            a_request.get_full_url(), e.code, e.read().decode("utf-8")))
    try:
        return answer.read().decode("utf-8")
    finally:
        answer.close()


class Prometheus(Daemon):
    """
    Debian's, with its storage in the folder. Its configuration is a file in
    there, named prometheus.yml.
    """

    def __init__(self, folder):
        super(Prometheus, self).__init__(
            [tools.find_program("prometheus"),
             "--config.file=" + os.path.join(folder.path, "prometheus.yml"),
             "--storage.tsdb.path=" + os.path.join(folder.path, "tsdb"),
             "--web.listen-address=127.0.0.1:0"],
            folder, "prometheus", r'msg="Listening on" address=[\d.]+:(\d+)')

    def _is_ready(self):
        try:
            self.get("/-/ready")
        except AssertionError:
            # It reads its storage yet.
            return False
        return True

    def query(self, expression):
        """
        Return the series of an instant query: a list of (labels, value).
        """
        answer = self.get_json("/api/v1/query", query=expression)["data"]
        assert answer["resultType"] == "vector", answer["resultType"]
        return [(found["metric"], float(found["value"][1]))
                for found in answer["result"]]

    def value(self, expression):
        """
        Return the only value, None if there is none.
        """
        found = self.query(expression)
        assert len(found) <= 1, found
        return found[0][1] if found else None

    def firing(self, name):
        """
        Return the labels of all such alerts that fire.
        """
        return [alert["labels"] for alert in
                self.get_json("/api/v1/alerts")["data"]["alerts"]
                if alert["labels"]["alertname"] == name and
                alert["state"] == "firing"]


class Alertmanager(Daemon):

    def __init__(self, folder, config):
        super(Alertmanager, self).__init__(
            [tools.find_program("prometheus-alertmanager"),
             "--config.file=" + config, "--cluster.listen-address=",
             "--storage.path=" + os.path.join(folder.path, "alertmanager"),
             "--web.listen-address=127.0.0.1:0"],
            folder, "alertmanager", r'msg="Listening on" address=[\d.]+:(\d+)')
