"""What must survive a crash between signing and acknowledgement: owner-only files, written through to the disk."""

import base64
import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

from hsm.keys import SignatureAlgorithm

from .errors import AgentCode, AgentError
from .owner_only import OWNER_ONLY_FILE, make_folder, sync, write

LOCK_FILE, OCCUPANT_FILE = "agent.lock", "agent.json"


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
        key = f"{self.ceremony}\n{self.item}\n{self.attributes_sha256}"
        return f"value-{hashlib.sha256(key.encode()).hexdigest()}.json"

    @property
    def attributes_sha256(self) -> str:
        """SHA-256 of the attributes, in hexadecimal."""
        return hashlib.sha256(self.attributes).hexdigest()

    def body(self) -> dict[str, str]:
        """What is posted."""
        return {
            "attributes": base64.b64encode(self.attributes).decode(),
            "value": base64.b64encode(self.value).decode(),
            "algorithm": self.algorithm.value,
        }


class Spool:
    """The folder of one ticket."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    @contextlib.contextmanager
    def open(cls, root: Path, ticket_sha256: str) -> Iterator[Self]:
        """The folder of that ticket, made if need be; removed at the end when nothing is left in it.

        One agent at a time for each user: the root is locked meanwhile.

        :raise AgentError: `SPOOL` when others could read it, `BUSY` naming who has it.
        """
        make_folder(root)
        with _alone(root), cls._entered(root / ticket_sha256) as spool:
            yield spool

    @contextlib.contextmanager
    def beside(self, name: str) -> Iterator[Self]:
        """Another folder of the same root, under the lock that this one holds: an order's, which outlives tickets."""
        with self._entered(self._folder.parent / name) as spool:
            yield spool

    @classmethod
    @contextlib.contextmanager
    def _entered(cls, folder: Path) -> Iterator[Self]:
        make_folder(folder)
        try:
            yield cls(folder)
        finally:
            with contextlib.suppress(OSError):
                folder.rmdir()  # only an empty one goes

    def put(self, name: str, content: bytes) -> None:
        """Write a file through to the disk, whole or not at all.

        :raise AgentError: `SPOOL`: the disk is full, or will not take it.
        """
        try:
            write(self._folder / name, content)
        except OSError as error:
            raise AgentError(AgentCode.SPOOL, what=f"it takes no more ({error.strerror})") from error

    def get(self, name: str) -> bytes | None:
        """A file's content; None if there is none."""
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def drop(self, name: str) -> None:
        """Remove a file, if it is there."""
        (self._folder / name).unlink(missing_ok=True)
        sync(self._folder)

    def clear(self) -> None:
        """Forget this ticket: its key, its session, everything but values (there must be none)."""
        for path in self._folder.iterdir():
            if not path.name.startswith("value-"):
                path.unlink()

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


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Hold the root against another agent of this user; the system lets go of it when the process ends."""
    # THREAT: two windows at a time: the PIN typed for one list serves the other, or a document is signed twice.
    # DEFENCE: one lock a user, held for the whole run; the second one says who has it and does nothing.
    # TEST: tests/hsm/agent/test_spool.py::test_one_agent_at_a_time
    lock = FileLock(root / LOCK_FILE, timeout=0, mode=OWNER_ONLY_FILE, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise AgentError(AgentCode.BUSY, holder=_occupant(root)) from error
    try:
        since = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        write(root / OCCUPANT_FILE, json.dumps({"process": os.getpid(), "since": since}).encode())
        yield
    finally:
        (root / OCCUPANT_FILE).unlink(missing_ok=True)
        lock.release()


def _occupant(root: Path) -> str:
    try:
        plain = json.loads((root / OCCUPANT_FILE).read_bytes())
        return f"process {int(plain['process'])}, since {str(plain['since'])[:20]}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
