"""Empty databases of both engines; PostgreSQL in a private cluster on a unix socket."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text

from pki.records import Records


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """The socket folder of a private PostgreSQL cluster; `initdb` refuses root, so it is user postgres's."""
    programs = _programs()
    if programs is None:
        pytest.fail("PostgreSQL is not installed: apt-get install postgresql-15")
    as_root = os.geteuid() == 0
    folder = Path(tempfile.mkdtemp(prefix="khatam-pg-"))
    if as_root:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)

    def run(*command: str) -> None:
        user = {"user": "postgres"} if as_root else {}
        subprocess.run(command, check=True, capture_output=True, cwd=folder, timeout=60, **user)  # type: ignore[call-overload]

    data = folder / "data"
    run(str(programs / "initdb"), "-D", str(data), "-U", "khatam", "--auth=trust", "-E", "UTF8", "--no-sync")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off"
    run(str(programs / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield str(folder)
    finally:
        run(str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite+pysqlite:///{tmp_path}/records.sqlite"
    folder, name = request.getfixturevalue("cluster"), f"t{uuid4().hex}"
    server = f"postgresql+psycopg://khatam@/{{}}?host={folder}"
    engine = create_engine(server.format("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.format(name)


@pytest.fixture
def empty(url: str) -> Iterator[Records]:
    """Records over an empty database."""
    records = Records.open(url)
    yield records
    records.close()
