"""What the process does before it may hold a PIN."""

import subprocess
import sys

CODE = """
import os, resource
from hsm.agent.hardening import harden
harden()
assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
assert os.umask(0) == 0o077
"""


def test_core_dumps_are_off() -> None:
    subprocess.run([sys.executable, "-c", CODE], check=True, timeout=60)
