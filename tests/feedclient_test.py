# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

from __future__ import absolute_import, division, print_function

import contextlib
import os
import shutil
import tempfile

import kit
import wire_test
from threadpool import clock
from vmsampling import errors
from vmsampling import feedclient
from vmsampling import listener
from vmsampling import wire

URI = "test:///default"
PERIOD = 5.0


class Service(object):
    """
    Looks like the process of a service, as far as the socket goes. Thread:
    the test's, so each line must fit into the socket.
    """

    def __init__(self, path, uri=URI, pid=4711):
        self._uri = uri
        self._pid = pid
        self.path = path
        self._listener = listener.Listener(path, "owner")
        self._connections = []
        # Sent to each who connects.
        self.round = 1

    def __enter__(self):
        self._listener.open()
        return self

    def __exit__(self, *exc):
        self._listener.close()
        for connection in self._connections:
            connection.close()

    def greet(self, *lines):
        """
        Let in who waits, and send these lines, or those of a service.
        """
        kit.eventually(self._accept, "a client")
        for line in lines or (wire.greeting(self._uri, PERIOD, self._pid),
                              self.line(self.round)):
            self.send(line)

    def _accept(self):
        try:
            self._connections.append(self._listener.socket.accept()[0])
        except EnvironmentError:
            return False
        return True

    def line(self, number, age=0.0, **changes):
        return wire.line(wire_test.snapshot(
            round=number, monotonic=clock.monotonic() - age, period=PERIOD,
            **changes))

    def send(self, line):
        self._connections[-1].sendall(line)

    def hang_up(self):
        self._connections.pop().close()


class TestCase(kit.TestCase):

    def setUp(self):
        super(TestCase, self).setUp()
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        self.settings = {
            "socket": os.path.join(folder, "socket"), "connect": URI}
        logs = kit.logs("vmsampling")
        self.logs = logs.__enter__()
        self.addCleanup(logs.__exit__, None, None, None)

    def service(self, **kwargs):
        made = Service(self.settings["socket"], **kwargs)
        made.__enter__()
        self.addCleanup(made.__exit__, None, None, None)
        return made


class LinkTest(TestCase):

    def link(self):
        link = feedclient.Link(self.settings["socket"])
        self.addCleanup(link.close)
        return link

    def open(self, service, *lines):
        """
        Have the service send these first, if not what is right.
        """
        link = self.link()
        with kit.Bunch(1, lambda _: service.greet(*lines)):
            link.open(kit.PATIENCE)
        return link

    def check_gone(self, reason, call, *args):
        with self.assertRaises(errors.ServiceGone) as caught:
            call(*args)
        self.assertEqual(str(caught.exception), "the service at %s %s" % (
            self.settings["socket"], reason))

    def test_lines(self):
        service = self.service()
        link = self.open(service)
        self.assertEqual(link.service["pid"], 4711)
        self.assertEqual(link.silence, 12.0)
        self.assertEqual(link.latest["round"], 1)
        service.send(service.line(2) + service.line(3)[:10])
        self.assertEqual(link.read(kit.PATIENCE)["round"], 2)
        self.assertIsNone(link.read(0.0))
        service.send(service.line(3)[10:])
        self.assertEqual(link.read(kit.PATIENCE)["round"], 3)
        self.assertEqual(link.latest["round"], 3)

    def test_wake(self):
        link = self.open(self.service())
        link.wake()
        self.assertIsNone(link.read(kit.PATIENCE))
        self.assertIsNone(link.read(0.0))

    def test_nobody_there(self):
        self.check_gone("is not there: No such file or directory",
                        self.link().open)

    def test_dead(self):
        service = self.service()
        path = self.settings["socket"]
        os.rename(path, path + ".kept")
        service.__exit__()
        os.rename(path + ".kept", path)
        self.check_gone("is not there: Connection refused", self.link().open)

    def test_hung(self):
        self.service()
        self.check_gone("does not answer; does it hang?", self.link().open,
                        0.0)

    def test_no_snapshot(self):
        service = self.service()
        with self.assertRaises(errors.ServiceGone):
            link = self.link()
            with kit.Bunch(1, lambda _: service.greet(
                    wire.greeting(URI, PERIOD, 7))):
                link.open(0.2)

    def test_refused(self):
        self.check_gone("refuses: it has 32 clients", self.open,
                        self.service(), wire.refusal("it has 32 clients"))

    def test_not_of_us(self):
        self.check_gone("is not understood: no JSON", self.open,
                        self.service(), b"220 ready\n")
        service = self.service_again()
        self.check_gone("is not understood: there is no budget", self.open,
                        service, wire.greeting(URI, PERIOD, 7), b"{}\n")

    def service_again(self):
        self.settings["socket"] += "2"
        return self.service()

    def test_old(self):
        service = self.service()
        with self.assertRaises(errors.ServiceGone) as caught:
            self.open(service, wire.greeting(URI, PERIOD, 7),
                      service.line(1, age=13.0))
        self.assertIn("its samples are 13.0 s old", str(caught.exception))

    def test_end(self):
        service = self.service()
        link = self.open(service)
        service.send(b"{")
        service.hang_up()
        self.check_gone("has ended", link.read, kit.PATIENCE)

    def test_endless_line(self):
        service = self.service()
        link = self.open(service)
        service.send(b"x" * 1000)
        with self.patched("_MAX_LINE", 999):
            self.check_gone("sends more than anybody reads",
                            link.read, kit.PATIENCE)

    def test_endless_greeting(self):
        with self.patched("_MAX_GREETING", 999):
            self.check_gone("sends more than anybody reads", self.open,
                            self.service(), b"x" * 1000)

    @contextlib.contextmanager
    def patched(self, name, value):
        saved = getattr(feedclient, name)
        setattr(feedclient, name, value)
        try:
            yield
        finally:
            setattr(feedclient, name, saved)


class FindTest(TestCase):

    def find(self, service):
        found = []
        with kit.Bunch(1, lambda _: service.greet()):
            found.append(feedclient.find(self.settings))
        if found[0] is not None:
            self.addCleanup(found[0].close)
        return found[0]

    def test_found(self):
        self.assertEqual(self.find(self.service()).service["pid"], 4711)
        self.assertEqual(self.logs.records, [])

    def test_off(self):
        self.settings["socket"] = "off"
        self.assertIsNone(feedclient.find(self.settings))
        self.assertEqual(self.logs.records, [])

    def test_none(self):
        self.assertIsNone(feedclient.find(self.settings))
        self.assertIn("is not there", self.logs.records[-1][1])

    def test_other_libvirt(self):
        self.assertIsNone(self.find(self.service(uri="lxc:///")))
        self.assertEqual(
            self.logs.records[-1][1], "No service is used: that at %s samples "
            "lxc:///, not test:///default" % self.settings["socket"])
