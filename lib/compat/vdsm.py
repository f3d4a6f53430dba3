# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
What stands in for what in VDSM: the one table, and how a row is chosen.

A row is chosen by what VDSM's own module defines, read from its source
without running it, and never by a version: distributors move changes between
versions. A module that no row fits stays VDSM's own.

The plugin reads this before VDSM on Python 2 has replaced the locks of
threading, so nothing here may import thread, threading, or what imports them,
such as collections and logging.
"""

from __future__ import absolute_import, division, print_function

import re

# In place of arguments or methods: VDSM's may have it, and may not; nobody
# but the module itself uses it, and the stand-in has none.
INTERNAL = None


class Row(object):
    """
    One stand-in for one module of VDSM.

    module: the name by which VDSM imports it.
    file: what stands in, below the folder of the stand-ins.
    versions: in which VDSMs it is so; for people.
    names: None where the whole module is replaced, otherwise maps what is
        replaced in VDSM's module to what it is called in the file.
    needs: the public names of VDSM's module, or those of names: the methods
        of a class, each with its arguments; the arguments of a function; or
        INTERNAL. These and no others: what is not here a stand-in may lack.
    """

    def __init__(self, module, file, versions, needs, names=None):
        self.module = module
        self.file = file
        self.versions = versions
        self.needs = needs
        self.names = names

    @property
    def loaded_as(self):
        """
        The name of the module that the file becomes: that of VDSM's, or of
        one beside it.
        """
        if self.names is None:
            return self.module
        stem = self.file.rpartition("/")[2][:-len(".py")]
        return self.module.rpartition(".")[0] + "." + stem

    def __repr__(self):
        return "<Row %s: %s in VDSM %s>" % (
            self.file, self.module, self.versions)


def _merged(*parts):
    merged = {}
    for part in parts:
        merged.update(part)
    return merged


_WORKER = {"WorkerThread": INTERNAL}
_OLDER_POOL = {
    "setRunningTask": "addTask",
    "getRunningTasks": "",
    "setThreadCount": "newNumThreads",
    "getThreadCount": "",
    "queueTask": "id task args taskCallback",
    "getNextTask": "",
    "stopThread": "",
    "joinAll": "waitForTasks waitForThreads",
}

_EXECUTOR_ERRORS = {"NotRunning": {}, "AlreadyStarted": {}}
_TOO_MANY = {"TooManyTasks": {}}


def _executor(arguments, dispatch="callable timeout"):
    return {"Executor": {
        "__init__": "name workers_count max_tasks scheduler" + arguments,
        "name": "",
        "start": "",
        "stop": "wait",
        "dispatch": dispatch,
    }}


def _task_queue(arguments):
    return {"TaskQueue": {
        "__init__": arguments, "put": "task", "get": "", "clear": ""}}


_TASK = {"Task": {"__init__": "callable timeout discard", "duration": ""}}

_SAMPLES = {
    "TotalCpuSample": {"__init__": ""},
    "CpuCoreSample": {"__init__": "", "getCoreSample": "coreId"},
    "NumaNodeMemorySample": {"__init__": ""},
    "PidCpuSample": {"__init__": "pid"},
    "TimedSample": {"__init__": ""},
    "getBootTime": "",
}
_VM_SAMPLING = {
    "AdvancedStatsFunction": {
        "__init__": "function interval window timefn",
        "interval": "",
        "getStats": "",
    },
    "AdvancedStatsThread": {
        "__init__": "log daemon",
        "addStatsFunction": "*args",
        "start": "",
        "stop": "",
        "pause": "",
        "cont": "",
        "getLastSampleTime": "",
        "run": "",
        "handleStatsException": "ex",
        "collect": "",
    },
    "HostStatsThread": {
        "__init__": "log", "stop": "", "sample": "", "run": "", "get": ""},
}


def _bulk_rows(module, versions, name, arguments):
    return Row(
        module, "virt/bulkstats.py", versions,
        {name: {"__init__": "conn get_vms stats_cache " + arguments}},
        names={name: "VMBulkstatsMonitor"})


ROWS = (
    Row("storage.threadPool", "storage/threadPool.py", "until 4.18", _merged(
        _WORKER, {"ThreadPool": _merged(_OLDER_POOL, {
            "__init__": "numThreads waitTimeout maxTasks"})})),
    Row("vdsm.storage.threadPool", "storage/threadPool.py", "4.19 to 4.30",
        _merged(_WORKER, {"ThreadPool": _merged(_OLDER_POOL, {
            "__init__": "name numThreads waitTimeout maxTasks"})})),
    Row("vdsm.storage.threadPool", "storage/threadPool.py", "since 4.40",
        _merged(_WORKER, {"ThreadPool": {
            "__init__": "name numThreads waitTimeout maxTasks",
            "queueTask": "id task args",
            "getNextTask": "",
            "joinAll": "waitForThreads"}})),

    Row("virt.sampling", "virt/sampling.py", "until 4.16.0", _merged(
        _SAMPLES, _VM_SAMPLING, {
            "InterfaceSample": {
                "__init__": "ifid", "readIfaceStat": "ifid stat",
                "readIfaceOperstate": "ifid"},
            "BaseSample": {"__init__": "pid ifids"},
            "HostSample": {"__init__": "pid ifids"}})),
    Row("virt.sampling", "virt/sampling.py", "4.16.1 to 4.16.38", _merged(
        _SAMPLES, _VM_SAMPLING, {
            "InterfaceSample": {
                "__init__": "link", "readIfaceStat": "ifid stat",
                "readIfaceOperstate": "ifid",
                "to_connlog": "", "connlog_diff": "other"},
            "HostSample": {
                "__init__": "pid", "to_connlog": "",
                "connlog_diff": "other"}})),

    _bulk_rows("virt.sampling", "4.17, first", "VMBulkSampler",
               "stats_flags timeout"),
    _bulk_rows("virt.sampling", "4.17", "VMBulkSampler", "stats_flags ttl"),
    _bulk_rows("vdsm.virt.sampling", "4.18 and 4.19", "VMBulkSampler",
               "stats_flags ttl"),
    _bulk_rows("vdsm.virt.sampling", "4.20, first", "VMBulkstatsMonitor",
               "stats_flags ttl"),
    _bulk_rows("vdsm.virt.sampling", "since 4.20", "VMBulkstatsMonitor",
               "stats_types ttl"),

    Row("vdsm.executor", "executor.py", "4.16.31 to 4.16.38", _merged(
        _EXECUTOR_ERRORS, _TOO_MANY, _executor(""))),
    Row("vdsm.executor", "executor.py", "4.17 and 4.18", _merged(
        _EXECUTOR_ERRORS, _TOO_MANY, _executor(""),
        _task_queue("max_tasks"))),
    Row("vdsm.executor", "executor.py", "4.17 to 4.19, last", _merged(
        _EXECUTOR_ERRORS, _TOO_MANY, _executor(" max_workers"),
        _task_queue("max_tasks"))),
    Row("vdsm.executor", "executor.py", "4.19.11 to 4.20, first", _merged(
        _EXECUTOR_ERRORS, _TOO_MANY, _TASK, _task_queue("max_tasks"),
        _executor(" max_workers log", "callable timeout discard"))),
    Row("vdsm.executor", "executor.py", "since 4.20", _merged(
        _EXECUTOR_ERRORS, _TASK, _task_queue("name max_tasks"),
        _executor(" max_workers log", "callable timeout discard"))),
)

MODULES = tuple(sorted(set(row.module for row in ROWS)))


def rows(module):
    """
    Return the rows for the module that VDSM imports by this name.
    """
    return [row for row in ROWS if row.module == module]


def choose(module, source):
    """
    Return (row, None), or (None, why no row fits) for people.

    source: the text of VDSM's own module.
    """
    found = definitions(source)
    wrong = [(row, differences(row, found)) for row in rows(module)]
    row, texts = min(wrong, key=lambda entry: len(entry[1]))
    if not texts:
        return row, None
    return None, "nearest is VDSM %s, but %s%s" % (
        row.versions, texts[0],
        " (and %d more)" % (len(texts) - 1) if texts[1:] else "")


def survey(read):
    """
    Yield (module, row, why not) for each module of the table that this VDSM
    has; row is None where nothing fits.

    read(module) returns the text of VDSM's module, or None if there is none.
    """
    for module in MODULES:
        source = read(module)
        if source is not None:
            row, why = choose(module, source)
            yield module, row, why


def checkout_path(module):
    """
    Return where the source of VDSM keeps a module, with "/" in it.
    """
    top = "lib/" if module.startswith("vdsm.") else "vdsm/"
    return top + module.replace(".", "/") + ".py"


def differences(row, found):
    """
    Return what is not as the row needs it, as a list of texts for people;
    empty if the row fits. found: as definitions() returns it.
    """
    wrong = []
    for name in sorted(row.needs):
        need = row.needs[name]
        if need is INTERNAL:
            continue
        if name not in found:
            wrong.append("there is no " + name)
        elif isinstance(need, dict) != isinstance(found[name], dict):
            wrong.append("%s is of another kind" % name)
        elif isinstance(need, dict):
            wrong.extend(_in_class(name, need, found[name]))
        else:
            wrong.extend(_in_arguments(name, need, found[name]))
    if row.names is None:
        wrong.extend(
            "there is a %s" % name for name in sorted(found)
            if name not in row.needs and not name.startswith("_"))
    return wrong


def _in_class(name, need, found):
    for method in sorted(set(need) | set(found)):
        called = "%s.%s" % (name, method)
        if method not in found:
            yield "there is no " + called
        elif method in need:
            for text in _in_arguments(called, need[method], found[method]):
                yield text
        elif not method.startswith("_") or method == "__init__":
            yield "there is a " + called


def _in_arguments(name, need, found):
    need = tuple(need.split())
    if need != found:
        yield "%s takes (%s), not (%s)" % (
            name, ", ".join(found), ", ".join(need))


# VDSM's source may be of another Python than the one that reads it, so it is
# not parsed; what could be taken for code, strings and comments, is removed.
_OPAQUE = re.compile(
    r"#[^\n]*"
    r"|(\"\"\"|''')(?:\\.|[^\\])*?\1"
    r"|\"(?:\\.|[^\"\\\n])*\""
    r"|'(?:\\.|[^'\\\n])*'", re.DOTALL)
# A class or function of the module, a method, or anything else that ends the
# class before it.
_DEFINITION = re.compile(
    r"^(?:(class|def)[ \t]+(\w+)|(?:    |\t)def[ \t]+(\w+)|[^\s)\]}])",
    re.MULTILINE)


def definitions(source):
    """
    Return what a module defines: name -> arguments of a function as a tuple,
    or, for a class, name of the method -> arguments without self.
    """
    code = _OPAQUE.sub("", source)
    found = {}
    methods = None
    for match in _DEFINITION.finditer(code):
        kind, name, method = match.groups()
        if method is not None:
            if methods is not None:
                methods[method] = _arguments(code, match.end())[1:]
            continue
        methods = None
        if kind == "class":
            methods = found[name] = {}
        elif kind == "def":
            found[name] = _arguments(code, match.end())
    return found


def _arguments(code, start):
    """
    Return the names between the bracket that opens next and its end.
    """
    texts = []
    depth = 0
    for char in code[start:]:
        if char in ")]}":
            depth -= 1
            if depth == 0:
                break
        if depth == 1 and char == ",":
            texts.append("")
        elif depth and texts:
            texts[-1] += char
        if char in "([{":
            depth += 1
            if depth == 1:
                texts.append("")
    names = [re.split("[=:]", text)[0].strip() for text in texts]
    return tuple(name for name in names if name not in ("", "*", "/"))
