"""This machine's root, to be changed at will: an overlay that is gone with its last process. Needs root."""

import os
import subprocess
from pathlib import Path
from typing import Any, Self

from tests.rig.namespaces import unshare

# Inside a new mount and a new process namespace. The overlay's upper half is in memory; what is mounted here is seen
# by nobody else and ends with the namespace. In a chroot "/" is no mount point, so propagation cannot be set there.
PREPARE = """
set -eu
mount -t tmpfs -o mode=755 none "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount -t proc proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
mount -t tmpfs -o mode=1777 none "$1/root/tmp"
mount -t tmpfs -o mode=755 none "$1/root/run"
exec chroot "$1/root" sh -c 'echo ready; read _'
"""


class PrivateRoot:
    """Context manager: `run` and `start` work inside; every process left there is ended at the end.

    :raise PermissionError: not root, or the system allows no mounts.
    """

    def __init__(self, folder: Path) -> None:
        if os.geteuid() != 0:
            raise PermissionError("Installing a package for real needs root: run the tests as root, or in a container.")
        folder.mkdir()
        alone = [*unshare(), "--pid", "--fork", "--kill-child"]
        self._holder = subprocess.Popen(
            [*alone, "sh", "-c", PREPARE, "sh", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != "ready\n":
            _, said = self._holder.communicate()
            raise PermissionError(f"No private root can be made here (unshare, overlay): {said}")
        children = Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children").read_text(encoding="ascii")
        self._enter = ["nsenter", "--mount", "--pid", "--root", "--wd", "--target", children.strip(), "env", "-i"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._holder.communicate(timeout=20)

    def command(self, *command: str, user: int | None = None, **environment: str) -> list[str]:
        """The command line that runs `command` inside, in an empty environment but for a path and what is given."""
        given = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8", "HOME": "/root"} | environment
        aside = [] if user is None else ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        return [*self._enter, *(f"{key}={value}" for key, value in given.items()), *aside, *command]

    def run(self, *command: str, user: int | None = None, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run it inside and wait."""
        line = self.command(*command, user=user, **environment)
        return subprocess.run(line, check=False, capture_output=True, text=True, timeout=60)

    def start(self, *command: str, user: int | None = None, **more: Any) -> "subprocess.Popen[str]":
        """Start it inside; it ends with this root at the latest."""
        environment = more.pop("environment", {})
        return subprocess.Popen(self.command(*command, user=user, **environment), text=True, **more)

    def write(self, path: str, content: str) -> None:
        """Write a file inside, for everyone to read."""
        script = 'mkdir -p "$(dirname "$1")" && cat > "$1" && chmod 644 "$1"'
        subprocess.run(self.command("sh", "-c", script, "sh", path), check=True, input=content, text=True)
