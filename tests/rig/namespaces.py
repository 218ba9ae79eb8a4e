"""Namespaces of a test's own, also inside a chroot, where "/" is no mount and its propagation cannot be set."""

import subprocess
from functools import cache


@cache
def unshare() -> tuple[str, ...]:
    """Return `unshare` with a mount namespace whose mounts stay inside it; more options may follow.

    In a chroot nothing can be made a slave: there the machine's own mounts must not be shared ones.
    """
    wanted = ("unshare", "--mount", "--propagation", "slave")
    if subprocess.run([*wanted, "true"], check=False, capture_output=True).returncode == 0:
        return wanted
    return ("unshare", "--mount", "--propagation", "unchanged")
