# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Which of VDSM's test modules are run, for which VDSM and how, and which of
their tests may fail with ours. Others of VDSM's tests do not come near the
modules that are replaced, or need a host that is set up for VDSM.
"""

from __future__ import absolute_import, division, print_function

_ENVIRONMENT = {"PYTHONDONTWRITEBYTECODE": "1"}


class Suite(object):
    """
    The tests of some versions of VDSM.

    python: beginning of the version of the interpreter.
    imports: what it must have.
    advice: where to get one that has it.
    path: folders of VDSM for PYTHONPATH.
    command: after the interpreter; {inside} is the folder inside/, {module}
        the test module, {scratch} a folder that may be made.
    modules: test modules, below VDSM's tests/.
    slow: those of them that are run with slow and stress tests.
    exempt: test -> why it may fail with ours.
    """

    def __init__(self, **settings):
        self.slow = ()
        self.__dict__.update(settings)


# Tests of the algorithm that is replaced, one by one.
EXEMPT_2014 = {
    "executorTests.ExecutorTests.test_blocked_workers":
        "4.16.31 and later: it gives 25 tasks at once to a queue of 20, so "
        "five must have been taken by then. VDSM's dispatch() is slow enough "
        "for that, ours is not; later versions of the test wait.",
    "executorTests.ExecutorTests.test_discarded_workers":
        "4.16.31 and later: after 0.1 and 0.3 s it expects an end that comes "
        "at 0.4 s, and fails plain about as often; later versions wait.",
}
EXEMPT_MASTER = {
    "tests/virt/bulk_sampling_test.py::TestVMBulkSampling::"
    "test_slow_collect_while_vm_unresponsive":
        "It clears _skip_doms, the private list of VMs that VDSM's class does "
        "not ask. Ours has none: it asks each VM by itself.",
}

VDSM_2014 = Suite(
    name="VDSM 4.16 (2014)",
    python="2.7",
    imports=("nose", "six", "libvirt"),
    advice=(
        "build-aux/test-python $(build-aux/find-python 2.7) build/2.7/python "
        "makes one, VDSM_PYTHON=... names another"),
    path=("lib", "vdsm", "client", "vdsm_api"),
    environment=dict(_ENVIRONMENT, LC_ALL="C"),
    command=("{inside}/nosetrial.py", "--local-modules", "{module}"),
    modules=(
        # Users of what is replaced.
        "samplingTests.py",
        "vmTests.py",
        "vmApiTests.py",
        "numaUtilsTests.py",
        "storageMailboxTests.py",
        "clientifTests.py",
        "capsTests.py",
        # From 4.16.31 on.
        "executorTests.py",
        "scheduleTests.py",
        # Neighbours that must not notice.
        "alignmentScanTests.py",
        "blocksdTests.py",
        "bridgeTests.py",
        "cPopenTests.py",
        "configNetworkTests.py",
        "fileVolumeTests.py",
        "fileUtilTests.py",
        "guestagentTests.py",
        "iscsiTests.py",
        "ksmTests.py",
        "libvirtconnectionTests.py",
        "lvmTests.py",
        "miscTests.py",
        "monkeypatchTests.py",
        "mountTests.py",
        "outOfProcessTests.py",
        "permutationTests.py",
        "persistentDictTests.py",
        "profileTests.py",
        "resourceManagerTests.py",
        "schemaTests.py",
        "securableTests.py",
        "testrunnerTests.py",
        "utilsTests.py",
        "volumeTests.py",
        "remoteFileHandlerTests.py",
    ),
    exempt=EXEMPT_2014)

VDSM_MASTER = Suite(
    name="VDSM 4.40 to master",
    python="3",
    imports=("pytest", "six", "libvirt"),
    advice="./bootstrap installs pytest, VDSM_PYTHON=... names another Python",
    path=("lib",),
    environment=dict(_ENVIRONMENT, LC_ALL="C.UTF-8", PYTHONHASHSEED="0"),
    # VDSM's own options name a folder that two runs would share.
    command=("-m", "pytest", "-p", "pytesttrial", "-p", "no:cacheprovider",
             "--color=no", "--basetemp={scratch}", "{module}"),
    modules=(
        # Users of what is replaced.
        "executor_test.py",
        "schedule_test.py",
        "storage/threadpool_test.py",
        "storage/mailbox_test.py",
        "storage/taskmanager_test.py",
        "storage/task_test.py",
        "storage/hsm_test.py",
        "storage/monitor_test.py",
        "storage/mpathhealth_monitor_test.py",
        "virt/sampling_test.py",
        "virt/bulk_sampling_test.py",
        "virt/periodic_test.py",
        "virt/vmstats_test.py",
        "virt/vmutils_test.py",
        "virt/vm_test.py",
        "virt/qemuguestagent_test.py",
        "virt/guestagent_test.py",
        "virt/thinp_test.py",
        "virt/thinp_monitor_test.py",
        "virt/vmrecovery_test.py",
        "virt/vmmigration_test.py",
        "virt/vmoperations_test.py",
        "virt/livemerge_test.py",
        "virt/vmfakelib_test.py",
        "hoststats_test.py",
        "jobs_test.py",
        "throttledlog_test.py",
        "clientif_test.py",
        "API_test.py",
        "jsonrpc_test.py",
        "lib/yajsonrpc/jsonrpcserver_test.py",
        # Neighbours that must not notice.
        "config_test.py",
        "common/concurrent_test.py",
        "common/pthread_test.py",
        "common/time_test.py",
        "schemavalidation_test.py",
        "hugepages_test.py",
        "sigutils_test.py",
    ),
    slow=("executor_test.py", "schedule_test.py"),
    exempt=EXEMPT_MASTER)


ALL = (VDSM_2014, VDSM_MASTER)


def find(rows, has):
    """
    Return the suite of a VDSM, or None.

    rows: module -> row of compat.vdsm, what stands in there.
    has(path): whether the checkout has that.
    """
    if "storage.threadPool" in rows and has("tests/samplingTests.py") and (
            # 4.17 sampled in another way.
            not has("tests/periodicTests.py")):
        return VDSM_2014
    if "vdsm.storage.threadPool" in rows and (
            has("tests/storage/threadpool_test.py")):
        return VDSM_MASTER
    return None
