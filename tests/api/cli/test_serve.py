"""`khatam init` and `khatam serve` as they are run: real processes, real devices."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

PROGRAM = [sys.executable, "-m", "api.cli.main"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PROGRAM, *arguments], check=False, capture_output=True, text=True, timeout=100)


def eventually(check: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def answers(url: str) -> bool:
    try:
        return httpx2.get(url, timeout=2).is_success
    except httpx2.HTTPError:
        return False


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("made") / "data"
    ports = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    numbers = [str(each.getsockname()[1]) for each in ports]
    for each in ports:
        each.close()
    said = run(
        "init", "--data", str(data), "--rehearsal", "--port", numbers[0], "--responder-port", numbers[1], "--json"
    )
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout)["made"] is True
    return data


@pytest.fixture
def service(installation: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        [*PROGRAM, "serve", "--data", str(installation), "--json"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process, str(json.loads(process.stdout.readline())["url"])
    finally:
        process.terminate()
        process.wait(timeout=40)
        if process.stdout is not None:
            process.stdout.close()


def test_everything_secret_is_its_owners_alone(installation: Path) -> None:
    loose = [path for path in (installation, *installation.rglob("*")) if path.lstat().st_mode & 0o077]
    assert [path for path in loose if not path.is_symlink()] == []


def test_an_installation_is_never_made_over(installation: Path) -> None:
    before = (installation / "secrets" / "first-credentials.json").read_bytes()
    said = run("init", "--data", str(installation), "--rehearsal", "--json")
    assert (said.returncode, json.loads(said.stdout)["made"]) == (0, False)
    assert (installation / "secrets" / "first-credentials.json").read_bytes() == before


def test_a_strangers_folder_is_refused_untouched(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    said = run("init", "--data", str(tmp_path), "--rehearsal", "--json")
    assert said.returncode == 2
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_failed_init_leaves_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    said = run("init", "--data", str(data), "--rehearsal", "--database-url", "sqlite+pysqlite:////nowhere/x.sqlite")
    assert said.returncode != 0
    assert list(data.iterdir()) == []


def test_production_needs_its_addresses(tmp_path: Path) -> None:
    said = run("init", "--data", str(tmp_path / "data"), "--json")
    assert said.returncode == 2
    assert "--public-url" in json.loads(said.stdout)["error"]


@pytest.mark.timeout(300)
def test_serves_survives_a_killed_child_and_stops_whole(
    installation: Path, service: tuple[subprocess.Popen[str], str]
) -> None:
    process, url = service
    assert answers(f"{url}/healthz")
    names = ("keys", "responders", "api", "jobs")
    pids = {name: json.loads((installation / "run" / f"{name}.json").read_text())["pid"] for name in names}
    for name in ("keys", "api"):
        os.kill(pids[name], signal.SIGKILL)
    eventually(lambda: not answers(f"{url}/healthz"), seconds=10)
    eventually(lambda: answers(f"{url}/healthz"))
    doctor = run("doctor", "--data", str(installation), "--json")
    findings = [json.loads(line) for line in doctor.stdout.splitlines()]
    assert [each for each in findings if each["standing"] == "FAIL"] == []
    assert {"database", "books", "key tsa", "responders", "queue"} <= {each["subject"] for each in findings}
    second = run("serve", "--data", str(installation), "--json")
    assert second.returncode == 1
    assert "already being served" in second.stdout
    process.terminate()
    assert process.wait(timeout=40) == 0
    assert not answers(f"{url}/healthz")
    assert list((installation / "run").glob("*.json")) == []
