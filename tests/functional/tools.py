# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What the functional tests need of the machine, and waiting with a deadline.
"""

from __future__ import absolute_import, division, print_function

import os
import signal
import subprocess
import time
import unittest

from threadpool import clock

# Packages by Debian's names.
_PACKAGES = {
    "amtool": "prometheus-alertmanager",
    "bindfs": "bindfs",
    "chromedriver": "chromium-driver",
    "chromium": "chromium",
    "libvirtd": "libvirt-daemon-system",
    "cpio": "cpio",
    "dh": "debhelper",
    "dh_python3": "dh-python",
    "lintian": "lintian",
    "losetup": "mount",
    "prometheus": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "promtool": "prometheus",
    "qemu-nbd": "qemu-utils",
    "rpm2cpio": "rpm2cpio",
    "rpmbuild": "rpm",
    "rpmlint": "rpmlint",
    "setpriv": "util-linux",
    "systemd-analyze": "systemd",
    "systemd-sysusers": "systemd",
    "systemd-tmpfiles": "systemd",
    "tmux": "tmux",
    "virsh": "libvirt-clients",
    "virt-admin": "libvirt-clients",
}


def require(*programs):
    """
    Skip the test unless the machine has what a test host needs, and these
    programs too; where skipping is not allowed, fail.
    """
    needed = ("libvirtd", "virsh", "setpriv") + programs
    skip_if(_missing_program(needed) or _missing_host(needed) or
            _missing_binding())


def require_programs(*programs):
    """
    The same for a test that needs these programs and no host.
    """
    skip_if(_missing_program(programs))


def require_packaging():
    """
    The same for a test that makes packages.
    """
    require_programs("rpmbuild", "rpm2cpio", "cpio", "rpmlint")
    if find_program("apt-get"):
        require_programs("dh", "dh_python3", "lintian")


def skip_if(problem):
    if problem is None:
        return
    if os.environ.get("VDSM_SAMPLING_REQUIRE_FUNCTIONAL") == "1":
        raise AssertionError("functional tests cannot run: " + problem)
    raise unittest.SkipTest("functional tests skipped: " + problem)


def _missing_program(programs):
    for name in programs:
        if find_program(name) is None:
            return "no %s, install the package %s" % (name, _PACKAGES[name])
    return None


def _missing_host(programs):
    if not any(find_program(name) for name in
               ("qemu-system-x86_64", "/usr/libexec/qemu-kvm")):
        return "no QEMU, install the package qemu-system-x86"
    if "bindfs" in programs and not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "/dev/fuse is not for this user, run them as root"
    return None


def _missing_binding():
    try:
        __import__("libvirt")
    except ImportError as e:
        return "%s, install libvirt-python for this Python" % e
    return None


def find_program(name):
    # An ordinary user's PATH often lacks the folder that libvirtd is in.
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    for folder in folders + ["/usr/sbin", "/sbin"]:
        path = os.path.join(folder, name)
        if os.access(path, os.X_OK):
            return path
    return None


def wait_until(condition, seconds, what, pause=0.05):
    """
    Wait until the condition holds and return how long it took; fail after so
    many seconds. `what` says what was waited for: a text, or a function that
    makes one of the figures at the end.
    """
    begin = clock.monotonic()
    while not condition():
        if clock.monotonic() - begin > seconds:
            text = what() if callable(what) else what
            raise AssertionError(
                "not within %.1f seconds: %s" % (seconds, text))
        time.sleep(pause)
    return clock.monotonic() - begin


def run(command, seconds=15.0, **kwargs):
    """
    Run a command for so many seconds at most and return (status, stdout,
    stderr). See timed_out() for the status.
    """
    process = start(command, seconds, stderr=subprocess.PIPE, **kwargs)
    out, err = process.communicate()
    return process.returncode, out, err


def start(command, seconds, stderr=subprocess.STDOUT, **kwargs):
    # coreutils' timeout, since Python 2's subprocess has none.
    limit = ["timeout", "-k", "1", "%.1f" % seconds]
    return subprocess.Popen(
        limit + command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=stderr, close_fds=True, universal_newlines=True, **kwargs)


def timed_out(status):
    return status in (124, 128 + signal.SIGKILL, -signal.SIGKILL)


def thread_states(pid):
    """
    The state letters of a process' threads, such as {"S", "R"}.
    """
    states = set()
    for tid in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/stat" % (pid, tid)) as f:
            states.add(f.read().rpartition(")")[2].split()[0])
    return states


def suspend(*pids):
    """
    SIGSTOP processes in the same instant, and wait until all of each has
    stopped.
    """
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    for pid in pids:
        wait_until(lambda: thread_states(pid) == {"T"}, 5,
                   "process %d has stopped" % pid, pause=0.005)


def resume(pid):
    os.kill(pid, signal.SIGCONT)


def tail(path, lines=5):
    try:
        with open(path) as f:
            return "".join(f.readlines()[-lines:]).strip()
    except IOError as e:
        return str(e)
