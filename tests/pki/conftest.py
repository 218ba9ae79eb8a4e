"""Fresh records: a copy of a SQLite template, or a database of a private PostgreSQL cluster made from one.

`records` runs a test on both engines; `sqlite_records` on one. A machine without PostgreSQL fails.
"""

from __future__ import annotations

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

import pki.ca.tables
import pki.quota.alerts.tables
import pki.quota.devices.tables
import pki.quota.elections.tables
import pki.quota.grants.tables
import pki.quota.rollout.tables
import pki.quota.tables
import pki.registration.powers.tables
import pki.registration.tables
import pki.status.tables
import pki.tickets  # noqa: F401
from hsm.software import SoftwareKeys
from pki.records import Base, Records
from tests.pki.ca.estate import found
from tests.pki.estate import load_country, without_fsync

STARTING_SECONDS = 60
CLIENTS = 64
"""So many may write at once; a connection is made when it is needed."""


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """The socket folder of a private PostgreSQL cluster; `initdb` refuses root, so it belongs to user postgres."""
    programs = Path("/usr/lib/postgresql/15/bin")
    if not (programs / "initdb").exists():
        pytest.fail("PostgreSQL 15 is missing: apt-get install postgresql-15")
    folder = Path(tempfile.mkdtemp(prefix="khatam-pg-"))
    user = None
    if os.geteuid() == 0:
        account, user = pwd.getpwnam("postgres"), "postgres"
        os.chown(folder, account.pw_uid, account.pw_gid)

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=folder, timeout=STARTING_SECONDS, user=user)

    data = str(folder / "data")
    run("initdb", "-D", data, "-U", "khatam", "--auth=trust", "-E", "UTF8", "--no-sync")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=200"
    run("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield str(folder)
    finally:
        run("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def service_keys() -> SoftwareKeys:
    """The keys of the authority that is founded in both templates."""
    return SoftwareKeys("rehearsal")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory, service_keys: SoftwareKeys) -> Path:
    """A file with every table of pki, the territory, the first wave, an authority; nobody writes to it again."""
    path = tmp_path_factory.mktemp("template") / "records.sqlite"
    _fill(f"sqlite+pysqlite:///{path}", service_keys)
    return path


@pytest.fixture(scope="session")
def postgresql_template(cluster: str, service_keys: SoftwareKeys) -> str:
    """The name of the same in the cluster."""
    name = _created(cluster, "template_records", "template0")
    _fill(_url(cluster, name), service_keys)
    return name


@pytest.fixture
def sqlite_records(sqlite_template: Path, tmp_path: Path) -> Iterator[Records]:
    """Records on SQLite with the country loaded."""
    path = tmp_path / "records.sqlite"
    shutil.copyfile(sqlite_template, path)
    opened = Records.open(f"sqlite+pysqlite:///{path}", connections=CLIENTS)
    without_fsync(opened)
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def records(request: pytest.FixtureRequest) -> Iterator[Records]:
    """Records on each engine in turn, with the country loaded."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_records")
        return
    folder, template = request.getfixturevalue("cluster"), request.getfixturevalue("postgresql_template")
    name = _created(folder, f"t{uuid4().hex}", template)
    opened = Records.open(_url(folder, name), connections=CLIENTS)
    yield opened
    opened.close()
    _administer(folder, f"DROP DATABASE {name} WITH (FORCE)")


def _fill(url: str, keys: SoftwareKeys) -> None:
    records = Records.open(url)
    Base.metadata.create_all(records.writing_engine)
    load_country(records)
    found(records, keys)
    if records.writing_engine.dialect.name == "sqlite":
        with records.writing_engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")
    records.close()


def _created(folder: str, name: str, template: str) -> str:
    _administer(folder, f"CREATE DATABASE {name} TEMPLATE {template}")
    return name


def _administer(folder: str, statement: str) -> None:
    engine = create_engine(_url(folder, "postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _url(folder: str, database: str) -> str:
    return f"postgresql+psycopg://khatam@/{database}?host={folder}"
