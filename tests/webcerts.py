# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Certificates for tests, made by the program openssl.
"""

from __future__ import absolute_import, division, print_function

import os
import shutil
import subprocess
import tempfile

import tools

OPENSSL = tools.find_program("openssl")

_NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
            "-nodes"]

# Python 3.13 wants all of them.
_EXTENSIONS = """\
subjectAltName=IP:127.0.0.1
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
"""


class Folder(object):
    """
    NAME.crt and NAME.key for each name.
    """

    def __init__(self):
        self.folder = None

    def create(self):
        self.folder = tempfile.mkdtemp()

    def remove(self):
        if self.folder is not None:
            shutil.rmtree(self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name)) as stream:
            return stream.read()

    def write(self, name, content):
        """
        Replace a file, as who renews a certificate does; return its path.
        """
        with open(self.path(name + ".new"), "w") as stream:
            stream.write(content)
        os.rename(self.path(name + ".new"), self.path(name))
        return self.path(name)

    def make(self, name, issuer=None):
        """
        issuer: whose key signs it; None: its own.
        """
        files = ["-keyout", self.path(name + ".key"),
                 "-subj", "/CN=" + name]
        if issuer is None:
            self._run("req", "-x509", *_NEW_KEY + files + [
                "-addext", "keyUsage=critical,keyCertSign", "-days", "2",
                "-out", self.path(name + ".crt")])
            return
        request = self.path(name + ".csr")
        names = self.write(name + ".ext", _EXTENSIONS)
        self._run("req", "-new", *_NEW_KEY + files + ["-out", request])
        self._run("x509", "-req", "-in", request, "-days", "2",
                  "-CA", self.path(issuer + ".crt"),
                  "-CAkey", self.path(issuer + ".key"), "-CAcreateserial",
                  "-extfile", names, "-out", self.path(name + ".crt"))

    def encrypt(self, name, encrypted):
        """
        Return the path of a key with a password.
        """
        path = self.path(encrypted)
        self._run("pkey", "-in", self.path(name), "-aes128", "-passout",
                  "pass:secret", "-out", path)
        return path

    def _run(self, *args):
        subprocess.check_output([OPENSSL] + list(args),
                                stderr=subprocess.STDOUT)
