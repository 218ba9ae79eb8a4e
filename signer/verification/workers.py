"""The pool of spawned workers that read foreign files: a value with start and stop."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import TimeoutError as TooSlow
from concurrent.futures import wait
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from .confinement import WALL_SECONDS, Walls, confine, standing_walls
from .errors import WorkersStopped
from .findings import FileFindings, FileForm
from .trust import TrustConfiguration

T = TypeVar("T")

TASKS_PER_WORKER = 200
"""A worker is replaced after as many files: nothing a file left behind lives for long."""
_LOOK_SECONDS = 0.5
"""So often whoever waits for a worker looks whether the pool still stands."""


class Workers:
    """Reads files in processes of their own. Safe to use from several threads."""

    def __init__(self, *, count: int = 2, wall_seconds: float = WALL_SECONDS) -> None:
        self._count = count
        self._wall_seconds = wall_seconds
        self._pool: Any = None

    def start(self) -> None:
        """Start the workers and wait until each can read a file."""
        if self._pool is not None:
            return
        self._pool = ProcessPool(
            max_workers=self._count,
            max_tasks=TASKS_PER_WORKER,
            initializer=_begin,
            context=multiprocessing.get_context("spawn"),
        )
        for future in [self._pool.schedule(standing_walls) for _ in range(self._count)]:
            future.result()

    def stop(self) -> None:
        """End the workers; a file being read is dropped."""
        if self._pool is None:
            return
        pool, self._pool = self._pool, None
        pool.stop()
        pool.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def walls(self) -> Walls:
        """Which limits hold in a worker; for `khatam doctor`."""
        return self._run(standing_walls)

    def inspect(self, path: Path, trust: TrustConfiguration, *, at: datetime) -> FileFindings:
        """Read one file in a worker. Blocks for at most the wall time; a crash or a hang is a finding, not an error.

        :raise WorkersStopped: the pool is not running, or not any more.
        """
        try:
            return self._run(_inspect, path, trust, at)
        except (TooSlow, ProcessExpired, MemoryError):
            from .inspection import measure

            sha256, size = measure(path)
            return FileFindings(sha256=sha256, size=size, form=FileForm.TOO_COMPLEX)

    def _run(self, function: Callable[..., T], *arguments: object) -> T:
        pool = self._pool
        if pool is None or not pool.active:
            raise WorkersStopped
        answer = pool.schedule(function, args=arguments, timeout=self._wall_seconds)
        # What a pool is given while it is being stopped may never be answered: whoever waits looks up at times.
        while not wait((answer,), timeout=_LOOK_SECONDS).done:
            if self._pool is not pool:
                raise WorkersStopped
        result: T = answer.result()
        return result


def _begin() -> None:
    """In a worker: load what reads files, then close the walls. The service's own processes never load it."""
    import signer.verification.inspection  # noqa: F401

    confine()


def _inspect(path: Path, trust: TrustConfiguration, at: datetime) -> FileFindings:
    from .inspection import inspect_file

    return inspect_file(path, trust, at)
