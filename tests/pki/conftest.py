"""Fresh records: a copy of a SQLite template, or a database of a private PostgreSQL cluster made from one.

`records` runs a test on both engines; `sqlite_records` on one. A machine without PostgreSQL fails.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

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
from tests.pki.estate import hasten, load_country
from tests.rig.postgresql import cluster as cluster  # noqa: PLC0414  (a fixture)
from tests.rig.postgresql import created, dropped, url_of

CLIENTS = 64
"""So many may write at once; a connection is made when it is needed."""


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
    name = created(cluster, name="template_records")
    _fill(url_of(cluster, name), service_keys)
    return name


@pytest.fixture
def sqlite_records(sqlite_template: Path, tmp_path: Path) -> Iterator[Records]:
    """Records on SQLite with the country loaded."""
    path = tmp_path / "records.sqlite"
    shutil.copyfile(sqlite_template, path)
    opened = Records.open(f"sqlite+pysqlite:///{path}", connections=CLIENTS)
    hasten(opened)
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def records(request: pytest.FixtureRequest) -> Iterator[Records]:
    """Records on each engine in turn, with the country loaded."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_records")
        return
    folder, template = request.getfixturevalue("cluster"), request.getfixturevalue("postgresql_template")
    name = created(folder, template)
    opened = Records.open(url_of(folder, name), connections=CLIENTS)
    hasten(opened)
    yield opened
    opened.close()
    dropped(folder, name)


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
