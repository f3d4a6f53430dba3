# Copyright 2026 vdsm-sampling developers
# SPDX-License-Identifier: GPL-2.0-or-later

"""
Names of the system calls that a thread is likely to be stuck in.

The kernel tells numbers, which differ per architecture. Only 64-bit processes
are served: a 32-bit one on the same kernel has numbers of its own.
"""

from __future__ import absolute_import, division, print_function

import collections
import platform
import struct

# Numbers from the kernel's unistd headers, "-" where the architecture lacks
# the call; "fd" where the first argument is a file descriptor.
_TABLE = """
name              x86_64 generic ppc64 s390x
accept                43     202   330     - fd
accept4              288     242   344   364 fd
clock_nanosleep      230     115   248   262
clone                 56     220   120   120
clone3               435     435   435   435
close                  3      57     6     6 fd
connect               42     203   328   362 fd
epoll_pwait          281      22   303   312 fd
epoll_wait           232       -   238   251 fd
execve                59     221    11    11
fallocate            285      47   309   314 fd
fcntl                 72      25    55    55 fd
fdatasync             75      83   148   148 fd
flock                 73      32   143   143 fd
fstat                  5      80   108   108 fd
fstatfs              138      44   100   100 fd
fsync                 74      82   118   118 fd
ftruncate             77      46    93    93 fd
futex                202      98   221   238
getdents64           217      61   202   220 fd
gettid               186     178   207   236
io_getevents         208       4   229   245
io_uring_enter       426     426   426   426 fd
ioctl                 16      29    54    54 fd
lseek                  8      62    19    19 fd
mount                165      40    21    21
munmap                11     215    91    91
nanosleep             35     101   162   162
newfstatat           262      79   291   293
open                   2       -     5     5
openat               257      56   286   288
poll                   7       -   167   168
ppoll                271      73   281   302
pread64               17      67   179   180 fd
preadv               295      69   320   328 fd
pselect6             270      72   280   301
pwrite64              18      68   180   181 fd
pwritev              296      70   321   329 fd
read                   0      63     3     3 fd
readv                 19      65   145   145 fd
recvfrom              45     207   337   371 fd
recvmsg               47     212   342   372 fd
restart_syscall      219     128     0     7
select                23       -   142   142
sendfile              40      71   186   187 fd
sendmsg               46     211   341   370 fd
sendto                44     206   335   369 fd
stat                   4       -   106   106
statfs               137      43    99    99
statx                332     291   383   379
sync                 162      81    36    36
syncfs               306     267   348   338 fd
umount2              166      39    52    52
unlinkat             263      35   292   294
vfork                 58       -   189   190
wait4                 61     260   114   114
waitid               247      95   272   281
write                  1      64     4     4 fd
writev                20      66   146   146 fd
"""

# What platform.machine() says, and its column.
_COLUMNS = {
    "aarch64": "generic",
    "loongarch64": "generic",
    "ppc64": "ppc64",
    "ppc64le": "ppc64",
    "riscv64": "generic",
    "s390x": "s390x",
    "x86_64": "x86_64",
}

# name: text; takes_fd: whether the first argument is a file descriptor.
Call = collections.namedtuple("Call", "name, takes_fd")

UNKNOWN = Call(None, False)


def table(machine):
    """
    Return {number: Call} of an architecture, {} of one that we do not know.
    """
    lines = _TABLE.strip().splitlines()
    column = _COLUMNS.get(machine)
    if column is None:
        return {}
    column = lines[0].split().index(column)
    calls = {}
    for line in lines[1:]:
        words = line.split()
        if words[column] != "-":
            calls[int(words[column])] = Call(words[0], words[-1] == "fd")
    return calls


def number(name, calls):
    """
    Return the number of a call by its name, None if the table lacks it.
    """
    for n, call in calls.items():
        if call.name == name:
            return n
    return None


# The table of this process.
CALLS = table(platform.machine()) if struct.calcsize("P") == 8 else {}
