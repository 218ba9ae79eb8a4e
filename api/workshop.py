"""Where PDF files are read and built: spawned workers behind the walls of verification, never this process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import TimeoutError as TooSlow
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from pebble import ProcessExpired

from api.problems import PdfTooComplex
from signer.errors import SignerError
from signer.verification.confinement import WALL_SECONDS, renew_cpu
from signer.verification.findings import FileFindings
from signer.verification.trust import TrustConfiguration
from signer.verification.workers import Workers

T = TypeVar("T")


class Workshop(Workers):
    """The workers of verification, lent to whatever else reads or builds PDF files. Safe for many threads.

    It starts when told or when first used; who comes while it starts waits.
    """

    def __init__(self, *, count: int = 2, wall_seconds: float = WALL_SECONDS) -> None:
        super().__init__(count=count, wall_seconds=wall_seconds)
        self._starting = threading.Lock()
        self._closed = False

    def start(self) -> None:
        """Start the workers, once; not again after `stop`."""
        with self._starting:
            if not self._closed:
                super().start()

    def start_soon(self) -> None:
        """Start the workers beside whatever the caller does next."""
        threading.Thread(target=self.start, name="workshop", daemon=True).start()

    def stop(self) -> None:
        """End the workers; a file being read is dropped."""
        with self._starting:
            self._closed = True
            super().stop()

    def inspect(self, path: Path, trust: TrustConfiguration, *, at: datetime) -> FileFindings:
        """Read one file for verification."""
        self.start()
        return super().inspect(path, trust, at=at)

    def run(self, function: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Call `function` in a worker; its refusals are raised here as they were there.

        :raise PdfTooComplex: no answer within the wall time, or the worker died.
        """
        # THREAT: a prepared PDF takes over the process that parses it, with its keys' socket and its database.
        # DEFENCE: every parse is a worker's: spawned, empty environment, limited, without network or processes.
        # TEST: tests/api/test_workshop.py
        self.start()
        try:
            outcome: T | _Refusal = self._run(_carried, function, arguments, named)
        except (TooSlow, ProcessExpired, MemoryError) as error:
            raise PdfTooComplex from error
        if isinstance(outcome, _Refusal):
            raise outcome.revived()
        return outcome


class _Refusal:
    """A refusal on its way between processes: exceptions with their own constructors do not pickle."""

    def __init__(self, error: SignerError) -> None:
        self._kind, self._args, self._fields = type(error), error.args, dict(error.__dict__)

    def revived(self) -> SignerError:
        error = self._kind.__new__(self._kind, *self._args)
        error.args = self._args
        error.__dict__.update(self._fields)
        return error


def _carried(function: Callable[..., T], arguments: tuple[Any, ...], named: dict[str, Any]) -> T | _Refusal:
    renew_cpu()
    try:
        return function(*arguments, **named)
    except SignerError as error:
        return _Refusal(error)
