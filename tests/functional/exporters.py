# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Exporters of ours for tests: the command as its user starts it, in a process
of its own, on a free port of the loopback address.
"""

from __future__ import absolute_import, division, print_function

import os
import sys

import daemons
import kit
import vmsampling

kit.modern("prometheus_client")

LIB = os.path.dirname(os.path.dirname(os.path.abspath(vmsampling.__file__)))

# The installed command is these two statements as well.
COMMAND = [sys.executable, "-c",
           "import sys; from vmsampling import command; "
           "sys.exit(command.main())"]


def exporter(folder, name, uri, period, *more):
    """
    Return a daemons.Daemon that is not started yet.

    folder: a host.Folder. name: of its log and its configuration there.
    uri: of the libvirt that it samples. period: seconds.
    more: further options.
    """
    # No configuration of the machine must get into the tests, and no socket
    # or dumps of theirs on the machine.
    config = folder.write(
        name + ".conf", "[sampling]\nsocket = off\ndump_folder = off\n")
    return daemons.Daemon(
        COMMAND + ["exporter", "--config", config, "--connect", uri,
                   "--listen", "127.0.0.1:0", "--period", "%g" % period] +
        list(more), folder, name, r"Serving https?://127\.0\.0\.1:(\d+)/",
        environment())


def environment():
    paths = [LIB, os.environ.get("PYTHONPATH", "")]
    return dict(os.environ, PYTHONPATH=os.pathsep.join(paths))
