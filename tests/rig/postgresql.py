"""A private PostgreSQL cluster on a Unix socket: the fixture `cluster`, and databases in it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
STARTING_SECONDS = 60
ROOM = 2 * 1024**3
"""Bytes that a cluster may take up."""

FLEETING = ("fsync=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0", "autovacuum=off", "jit=off")
"""Nothing here outlives the tests, and a database lives for seconds."""


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """Its socket folder; `initdb` refuses root, so it belongs to user postgres then. Without PostgreSQL: a failure."""
    if not (PROGRAMS / "initdb").exists():
        pytest.fail("PostgreSQL 15 is missing: apt-get install postgresql-15")
    folder = Path(tempfile.mkdtemp(prefix="khatam-pg-", dir=_in_memory()))
    user = None
    if os.geteuid() == 0:
        account, user = pwd.getpwnam("postgres"), "postgres"
        os.chown(folder, account.pw_uid, account.pw_gid)

    def run(program: str, *arguments: str) -> None:
        command = [str(PROGRAMS / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=folder, timeout=STARTING_SECONDS, user=user)

    data = str(folder / "data")
    run("initdb", "-D", data, "-U", "khatam", "--auth=trust", "-E", "UTF8", "--no-sync")
    options = f"-k {folder} -c listen_addresses='' -c max_connections=200 " + " ".join(
        f"-c {each}" for each in FLEETING
    )
    run("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield str(folder)
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def created(folder: str, template: str = "template0", name: str | None = None) -> str:
    """A new database there, like the template; return its name."""
    name = name or f"t{uuid4().hex}"
    _administer(folder, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    return name


def dropped(folder: str, name: str) -> None:
    """The database is gone, whoever is connected to it."""
    _administer(folder, f"DROP DATABASE {name} WITH (FORCE)")


def url_of(folder: str, name: str) -> str:
    """SQLAlchemy's URL of a database there."""
    return f"postgresql+psycopg://khatam@/{name}?host={folder}"


def _in_memory() -> Path | None:
    """A folder that is no disk, where there is room: a fresh database is a thousand files."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM
    return memory if roomy else None


def _administer(folder: str, statement: str) -> None:
    with psycopg.connect(host=folder, user="khatam", dbname="postgres", autocommit=True) as connection:
        connection.execute(statement)
