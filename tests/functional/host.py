# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
A libvirt host of our own for tests: a private libvirtd and tiny QEMU VMs.

Everything lives in one temporary folder and is run by an ordinary user: as
root, by `nobody`. Nothing outside of the folder is touched, and all of it is
removed in the end, also when the tests are killed: see keeper.py.

The kit has no libvirt connection in this process, so that it disturbs neither
the event loop nor the leak checks; it runs virsh.
"""

from __future__ import absolute_import, division, print_function

import contextlib
import fcntl
import os
import pwd
import re
import subprocess
import sys
import tempfile

import keeper
import tools

_DOMAIN = """\
<domain type='qemu'>
  <name>{name}</name>
  <memory unit='MiB'>16</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64'>hvm</type></os>
  <features><acpi/></features>
  <devices>
    {disk}
    <controller type='usb' model='none'/>
  </devices>
</domain>
"""

_DISK = """\
<disk type='file' device='disk'>
  <driver name='qemu' type='raw'/>
  <source file='{path}'/>
  <target dev='{target}' bus='virtio'/>
</disk>
"""

_DISK_SIZE = 1024 ** 2

# VMs that are created or destroyed at a time; more of them gain nothing on a
# small machine.
_HELPERS = 2


class HostError(Exception):
    """
    The test host does not do what a test needs; no fault of the product.
    """


class _Managed(object):

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc_info):
        self.stop()


class Host(_Managed):
    """
    A private libvirtd with some running VMs: vm01, vm02, ...
    """

    def __init__(self, vms=12):
        self._vms = vms
        # Names of the VMs that create() made and destroy() did not remove.
        self.domains = []
        # Both are None before start() and after stop().
        self.folder = None
        self.libvirtd = None

    def start(self):
        tools.require()
        self.folder = Folder()
        try:
            self.libvirtd = Libvirtd(self.folder)
            self.libvirtd.start()
            self.create_all("vm%02d" % n for n in range(1, self._vms + 1))
        except:  # NOQA: E722 (removes what was begun, the error goes on)
            self.stop()
            raise

    def stop(self):
        if self.folder is not None:
            self.folder.remove()
            if self.libvirtd is not None:
                self.libvirtd.reap()
            self.folder = self.libvirtd = None
            self.domains = []

    @property
    def uri(self):
        return self.libvirtd.uri

    def virsh(self, *args):
        return self.libvirtd.virsh(*args)

    def create(self, name, disk_dir=None):
        self.create_all([name], disk_dir)

    def create_all(self, names, disk_dir=None):
        """
        Create running VMs, their disks in the host's folder or in the one
        given.
        """
        names = list(names)
        self._all("create", [self.define(name, disk_dir) for name in names])
        self.domains.extend(names)

    def _all(self, verb, objects):
        helpers = [
            tools.start(self.libvirtd.virsh_command(
                "; ".join("%s %s" % (verb, what) for what in part)), 60)
            for part in (objects[n::_HELPERS] for n in range(_HELPERS))
            if part]
        for helper in helpers:
            out, _ = helper.communicate()
            if helper.returncode != 0:
                raise HostError("cannot %s VMs: %s" % (verb, out.strip()))

    def define(self, name, disk_dir=None):
        """
        Make the image of a VM and return the path of its XML.
        """
        disk = self.disk(name + ".raw", "vda", disk_dir)
        return self.folder.write(
            name + ".xml", _DOMAIN.format(name=name, disk=disk))

    def disk(self, name, target, disk_dir=None):
        """
        Make an image and return the XML of a disk with it.
        """
        path = os.path.join(disk_dir or self.folder.path, name)
        with open(path, "wb") as f:
            f.truncate(_DISK_SIZE)
        give_to_user(path)
        return _DISK.format(path=path, target=target)

    def destroy(self, *names):
        self._all("destroy", names)
        for name in names:
            self.domains.remove(name)

    def pid(self, name):
        """
        PID of the VM's QEMU.
        """
        with open(self.libvirtd.pid_file(name)) as f:
            return int(f.read())

    def freeze(self, name):
        """
        Stop the QEMU: its monitor does not answer from now on.
        """
        tools.suspend(self.pid(name))

    def thaw(self, name):
        tools.resume(self.pid(name))

    def silent(self, names, seconds=3.0):
        """
        Ask the QEMUs' monitors as clients of our own; return those of the
        names that have not answered in time.
        """
        asked = [(name, tools.start(self.libvirtd.virsh_command(
            "qemu-monitor-command", name, '{"execute": "query-status"}'),
            seconds)) for name in names]
        found = []
        for name, client in asked:
            out, _ = client.communicate()
            if tools.timed_out(client.returncode):
                found.append(name)
            elif client.returncode != 0:
                raise HostError("cannot ask %s: %s" % (name, out.strip()))
        return found


class Libvirtd(object):
    """
    A libvirtd in unprivileged session mode, with all its files in a folder.
    """

    def __init__(self, folder):
        self._folder = folder
        self._runtime = folder.make("run")
        self._log = os.path.join(folder.path, "libvirtd.log")
        self._process = None
        folder.make("config")
        folder.make("config/libvirt")
        # The first question about statistics makes libvirtd try out all
        # QEMUs in its PATH, seconds for each: give it the one we need.
        qemu = tools.find_program("qemu-system-x86_64")
        if qemu is not None:
            os.symlink(qemu, os.path.join(
                folder.make("bin"), os.path.basename(qemu)))
        # No virtlogd, which would be one more process to look after.
        folder.write("config/libvirt/qemu.conf", 'stdio_handler = "file"\n')

    @property
    def uri(self):
        return "qemu+unix:///session?socket=%s/libvirt/libvirt-sock" % (
            self._runtime)

    @property
    def pid(self):
        return self._process.pid

    def start(self):
        """
        Start it and wait until it answers. It takes over the VMs that one
        before it has left.
        """
        with open(self._log, "a") as log, open(os.devnull) as null:
            self._process = subprocess.Popen(
                as_user() + [tools.find_program("libvirtd")],
                env=self._environment(), cwd=self._folder.path, stdin=null,
                stdout=log, stderr=subprocess.STDOUT, close_fds=True)
        tools.wait_until(self._answers, 30,
                         lambda: "libvirtd answers: " + tools.tail(self._log))

    def _environment(self):
        path = self._folder.path
        return {
            "HOME": path,
            "LC_ALL": "C",
            "PATH": os.path.join(path, "bin"),
            "XDG_CACHE_HOME": os.path.join(path, "cache"),
            "XDG_CONFIG_HOME": os.path.join(path, "config"),
            "XDG_DATA_HOME": os.path.join(path, "data"),
            "XDG_RUNTIME_DIR": self._runtime,
        }

    def _answers(self):
        if self._process.poll() is not None:
            raise HostError("libvirtd ended: " + tools.tail(self._log))
        return tools.run(self.virsh_command("list"))[0] == 0

    def suspend(self):
        """
        Stop it: it answers nobody from now on. The VMs go on.
        """
        tools.suspend(self._process.pid)

    def resume(self):
        tools.resume(self._process.pid)

    def kill(self):
        """
        Kill it without warning. The VMs go on.
        """
        self._process.kill()
        self._process.wait()

    def reap(self):
        if self._process is not None:
            self._process.wait()

    def virsh(self, *args):
        """
        Run virsh and return what it says; HostError if it fails.
        """
        status, out, err = tools.run(self.virsh_command(*args), 30)
        if status != 0:
            raise HostError("virsh %s: status %d: %s" % (
                " ".join(args), status, err.strip()))
        return out

    def virsh_command(self, *args):
        return [tools.find_program("virsh"), "-q", "-c", self.uri] + list(args)

    def workers(self):
        """
        Return what libvirtd says of those of its workers that run ordinary
        calls: nWorkers, freeWorkers, jobQueueDepth and more, each a number.
        Works also when all of them hang.
        """
        return self.limits("srv-threadpool-info")

    def limits(self, command):
        """
        Return what this command of virt-admin says of its ordinary server:
        names and numbers.
        """
        # The admin socket lets in nobody but the user who runs libvirtd.
        status, out, err = tools.run(as_user() + [
            tools.find_program("virt-admin"), "-q", "-c",
            "libvirtd:///session?socket=%s/libvirt/libvirt-admin-sock" % (
                self._runtime), command, "libvirtd"], 10)
        if status != 0:
            raise HostError("virt-admin: status %d: %s" % (
                status, err.strip()))
        pairs = [line.split(":") for line in out.splitlines() if ":" in line]
        return dict((name.strip(), int(value)) for name, value in pairs)

    def pid_file(self, name):
        return os.path.join(
            self._runtime, "libvirt/qemu/run", name + ".pid")


class HangingFolder(_Managed):
    """
    A folder on storage that can stop answering: all of it passes through a
    FUSE daemon that is ours to stop. Needs /dev/fuse, hence mostly root.
    """

    def __init__(self, host):
        self._host = host
        self._process = None
        # None before start().
        self.path = None

    def start(self):
        tools.require("bindfs")
        behind = self._host.folder.make("storage-behind")
        self.path = self._host.folder.make("storage")
        # Without a cache of the kernel each question reaches the daemon, as
        # it does on network storage sooner or later.
        self._process = subprocess.Popen(
            [tools.find_program("bindfs"), "-f", "-o",
             "attr_timeout=0,entry_timeout=0", behind, self.path],
            stdin=subprocess.PIPE, close_fds=True)
        self._process.stdin.close()
        tools.wait_until(lambda: os.path.ismount(self.path), 10,
                         self.path + " is mounted")

    def start_all(self, names):
        """
        Start its host, it, and VMs of these names on it; or nothing.
        """
        self._host.start()
        try:
            self.start()
            self._host.create_all(names, self.path)
        except:  # NOQA: E722 (removes what was begun, the error goes on)
            self._host.stop()
            raise

    def stop(self):
        """
        Make it fail all that waits for it. Its host's stop() does the rest,
        and does this too.
        """
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def hang(self):
        tools.suspend(self._process.pid)

    def release(self):
        tools.resume(self._process.pid)


class Folder(object):
    """
    A temporary folder which vanishes with all processes and mounts that have
    to do with it.
    """

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix=keeper.PREFIX)
        give_to_user(self.path)
        # Python 2 knows the compiled file.
        script = os.path.splitext(os.path.abspath(keeper.__file__))[0] + ".py"
        self._keeper = subprocess.Popen(
            [sys.executable, script, self.path],
            stdin=subprocess.PIPE, close_fds=True)
        # Python 2 hands the pipe to all children that are started without
        # close_fds, and the keeper would wait for the last of them.
        fcntl.fcntl(self._keeper.stdin, fcntl.F_SETFD, fcntl.FD_CLOEXEC)

    def make(self, name):
        path = os.path.join(self.path, name)
        os.mkdir(path)
        give_to_user(path)
        return path

    def write(self, name, text):
        path = os.path.join(self.path, name)
        with open(path, "w") as f:
            f.write(text)
        give_to_user(path)
        return path

    def remove(self):
        self._keeper.stdin.close()
        if self._keeper.wait() != 0:
            raise HostError("could not remove all of " + self.path)


def wait_occupied(host, name, seconds=2.5):
    """
    Wait until a call has been in a VM's monitor for so long.
    """
    def found():
        match = re.match(r"occupied.*?([0-9.]+)s",
                         host.virsh("domcontrol", name))
        return float(match.group(1)) if match else 0.0

    tools.wait_until(lambda: found() > seconds, 15, lambda: (
        "a call in the monitor of %s for %s s, now for %s s" % (
            name, seconds, found())))


@contextlib.contextmanager
def hidden(host, name):
    """
    Have nobody find the VM's process: a fault that /proc would show is then
    one that only a call shows, by not returning.
    """
    path = host.libvirtd.pid_file(name)
    os.rename(path, path + ".away")
    try:
        yield
    finally:
        os.rename(path + ".away", path)


@contextlib.contextmanager
def held_job(host, name):
    """
    Hold the VM's job for five seconds while its monitor answers: so long
    libvirtd waits for a guest that shall let go of a disk; this guest never
    does.
    """
    disk = more_disk(host, name)
    host.virsh("attach-device", name, disk)
    holder = tools.start(host.libvirtd.virsh_command(
        "detach-device", name, disk), 30)
    try:
        yield
    finally:
        holder.communicate()


def more_disk(host, name):
    """
    Make the image of a second disk of a VM; return the path of its XML.
    """
    return host.folder.write(
        name + "-more.xml", host.disk(name + "-more.raw", "vdb"))


def as_user():
    """
    The command that turns root into the user who runs the host.
    """
    if os.getuid() != 0:
        return []
    user = _user()
    return [tools.find_program("setpriv"), "--clear-groups",
            "--reuid=%d" % user.pw_uid, "--regid=%d" % user.pw_gid]


def give_to_user(path):
    if os.getuid() == 0:
        user = _user()
        os.chown(path, user.pw_uid, user.pw_gid)


def _user():
    return pwd.getpwnam("nobody")
