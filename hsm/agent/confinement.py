"""The walls around the process that reads a PDF for display; it says which stand, and the doctor asks it."""

import contextlib
import ctypes
import os
import sys
from enum import StrEnum
from typing import Any

from .job_object import enter_job
from .system_calls import leave_only_computing

DRAW_ARGUMENT = "--draw-pages"
"""For a packaged program, whose `sys.executable` is no Python: its entry runs the child on this only argument."""
MEMORY_BYTES = 1024**3
CPU_SECONDS = 20
"""For opening, and again for each page."""
_CLONE_NEWUSER, _CLONE_NEWNET, _PR_SET_DUMPABLE = 0x10000000, 0x40000000, 4


class Forbidden(RuntimeError):
    """This process tried what only an attack would make it try."""


class Wall(StrEnum):
    """What may stand between that process and the rest of the PC."""

    SYSTEM_CALLS = "system calls"
    """The kernel refuses all but the few that drawing needs, to native code too."""
    NETWORK = "network"
    """A network of its own with nothing in it."""
    FILES = "files"
    """Not one more file descriptor."""
    MEMORY = "memory"
    CPU = "cpu"
    JOB = "job"
    """Windows: no other process, nothing of the desktop, bounded memory."""
    AUDIT = "audit"
    """Python's own acts alone: native code passes it."""


def drawing_command() -> list[str]:
    """The program and arguments of the process that draws."""
    if getattr(sys, "frozen", False):
        return [sys.executable, DRAW_ARGUMENT]
    return [sys.executable, "-I", "-m", "hsm.agent.window.drawing_child"]


def walls_of_this_system() -> list[Wall]:
    """Those that can stand here at all."""
    if sys.platform == "win32":
        return [Wall.JOB, Wall.AUDIT]
    elsewhere = {Wall.JOB} if sys.platform == "linux" else {Wall.JOB, Wall.SYSTEM_CALLS, Wall.NETWORK}
    return [wall for wall in Wall if wall not in elsewhere]


def confine() -> list[Wall]:
    """Raise the walls around this process and return those that stand; what a system does not offer is left out."""
    # THREAT: a PDF made to be opened by the signer runs code: reads the key's PIN, calls home, plants a file, starts a
    #   program, ends the agent.
    # DEFENCE: another process without PIN, driver or connection; empty environment; pdfium built without JavaScript;
    #   what comes back is measured pixels. Linux on x86-64 and ARM64: a seccomp filter leaves memory, its pipes and its
    #   own end, and refuses native code too every file, socket, process, program and signal; own empty network where
    #   the kernel gives one; memory and CPU bounded; audit hook. The doctor says which stand.
    # TEST: tests/hsm/agent/window/test_walls.py::test_native_code_has_no_way_out
    # THREAT: on Windows, a PDF made to be opened by the signer runs code.
    # DEFENCE: the other process, its empty environment and the audit hook, which native code passes; a job object: no
    #   program started, nothing of the desktop, memory bounded. Files, network and the user's other processes are NOT
    #   walled off there (that takes an AppContainer). The job has not been run on Windows.
    # TEST: tests/hsm/agent/window/test_walls.py::test_what_windows_would_be_told
    os.environ.clear()
    standing = _windows() if sys.platform == "win32" else _unix()
    sys.addaudithook(_refuse)
    return [*standing, Wall.AUDIT]


def renew_cpu() -> bool:
    """Allow `CPU_SECONDS` from now: the limit counts the whole life of a process."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + CPU_SECONDS, hard))
        return True
    return False


def _windows() -> list[Wall]:
    if sys.platform == "win32":  # for the type checker
        with contextlib.suppress(OSError, AttributeError, TypeError, ctypes.ArgumentError):
            if enter_job(ctypes.WinDLL("kernel32"), MEMORY_BYTES):
                return [Wall.JOB]
    return []


def _unix() -> list[Wall]:
    """In this order: the last one lets nothing more be raised."""
    import resource

    libc = ctypes.CDLL(None, use_errno=True)
    stands: dict[Wall, bool] = {}
    if sys.platform == "linux":
        stands[Wall.NETWORK] = any(
            libc.unshare(flags) == 0 for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET)
        )
        libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    stands[Wall.MEMORY] = _limit(resource.RLIMIT_AS, MEMORY_BYTES)
    stands[Wall.FILES] = _limit(resource.RLIMIT_NOFILE, 0)
    stands[Wall.CPU] = renew_cpu()
    stands[Wall.SYSTEM_CALLS] = leave_only_computing(libc)
    return [wall for wall in Wall if stands.get(wall)]


def _limit(kind: int, most: int) -> bool:
    """For good: the hard limit goes down too."""
    import resource

    with contextlib.suppress(ValueError, OSError):
        _, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))
        return True
    return False


def _refuse(event: str, _: tuple[Any, ...]) -> None:
    started = (
        "socket.",
        "subprocess.",
        "os.exec",
        "os.fork",
        "os.posix_spawn",
        "os.spawn",
        "os.system",
        "os.startfile",
    )
    if event.startswith(started) or event in (
        "open",
        "ctypes.dlopen",
        "os.remove",
        "os.rename",
        "os.mkdir",
        "os.listdir",
    ):
        raise Forbidden(event)
