"""What the process does before it may hold a PIN."""

import os
import resource


def harden() -> None:
    """No core dump, and files for the owner alone. A PIN is a Python `str` for a moment and cannot be wiped."""
    # THREAT: a crash writes the memory that holds a PIN to a file.
    # DEFENCE: RLIMIT_CORE 0, soft and hard, before anything is read.
    # TEST: tests/hsm/agent/test_hardening.py::test_core_dumps_are_off
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)
