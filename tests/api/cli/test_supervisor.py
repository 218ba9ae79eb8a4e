"""The supervisor over small real processes."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from api.cli.supervisor import SupervisionFailed, Supervisor

CHILD = """
import json, os, pathlib, signal, sys, time
name, run = sys.argv[1], pathlib.Path(sys.argv[2])
pathlib.Path(run / f"{name}.json").write_text(json.dumps({"pid": os.getpid()}))
signal.signal(signal.SIGTERM, lambda *_: ((run / f"{name}.ended").touch(), sys.exit(0)))
while True: time.sleep(0.05)
"""


def commands(run: Path, *names: str) -> dict[str, list[str]]:
    return {name: [sys.executable, "-c", CHILD, name, str(run)] for name in names}


def pid_of(run: Path, name: str) -> int:
    import json

    return int(json.loads((run / f"{name}.json").read_text())["pid"])


def eventually(check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_starts_restarts_and_stops(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(tmp_path, commands(tmp_path, "keys", "api"), said.append)
    supervisor.start()
    watching = threading.Thread(target=supervisor.watch)
    watching.start()
    try:
        first = pid_of(tmp_path, "api")
        os.kill(first, signal.SIGKILL)
        eventually(lambda: (tmp_path / "api.json").exists() and pid_of(tmp_path, "api") != first)
        assert any("api ended with -9" in line for line in said)
        pids = [pid_of(tmp_path, name) for name in ("keys", "api")]
    finally:
        supervisor.ask_to_stop()
        watching.join()
        supervisor.stop()
    assert not any(alive(pid) for pid in pids)
    assert (tmp_path / "keys.ended").exists()
    assert not (tmp_path / "api.json").exists()


def test_one_supervisor_an_installation(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path, commands(tmp_path, "api"), print)
    supervisor.start()
    try:
        with pytest.raises(SupervisionFailed, match="already"):
            Supervisor(tmp_path, commands(tmp_path, "api"), print).start()
    finally:
        supervisor.stop()


def test_a_child_that_dies_at_once_fails_the_start_and_stops_the_others(tmp_path: Path) -> None:
    broken = {"jobs": [sys.executable, "-c", "raise SystemExit(3)"]}
    supervisor = Supervisor(tmp_path, commands(tmp_path, "api") | broken, print)
    with pytest.raises(SupervisionFailed, match="jobs ended with 3"):
        supervisor.start()
