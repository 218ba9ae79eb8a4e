"""No core dump, no reading of this process's memory by others of its user: for every process that sees a PIN."""

import contextlib
import ctypes
import sys

_PR_SET_DUMPABLE = 4


def forbid_dumps() -> None:
    """Turn both off as far as the system can (elsewhere than on Linux: nothing is promised)."""
    # THREAT: PINs and module secrets end in a core file, or another process of the same user reads them.
    # DEFENCE: no core is written, and the kernel calls this process not dumpable (no ptrace, no /proc/PID/mem).
    # TEST: tests/hsm/cryptoki/test_process.py::test_the_process_is_not_dumpable
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
