"""What the process does before it may hold a PIN: as much as the system allows."""

import ctypes
import os
import sys

PR_SET_DUMPABLE = 4
SEM_FAILCRITICALERRORS, SEM_NOGPFAULTERRORBOX, SEM_NOOPENFILEERRORBOX = 0x0001, 0x0002, 0x8000


def harden() -> None:
    """No core dump, no look into its memory, files for the owner alone. A PIN is a Python `str` for a moment and
    cannot be wiped for certain.
    """
    # THREAT: a crash writes the memory that holds a PIN to a file.
    # DEFENCE: RLIMIT_CORE 0, soft and hard, before anything is read; on Windows no error report is offered.
    # TEST: tests/hsm/agent/test_hardening.py::test_core_dumps_are_off
    if sys.platform == "win32":
        quiet = SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX
        ctypes.WinDLL("kernel32").SetErrorMode(quiet)
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)
    if sys.platform == "linux":
        _close_memory()


def _close_memory() -> None:
    """Close /proc/PID/mem and ptrace to other programs of the same user."""
    # THREAT: another program of the same user, or a second user, reads the PIN out of the agent's memory.
    # DEFENCE: PR_SET_DUMPABLE 0: only root may attach, and /proc/PID is root's. Root and the kernel stay able to.
    # TEST: tests/hsm/agent/test_hardening.py::test_another_program_of_the_user_cannot_look_inside
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def core_dumps_are_off() -> bool:
    """Whether a crash of this process leaves no core dump; True where the system writes none for programs."""
    if sys.platform == "win32":
        return True
    import resource

    return resource.getrlimit(resource.RLIMIT_CORE)[0] == 0
