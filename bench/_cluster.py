"""A PostgreSQL cluster of the bench's own, durable as a real one: every commit waits for the disk."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
STARTING_SECONDS = 120


@contextmanager
def durable_cluster() -> Iterator[str]:
    """Start one, and yield the SQLAlchemy URL of its empty database; it is gone afterwards.

    `fsync`, `synchronous_commit` and `full_page_writes` are on. `initdb` refuses root, so the files belong to
    user postgres then.
    """
    folder = Path(tempfile.mkdtemp(prefix="khatam-bench-"))
    user = None
    if os.geteuid() == 0:
        account, user = pwd.getpwnam("postgres"), "postgres"
        os.chown(folder, account.pw_uid, account.pw_gid)

    def run(program: str, *arguments: str) -> None:
        command = [str(PROGRAMS / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=folder, timeout=STARTING_SECONDS, user=user)

    data = str(folder / "data")
    try:
        run("initdb", "-D", data, "-U", "khatam", "--auth=trust", "-E", "UTF8", "--no-sync")
        durable = "-c fsync=on -c synchronous_commit=on -c full_page_writes=on"
        options = f"-k {folder} -c listen_addresses='' {durable}"
        run(
            "pg_ctl",
            "-D",
            data,
            "-w",
            "-l",
            str(folder / "log"),
            "-o",
            options,
            "start",
        )
        try:
            yield f"postgresql+psycopg://khatam@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def created(url: str, name: str) -> str:
    """Create a database in the cluster at `url`; return the URL of the new one."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    made = engine.url.set(database=name).render_as_string(hide_password=False)
    engine.dispose()
    return made
