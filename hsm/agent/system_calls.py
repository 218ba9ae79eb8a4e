"""The few system calls of a process that computes between two pipes, and a filter that refuses all others (Linux).

A list of what is allowed, not of what is forbidden: a call that a later kernel adds is refused without being known
here. The filter is a classic BPF program over `struct seccomp_data` (seccomp(2), `linux/seccomp.h`): number at byte 0,
architecture at 4, first argument at 16. It cannot be taken away again, and holds for native code as for Python.
"""

import ctypes
import os
import struct
import sys
from typing import Final

_PR_SET_NO_NEW_PRIVS: Final = 38
_SET_MODE_FILTER, _ALL_THREADS = 1, 1
_LOAD, _IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | 1
"""The last one: the call returns EPERM."""

_KERNELS: Final = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
"""By machine: AUDIT_ARCH of its native calls, and the column below."""
_SECCOMP: Final = (317, 277)
_PRLIMIT: Final = (302, 261)
_COMPUTING: Final = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "restart_syscall": (219, 128),
    "sched_yield": (24, 124),
    "futex": (202, 98),
    "getrusage": (98, 165),
    "clock_gettime": (228, 113),
    "getrandom": (318, 278),
    "exit": (60, 93),
    "exit_group": (231, 94),
}
"""Numbers on x86_64 (`asm/unistd_64.h`) and aarch64 (`asm-generic/unistd.h`)."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def leave_only_computing(libc: ctypes.CDLL) -> bool:
    """Refuse every other call, in all threads, for good; whether this system does it.

    From here no file, socket, process, program, signal, or other process's memory: EPERM. Its own limits can still be
    set (prlimit of process 0), not those of others.
    """
    machine = os.uname().machine if sys.platform == "linux" else ""
    if machine not in _KERNELS or sys.maxsize < 2**32:
        return False
    architecture, column = _KERNELS[machine]
    program = _filter(architecture, [numbers[column] for numbers in _COMPUTING.values()], _PRLIMIT[column])
    given = _Program(len(program) // 8, program)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    number = ctypes.c_long(_SECCOMP[column])
    return bool(libc.syscall(number, _SET_MODE_FILTER, _ALL_THREADS, ctypes.byref(given)) == 0)


def _filter(architecture: int, allowed: list[int], limits: int) -> bytes:
    """The program: another architecture's calls (32-bit ones) end the process."""
    steps: list[tuple[int, int, int, int]] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_IF_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    for number in allowed:
        steps += [(_IF_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    steps += [
        (_IF_EQUAL, 0, 3, limits),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_IF_EQUAL, 0, 1, 0),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
