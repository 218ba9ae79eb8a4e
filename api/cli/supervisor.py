"""The supervisor of `khatam serve`: starts the processes, waits for each, restarts what dies, stops all.

A child says that it is ready by writing `run/NAME.json`; it is told to stop by SIGTERM, and by the kernel
if the supervisor itself is killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

READY_SECONDS = 60.0
STOP_SECONDS = 10.0
BACKOFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
STEADY_SECONDS = 30.0
"""A child that lived this long starts again with the shortest back-off."""
_PR_SET_PDEATHSIG = 1


class SupervisionFailed(Exception):
    """A process did not become ready; everything that had been started was stopped."""


@dataclass(slots=True)
class Child:
    """One process of the service."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    due: float = 0.0


class Supervisor:
    """Runs the children of one installation until told to stop."""

    def __init__(self, run: Path, commands: Mapping[str, Sequence[str]], say: Callable[[str], None]) -> None:
        self._run = run
        self._children = [Child(name=name, command=command) for name, command in commands.items()]
        self._say = say
        self._stopping = False
        self._lock: int | None = None

    def start(self) -> None:
        """Start every child in the order given; a later one waits for `keys` only.

        :raise SupervisionFailed: another supervisor runs this installation, or a child did not become ready.
        """
        self._run.mkdir(mode=0o700, exist_ok=True)
        self._lock = os.open(self._run / "serve.lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SupervisionFailed("This installation is already being served. Nothing was started.") from error
        try:
            for child in self._children:
                self._spawn(child)
                if child.name == "keys":
                    self._await([child])
            self._await(self._children)
        except BaseException:
            self.stop()
            raise

    def watch(self) -> None:
        """Restart what dies, with back-off, until `ask_to_stop`."""
        while not self._stopping:
            for child in self._children:
                self._look_after(child)
            time.sleep(0.1)

    def ask_to_stop(self) -> None:
        """End `watch` (safe in a signal handler)."""
        self._stopping = True

    def stop(self) -> None:
        """Stop every child, the last started first; kill what does not end in time."""
        running = [child for child in reversed(self._children) if child.process and child.process.poll() is None]
        keys = [child for child in running if child.name == "keys"]
        for group in ([child for child in running if child.name != "keys"], keys):
            for child in group:
                assert child.process is not None
                child.process.terminate()
            deadline = time.monotonic() + STOP_SECONDS
            for child in group:
                _end(child, deadline)
        for child in self._children:
            ready_file(self._run, child.name).unlink(missing_ok=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _spawn(self, child: Child) -> None:
        ready_file(self._run, child.name).unlink(missing_ok=True)
        child.process = subprocess.Popen(  # noqa: S603
            child.command, stdin=subprocess.DEVNULL, start_new_session=True
        )
        child.started = time.monotonic()

    def _await(self, children: Sequence[Child]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        waiting = list(children)
        while waiting:
            for child in list(waiting):
                assert child.process is not None
                if child.process.poll() is not None:
                    raise SupervisionFailed(f"{child.name} ended with {child.process.returncode} before it was ready.")
                if is_ready(self._run, child.name, child.process.pid):
                    waiting.remove(child)
            if self._stopping or time.monotonic() > deadline:
                raise SupervisionFailed(f"Not ready: {', '.join(child.name for child in waiting)}.")
            time.sleep(0.02)

    def _look_after(self, child: Child) -> None:
        if child.process is not None and child.process.poll() is not None:
            lived = time.monotonic() - child.started
            child.failures = 0 if lived > STEADY_SECONDS else child.failures + 1
            wait = BACKOFF_SECONDS[min(child.failures, len(BACKOFF_SECONDS) - 1)]
            self._say(f"{child.name} ended with {child.process.returncode}; started again in {wait} s")
            child.process, child.due = None, time.monotonic() + wait
        if child.process is None and time.monotonic() >= child.due and not self._stopping:
            self._spawn(child)


def ready_file(run: Path, name: str) -> Path:
    """Where the process `name` says that it is ready."""
    return run / f"{name}.json"


def say_ready(run: Path, name: str, **facts: object) -> None:
    """Say that this process is ready."""
    run.mkdir(mode=0o700, exist_ok=True)
    path = ready_file(run, name)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps({"name": name, "pid": os.getpid(), **facts}) + "\n", encoding="utf-8")
    draft.replace(path)


def is_ready(run: Path, name: str, pid: int) -> bool:
    """Whether the process of that id has said that it is ready."""
    try:
        return bool(json.loads(ready_file(run, name).read_text(encoding="utf-8"))["pid"] == pid)
    except (OSError, ValueError, KeyError):
        return False


def end_with_parent() -> None:
    """Ask the kernel for SIGTERM when the supervisor ends, however it ends (Linux; elsewhere nothing)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def command_for(data: Path, name: str) -> list[str]:
    """The command line of one child."""
    return [sys.executable, "-m", "api.cli.main", "serve", "--data", str(data), "--only", name, "--supervised"]


def _end(child: Child, deadline: float) -> None:
    assert child.process is not None
    try:
        child.process.wait(timeout=max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        child.process.kill()
        child.process.wait()
