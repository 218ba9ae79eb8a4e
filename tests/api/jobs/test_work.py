"""Deferred work on the real queue, in the same SQLite file as the records."""

import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text

from api.jobs.later import Later, make_queue_tables
from api.jobs.names import CAPTURE_VALIDATION
from api.jobs.work import Jobs
from pki.records import Records


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite+pysqlite:///{tmp_path}/records.sqlite"
    make_queue_tables(url)
    return url


def house(url: str, work: Callable[..., None]) -> Any:
    return SimpleNamespace(settings=SimpleNamespace(database=url), capture_validation=work, send_message=work)


def eventually(check: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_work_lives_and_dies_with_the_transaction(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.jobs.work.ROUNDS", ())
    done: list[str] = []
    tries: list[str] = []

    def work(document: str) -> None:
        tries.append(document)
        if document == "later" and tries.count("later") == 1:
            raise ConnectionError("the responder is away")
        done.append(document)

    records, jobs = Records.open(url), Jobs(house(url, work))
    later = Later(records)

    def fail() -> None:
        with records.writing() as session:
            later.enqueue(session, CAPTURE_VALIDATION, "never")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with records.writing() as session:
        later.enqueue(session, CAPTURE_VALIDATION, "at once")
        later.enqueue(session, CAPTURE_VALIDATION, "later")
    jobs.start()
    try:
        eventually(lambda: sorted(done) == ["at once", "later"])
        assert tries.count("later") == 2
    finally:
        jobs.stop()
        records.close()


def test_what_a_killed_worker_held_is_done_after_its_restart(url: str, tmp_path: Path) -> None:
    program = textwrap.dedent(
        f"""
        import pathlib, sys, time
        from types import SimpleNamespace
        import api.jobs.work as work
        work.ROUNDS = ()
        here = pathlib.Path({str(tmp_path)!r})
        def capture(name):
            (here / "begun").touch()
            if sys.argv[1] == "hang":
                time.sleep(60)
            (here / "done").touch()
        settings = SimpleNamespace(database={url!r})
        jobs = work.Jobs(SimpleNamespace(settings=settings, capture_validation=capture, send_message=capture))
        jobs.start()
        time.sleep(60)
        """
    )
    records = Records.open(url)
    with records.writing() as session:
        Later(records).enqueue(session, CAPTURE_VALIDATION, "document")
    for mode, mark in (("hang", "begun"), ("work", "done")):
        worker = subprocess.Popen([sys.executable, "-c", program, mode])
        try:
            eventually((tmp_path / mark).exists)
        finally:
            worker.kill()
            worker.wait()
    with records.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM workflow_status")) == 1
    records.close()
