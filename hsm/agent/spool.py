"""What must survive a crash between signing and acknowledgement: owner-only files, written through to the disk."""

import base64
import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from hsm.keys import SignatureAlgorithm

from .errors import AgentCode, AgentError

OWNER_ONLY_FOLDER, OWNER_ONLY_FILE, OTHERS = 0o700, 0o600, 0o077


@dataclass(frozen=True, slots=True, kw_only=True)
class SpooledValue:
    """A signature value that the service has not acknowledged yet."""

    ceremony: str
    item: str
    reference: str
    attributes: bytes
    value: bytes
    algorithm: SignatureAlgorithm

    @property
    def name(self) -> str:
        """The file's name: one value per (ceremony, item, SHA-256 of attributes)."""
        key = "\n".join((self.ceremony, self.item, hashlib.sha256(self.attributes).hexdigest()))
        return f"value-{hashlib.sha256(key.encode()).hexdigest()}.json"

    def body(self) -> dict[str, str]:
        """What is posted."""
        return {
            "attributes": base64.b64encode(self.attributes).decode(),
            "value": base64.b64encode(self.value).decode(),
            "algorithm": self.algorithm.value,
        }


class Spool:
    """The folder of one ticket. One agent at a time: `open` takes a lock on it."""

    def __init__(self, folder: Path, lock: int) -> None:
        self._folder = folder
        self._lock = lock

    @classmethod
    @contextlib.contextmanager
    def open(cls, root: Path, ticket_sha256: str) -> Iterator[Self]:
        """The folder of that ticket, made if need be; removed at the end when nothing is left in it.

        :raise AgentError: `SPOOL` when others could read it, `BUSY` when another agent has it.
        """
        # THREAT: another user of the PC reads or plants unsent signatures, or the ephemeral key.
        # DEFENCE: folders 0700 and files 0600 of this user, checked; a link in the way is refused.
        # TEST: tests/hsm/agent/test_spool.py::test_folder_that_others_can_read_is_refused
        folder = root / ticket_sha256
        for each in (root, folder):
            each.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY_FOLDER)
            _require_own(each)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, OWNER_ONLY_FILE)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            raise AgentError(AgentCode.BUSY, holder="the same ticket") from error
        spool = cls(folder, lock)
        try:
            yield spool
        finally:
            spool._leave()

    def _leave(self) -> None:
        if [path.name for path in self._folder.iterdir()] == ["lock"]:
            (self._folder / "lock").unlink()
            self._folder.rmdir()
        os.close(self._lock)

    def put(self, name: str, content: bytes) -> None:
        """Write a file through to the disk, whole or not at all."""
        path, fresh = self._folder / name, self._folder / f"{name}.new"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, OWNER_ONLY_FILE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        self._sync_folder()

    def get(self, name: str) -> bytes | None:
        """A file's content; None if there is none."""
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def drop(self, name: str) -> None:
        """Remove a file, if it is there."""
        (self._folder / name).unlink(missing_ok=True)
        self._sync_folder()

    def clear(self) -> None:
        """Forget this ticket: its key, its session, everything but values (there must be none)."""
        for path in self._folder.iterdir():
            if path.name != "lock" and not path.name.startswith("value-"):
                path.unlink()

    def _sync_folder(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def put_value(self, value: SpooledValue) -> None:
        """Keep a value until it is acknowledged."""
        content = {"ceremony": value.ceremony, "item": value.item, "reference": value.reference} | value.body()
        self.put(value.name, json.dumps(content).encode())

    def values(self) -> list[SpooledValue]:
        """The values that were not acknowledged, oldest first."""
        paths = sorted(self._folder.glob("value-*.json"), key=lambda path: path.stat().st_mtime_ns)
        return [_read_value(path) for path in paths]

    def drop_value(self, value: SpooledValue) -> None:
        """Forget a value: acknowledged, or refused for good."""
        self.drop(value.name)


def _read_value(path: Path) -> SpooledValue:
    try:
        plain = json.loads(path.read_bytes())
        return SpooledValue(
            ceremony=plain["ceremony"],
            item=plain["item"],
            reference=plain["reference"],
            attributes=base64.b64decode(plain["attributes"], validate=True),
            value=base64.b64decode(plain["value"], validate=True),
            algorithm=SignatureAlgorithm(plain["algorithm"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise AgentError(AgentCode.SPOOL, what=f"{path.name} cannot be read") from error


def _require_own(folder: Path) -> None:
    status = folder.lstat()
    if folder.is_symlink() or not folder.is_dir() or status.st_uid != os.geteuid() or status.st_mode & OTHERS:
        raise AgentError(AgentCode.SPOOL, what=f"{folder} is not a folder of yours alone")
