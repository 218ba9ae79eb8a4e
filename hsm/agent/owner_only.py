"""Folders and files that only this user reads.

On Linux and macOS by mode, checked at each opening. On Windows by inheritance: what lies in a user's own profile
(`%LOCALAPPDATA%`) is readable by him, the administrators and the system, and nothing here widens that.
"""

import os
import sys
from pathlib import Path

from .errors import AgentCode, AgentError

OWNER_ONLY_FOLDER, OWNER_ONLY_FILE, OTHERS = 0o700, 0o600, 0o077
NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def make_folder(folder: Path) -> None:
    """Make the folder if need be.

    :raise AgentError: `SPOOL`: it is a link, of another user, or others could read it.
    """
    # THREAT: another user of the PC reads or plants unsent signatures, or the ephemeral key.
    # DEFENCE: folders 0700 and files 0600 of this user, checked; a link in the way is refused.
    # TEST: tests/hsm/agent/test_spool.py::test_folder_that_others_can_read_is_refused
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY_FOLDER)
        is_ours = not folder.is_symlink() and folder.is_dir() and _is_private(folder)
    except OSError as error:
        raise AgentError(AgentCode.SPOOL, what=f"{folder} cannot be made") from error
    if not is_ours:
        raise AgentError(AgentCode.SPOOL, what=f"{folder} is not a folder of yours alone")


def _is_private(folder: Path) -> bool:
    if sys.platform == "win32":
        return True
    status = folder.lstat()
    return status.st_uid == os.geteuid() and not status.st_mode & OTHERS


def write(path: Path, content: bytes) -> None:
    """Write a file through to the disk, whole or not at all."""
    fresh = path.with_name(f"{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | NO_LINK, OWNER_ONLY_FILE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync(path.parent)


def sync(folder: Path) -> None:
    """See to it that the folder's entries survive a power cut; Windows does so by itself."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
