"""Where PDF files are read and built: spawned workers behind the walls of verification, never this process."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import TimeoutError as TooSlow
from typing import Any, TypeVar

from pebble import ProcessExpired

from signer.errors import SignerError
from signer.verification.confinement import renew_cpu
from signer.verification.workers import Workers

T = TypeVar("T")


class PdfTooComplex(SignerError):
    """A worker hung, crashed or ran out of memory over a file."""

    def __init__(self) -> None:
        super().__init__(
            "The PDF could not be worked on within the limits of time and memory. Nothing was stored or signed: "
            "print the document to a new PDF and send that."
        )


class Workshop(Workers):
    """The workers of verification, lent to whatever else reads or builds PDF files. Safe for many threads."""

    def run(self, function: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Call `function` in a worker; its refusals are raised here as they were there.

        :raise PdfTooComplex: no answer within the wall time, or the worker died.
        """
        # THREAT: a prepared PDF takes over the process that parses it, with its keys' socket and its database.
        # DEFENCE: every parse is a worker's: spawned, empty environment, limited, without network or processes.
        # TEST: tests/api/test_workshop.py
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
