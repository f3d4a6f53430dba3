# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Small source trees that look like VDSM's, and like ours, to make patches from.
"""

from __future__ import absolute_import, division, print_function

import io
import os
import subprocess

import doublevdsm

JUNE_2014 = {
    "vdsm/storage/threadPool.py": doublevdsm.POOL_2014,
    "vdsm/storage/Makefile.am": """\
vdsmstoragedir = $(vdsmdir)/storage
dist_vdsmstorage_PYTHON = \\
\t__init__.py \\
\tthreadPool.py \\
\tvolume.py
""",
    "vdsm/virt/sampling.py": doublevdsm.SAMPLING_2014,
    "vdsm/Makefile.am": "SUBDIRS = gluster storage virt\n\nall:\n",
    "configure.ac": """\
AC_INIT([vdsm], [4.15])
AM_PATH_PYTHON([2.6])
AX_PYTHON_MODULE([argparse], [fatal])
AX_PYTHON_MODULE([selinux], [fatal])
# Keep sorted
AC_OUTPUT([
\tMakefile
\tvdsm-tool/Makefile
\tvdsm/Makefile
\tvdsm/virt/Makefile
])
AC_OUTPUT([
    tests/run_tests.sh
])
""",
    "vdsm.spec.in": """\
BuildRequires: python-netaddr
Requires: python-netaddr

%files
%dir %{_datadir}/%{vdsm_name}/storage
%{_datadir}/%{vdsm_name}/storage/volume.py*
""",
    "debian/control": """\
Source: vdsm
Build-Depends: debhelper (>= 8.0.0),
 python-pthreading (>=0.1.2),
 sudo

Package: vdsm-python
Depends: python

Package: vdsm
Depends: sudo,
 python-pyinotify,
 sudo
""",
    "debian/vdsm.install": "./usr/share/vdsm/storage/volume.py\n",
    "lib/vdsm/config.py.in": """\
parameters = [
    # Section: [one]
    ('one', [

        ('some_key', '', None),

    ]),
]

print "not for Python 3"
""",
    "tests/Makefile.am": """\
test_modules = \\
\tsamplingTests.py \\
\tvmTests.py \\
\t$(NULL)

dist_vdsmtests_PYTHON = \\
\t$(test_modules) \\
\ttestrunner.py \\
\t$(NULL)
""",
}

TODAY = {
    "lib/vdsm/storage/threadPool.py": doublevdsm.POOL_TODAY,
    "lib/vdsm/executor.py": doublevdsm.EXECUTOR_TODAY,
    "lib/vdsm/virt/sampling.py": """\
import libvirt

from collections import namedtuple

from vdsm.config import config
from vdsm.virt.utils import ExpiringCache

# In what StatsCache is.
Sample = namedtuple("Sample", "first last")
""" + doublevdsm.SAMPLING_TODAY,
    "lib/vdsm/virt/Makefile.am": "dist_vdsmvirt_PYTHON = *.py\n",
    "lib/vdsm/Makefile.am": "SUBDIRS=api virt storage hook \\\n\t gluster\n",
    "configure.ac": """\
AM_PATH_PYTHON([3])
AC_OUTPUT([
\tMakefile
\tlib/vdsm/Makefile
\tlib/vdsm/virt/Makefile
])
""",
    "vdsm.spec.in": """\
%package python
Summary:        What others share
# Why
Requires:       %{name}-common = %{version}-%{release}

%files python
%{python3_sitelib}/%{vdsm_name}/API.py
%{python3_sitelib}/%{vdsm_name}/taskset.py
""",
    "lib/vdsm/common/config.py.in": """\
parameters = [
    # Section: [sampling]
    ('sampling', [
        ('enable', 'true', 'Whether to sample.'),
    ]),

    # Section: [two]
    ('two', [
        ('other_key', '1', None),
    ]),
]
""",
    "pyproject.toml": "[tool.black]\nline-length = 79\n",
    "tests/Makefile.am": """\
test_modules = \\
\tAPI_test.py \\
\t$(NULL)

run_modules  = $(test_modules)
run_modules += $(common_modules)
""",
    "tests/virt/bulk_sampling_test.py": """\
def test():
    sampling.VMBulkstatsMonitor(conn, conn.getVMs, cache)
""",
}

OURS = {
    "VERSION": "1.2.3\n",
    "lib/compat/__init__.py": "",
    "lib/compat/futures.py": "",
    "lib/compat/vdsm.py": "",
    "lib/threadpool/__init__.py": "",
    "lib/threadpool/executor.py": "from compat import futures\n",
    "lib/vmsampling/__init__.py": "",
    "lib/vmsampling/command.py": "",
    "lib/vmsampling/sampler.py": "from threadpool import executor\n",
    "vdsm/executor.py": "from threadpool import executor\n",
    "vdsm/storage/threadPool.py": "from threadpool import executor\n",
    "vdsm/virt/bulkstats.py": "from vmsampling import sampler\n",
    "vdsm/virt/sampling.py": "from vmsampling import sampler\n",
    "tests/kit.py": "import threadpool\n",
    "tests/standins.py": "import os\n\nFOLDER = os.getcwd()\n",
    "tests/command_test.py": "import kit\nfrom vmsampling import command\n",
    "tests/executor_test.py": "import kit\nfrom threadpool import executor\n",
    "tests/sampler_test.py": (
        "import executor_test\nimport kit\nfrom vmsampling import sampler\n"),
    "tests/tree_test.py": "import kit\n",
    "tests/vdsm_threadpool_test.py": "import kit\nimport standins\n",
}

# No settings of whoever runs the tests.
ENVIRONMENT = dict(
    (key, value) for key, value in os.environ.items()
    if not key.startswith("GIT_"))
ENVIRONMENT.update(
    GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL=os.devnull, HOME=os.devnull,
    GIT_AUTHOR_NAME="A", GIT_AUTHOR_EMAIL="a@invalid",
    GIT_COMMITTER_NAME="A", GIT_COMMITTER_EMAIL="a@invalid",
    GIT_COMMITTER_DATE="1403521074 +0200", LC_ALL="C")


def write(folder, files):
    """
    Write files, path -> text, below a folder.
    """
    for path, text in files.items():
        path = os.path.join(folder, path)
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path))
        with io.open(path, "w", encoding="utf-8") as f:
            f.write(u"" + text)


def commit(folder, files):
    """
    Make folder a git checkout with these files in its one commit.
    """
    os.mkdir(folder)
    write(folder, files)
    git(folder, "init", "-q")
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", "all")


def git(folder, *args):
    """
    Return what git prints.
    """
    process = subprocess.Popen(
        ("git",) + args, cwd=folder, env=ENVIRONMENT,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = process.communicate()[0].decode("utf-8")
    assert process.returncode == 0, output
    return output
