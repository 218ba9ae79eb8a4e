"""Answers on their way to a terminal, a pipe or a file; how far they are, on standard error."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import httpx2

from .asking import Unanswered
from .values import Misuse


def spelled(value: Any, *, pretty: bool) -> bytes:
    """JSON for people, or one line for programs."""
    return (json.dumps(value, ensure_ascii=False, indent=2 if pretty else None) + "\n").encode()


def read_json(answer: httpx2.Response) -> dict[str, Any]:
    """The object that an answer is.

    :raise Unanswered: it is none, so it is not the service's own.
    """
    answer.read()
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unanswered("The answer is not the service's own: it is no JSON object.")
    return found


@contextmanager
def opened(output: Path | None) -> Iterator[BinaryIO]:
    """Where an answer is written: standard output, or a file that is there whole or not at all.

    What was written whole and cannot be put in its place stays in its draft: it may hold a secret said only once.

    :raise Misuse: nothing can be written there.
    :raise OSError: it was not written, or it is kept in the draft that is named.
    """
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = _target(output)
    try:
        number, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise Misuse(f"{output} cannot be written: {error.strerror}.") from error
    try:
        with os.fdopen(number, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    try:
        Path(draft).replace(target)
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror}; it is kept in {draft}") from error


def _target(output: Path) -> Path:
    """The file that is replaced: where links lead to."""
    try:
        target = output.resolve()
        replaced = not target.exists() or target.is_file()
    except (OSError, RuntimeError) as error:  # links that lead back to themselves
        raise Misuse(f"{output} cannot be written.") from error
    if not replaced:  # a folder, or a device such as /dev/null, which root would rename a file over
        raise Misuse(f"{output} is no file.")
    return target


def copy(answer: httpx2.Response, into: BinaryIO, told: Callable[[int], None]) -> None:
    """Write an answer's content as it comes."""
    for part in answer.iter_bytes():
        into.write(part)
        told(len(part))


def readable(media_type: str) -> bool:
    """Whether a terminal can show it."""
    return media_type.startswith(("application/json", "text/", "application/x-pem-file"))


@contextmanager
def progress(said: str, total: int | None, *, shown: bool) -> Iterator[Callable[[int], None]]:
    """Bytes so far, of how many if that is known; nothing off a terminal."""
    if not shown:
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True)) as shown_bar:
        task = shown_bar.add_task(said, total=total)
        yield lambda number: shown_bar.advance(task, number)
