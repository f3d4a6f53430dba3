# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
This very machine, on which a test installs packages: what its files are, and a
keeper that takes the packages away again, however the test ends.
"""

from __future__ import absolute_import, division, print_function

import hashlib
import os
import re
import stat
import subprocess

import tools

PACKAGES = ("vdsm-sampling-plugin", "vdsm-sampling")

FOLDERS = ("/boot", "/etc", "/opt", "/run", "/srv", "/usr", "/var")

# What apt and dpkg write whenever they do anything, and what others on this
# machine may write at any time. What is named like ours counts all the same.
CHANGES = re.compile(
    r"/var/(log|cache|tmp|spool|mail)/|/var/lib/(apt|systemd)/"
    r"|/var/lib/dpkg/((status|available|diversions|statoverride)(-old)?"
    r"|lock.*|triggers/.*|info/format.*|updates/.*)$"
    r"|/etc/(passwd|group|shadow|gshadow|subuid|subgid)-$"
    r"|/etc/(\.pwd\.lock|mtab|ld\.so\.cache)$|/run/|.*/__pycache__/")
OURS = re.compile(r"vdsm.sampl", re.IGNORECASE)


def files():
    """
    Path -> what it is, of all files and folders that CHANGES leaves.
    """
    found = {}
    for top in FOLDERS:
        for parent, folders, names in os.walk(top):
            if os.path.ismount(parent) and parent != top:
                del folders[:]
                continue
            for name in folders + names:
                path = os.path.join(parent, name)
                if OURS.search(path) or not CHANGES.match(path):
                    _add(found, path)
    return found


def _add(found, path):
    try:
        state = os.lstat(path)
    except OSError:
        # Gone meanwhile.
        return
    what = [state.st_mode, state.st_uid, state.st_gid]
    if stat.S_ISLNK(state.st_mode):
        what.append(os.readlink(path))
    elif stat.S_ISREG(state.st_mode):
        # Users come and go, and leave such a file as it was.
        what.append(_digest(path) if path.startswith("/etc/")
                    else (state.st_size, state.st_mtime))
    found[path] = what


def _digest(path):
    with open(path, "rb") as stream:
        return hashlib.sha256(stream.read()).hexdigest()


def differences(before, after):
    lines = ["+ " + path for path in after if path not in before]
    lines += ["- " + path for path in before if path not in after]
    lines += ["~ %s: %s, was %s" % (path, after[path], before[path])
              for path in before
              if path in after and before[path] != after[path]]
    return sorted(lines)


def installed():
    """
    Those of our packages that dpkg knows of, purged ones not.
    """
    status, out, _ = tools.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n"] +
        list(PACKAGES), 20)
    return [line.split()[0] for line in out.splitlines()
            if not line.endswith(" not-installed")]


# What this machine has of an exporter that root ran by hand is put aside: a
# purge would remove it.
KEPT = "/var/lib/vdsm-sampler"
ASIDE = KEPT + ".before-test"


# An apt that the test has left behind may still be at work.
PURGE = """
trap '' HUP INT TERM
cat >/dev/null
tries=120
until dpkg --purge --force-depends,remove-reinstreq {packages}; do
    tries=$((tries - 1))
    test $tries -gt 0 || exit 1
    sleep 1
done >/dev/null 2>&1
test ! -e {aside} || mv -T {aside} {kept}
""".format(packages=" ".join(PACKAGES), aside=ASIDE, kept=KEPT)


class Keeper(object):
    """
    Purges our packages when stop() is called or this process has ended.
    """

    def __init__(self):
        self._process = None

    def start(self):
        if os.path.exists(KEPT) and not os.path.exists(ASIDE):
            os.rename(KEPT, ASIDE)
        # In a session of its own, where no signal to the test's group comes.
        self._process = subprocess.Popen(
            ["setsid", "sh", "-c", PURGE], stdin=subprocess.PIPE,
            close_fds=True, universal_newlines=True)

    def stop(self):
        """
        Returns when they are gone; raises AssertionError if they are not.
        """
        if self._process is not None:
            self._process.communicate()
            assert self._process.returncode == 0, (
                "%s cannot be purged" % ", ".join(PACKAGES))
            self._process = None
