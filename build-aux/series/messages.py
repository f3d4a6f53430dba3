# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What the commits say, to people who know VDSM and not us.
"""

from __future__ import absolute_import, division, print_function

BUILD_PYTHON_2 = """\
build: Require Python 2.7, six and futures

The modules of the next patches need them: a thread pool whose results
are concurrent.futures, from one source for Python 2.7 and 3.

Python 2.6, and so EL 6, cannot be served any more. Later VDSMs do not
run there either.
"""

BUILD = """\
build: Require six

The modules of the next patches are one source for Python 2.7 and 3, and
need it where the two have different names for the same thing.
"""

SETTINGS = """\
config: Add settings of VM sampling

Defaults and explanations of what the sampling of the next patches reads
from vdsm.conf, section [sampling], so that they appear in the sample
configuration. Nothing reads them yet.
"""

PACKAGES = {
    "compat": """\
compat: Add one concurrent.futures for all Pythons

The standard library's where that is good enough, else the same with
what older releases lack. The thread pool of the next patch builds on
it. Its tests come with that patch, since they share a test case.
""",
    "threadpool": """\
threadpool: Add a pool that knows stuck tasks

A call into libvirt or to storage may not return for hours. A pool that
does not know such calls is eaten by them, and a thread for each caller
does not scale.

This pool replaces the worker of a task that is late, so that the free
ones stay as many as they were, up to a limit. It reports what is stuck
with the evidence that the kernel has, refuses a second task for
something that is stuck already, and lets go of all threads when the
tasks return. It keeps one thread for time and none per task.

Nothing uses it yet.
""",
    "vmsampling": """\
vmsampling: Add sampling of VMs on the pool

One bulk call for all VMs lets one stuck VM blind the host, and a thread
for each VM costs too much. Here one cheap call that no VM can hang
covers all, and each VM is asked for the rest by itself, on a connection
that no other call shares, with a deadline that follows the VM, and only
if its QEMU and its storage look alive. A stuck VM costs one thread and
one connection, and the others nothing.

Nothing uses it yet.
""",
}

STANDINS = {
    "storage/threadPool.py": """\
storage: Move the thread pool onto threadpool

Same module, same interface. Storage code does not change. What does:

- a hung task no longer takes a worker away for good, and is reported as
  stuck;
- when the queue is full, queueTask() says no after a while. It used to
  block its caller for as long as the storage did;
- joinAll() returns also if a task is stuck;
- no task is lost or kept by failing, by ending its thread, or by a pool
  that shuts down.
""",
    "executor.py": """\
executor: Move onto threadpool

Same module, same interface. A worker is told late by one check at the
earliest deadline. Before, each task armed and cancelled a call of the
scheduler, and a worker could be lost when the call came first. Stopping
waits for no stuck task, and one callable that hangs again and again
cannot take all threads.
""",
    "virt/sampling.py": """\
virt: Sample VMs and the host without threads

Same module, same interface: AdvancedStatsThread is no thread any more,
but an operation on the pool. Before, there was one thread for each VM,
and one call that hung on the shared connection could starve healthy
VMs. Now a VM's functions run only after a probe of it has answered, and
the age of its statistics stands still while it does not.
""",
    "virt/bulkstats.py": """\
virt: Sample each VM by itself

One stuck VM held the bulk call for all VMs, so all VMs lost their
statistics until the list of VMs to skip had been made, and each try
held a worker. VMBulkstatsMonitor has the same interface and feeds the
same cache, but asks each VM by itself, with vmsampling.

The bulk call remains as BuiltinVMBulkstatsMonitor, to fall back on
while vmsampling cannot work.
""",
}

COVER = """\
Patches that put vdsm-sampling {version} into VDSM

Made for:  {commit}
Take them: git am {folder}/*.patch

{subjects}

Each leaves a tree in which all works, so the last ones can be left out.
The files that they add are those of vdsm-sampling; what they change in
VDSM's own files was looked up in this very tree.
"""
