"""Documents in a folder, each under the SHA-256 of its bytes."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path


class FileMissing(Exception):
    """No file of that digest is stored, or its bytes no longer match it. Nothing was changed."""

    def __init__(self, sha256: str) -> None:
        super().__init__(f"The stored file {sha256} is missing or damaged. Nothing was changed: restore it first.")
        self.sha256 = sha256


class Folder:
    """A content-addressed folder: `ab/cdef…`, written once, read-only afterwards."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, content: bytes) -> str:
        """Store the bytes and return their SHA-256, lowercase hex. On return they survive a power cut."""
        sha256 = hashlib.sha256(content).hexdigest()
        path = self.path(sha256)
        if path.exists() and path.stat().st_size == len(content):
            return sha256
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        with draft.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(0o400)
        draft.replace(path)
        _fsync_folder(path.parent)
        return sha256

    def get(self, sha256: str) -> bytes:
        """Return the bytes of that digest, checked.

        :raise FileMissing: absent, or altered since.
        """
        try:
            content = self.path(sha256).read_bytes()
        except OSError as error:
            raise FileMissing(sha256) from error
        # THREAT: a file changed on the disk is served as the one that was signed.
        # DEFENCE: the digest is the name, and is computed again at each read.
        # TEST: tests/api/storage/test_folder.py::test_altered_file_is_not_served
        if hashlib.sha256(content).hexdigest() != sha256:
            raise FileMissing(sha256)
        return content

    def path(self, sha256: str) -> Path:
        """Where the bytes of that digest are or would be, for a worker that reads by path."""
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):  # noqa: PLR2004
            raise FileMissing(sha256[:64])
        return self._root / sha256[:2] / sha256[2:]


def _fsync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
