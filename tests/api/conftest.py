"""A wired service in a temporary folder: SQLite, keys in memory, no process of its own."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.jobs.later import make_queue_tables
from api.migrations.history import upgrade
from api.settings import Settings, load_settings
from api.wiring import House, build_house
from hsm.software import SoftwareKeys
from pki.ca.addresses import CaAddresses
from pki.ca.authority import found_authority
from pki.journal.acts import Actor, ActorKind
from pki.records import Records
from pki.registration.territory import load_territory
from pki.status.lists import publish_due_crls
from pki.trust.anchors import add_anchor
from tests.pki.estate import hasten

INIT = Actor(kind=ActorKind.SYSTEM, id="init")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A rehearsal whose keys are in memory."""
    return configured(tmp_path)


def configured(folder: Path) -> Settings:
    """A rehearsal in that folder whose keys are in memory."""
    (folder / "khatam.toml").write_text(
        'environment = "rehearsal"\nkeys_at = "software"\nclock = "unguarded"\n'
        'public_url = "http://127.0.0.1:8080"\nresponders_url = "http://127.0.0.1:8081"\n'
    )
    secrets = folder / "secrets"
    secrets.mkdir(mode=0o700)
    for name in ("cin-encryption-key", "cin-hash-key", "check-key", "answers-key"):
        (secrets / name).write_text("5a" * 32)
        (secrets / name).chmod(0o600)
    return load_settings(folder)


@pytest.fixture(scope="session")
def keys() -> SoftwareKeys:
    """The service's keys, the same ones for every test."""
    return SoftwareKeys("rehearsal")


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory, keys: SoftwareKeys) -> Path:
    """A migrated database with the territory and the authority: copied for each test."""
    path = tmp_path_factory.mktemp("founded") / "records.sqlite"
    records, at = Records.open(f"sqlite+pysqlite:///{path}"), datetime.now(UTC)
    upgrade(records)
    make_queue_tables(f"sqlite+pysqlite:///{path}")
    load_territory(records, at=at, by=INIT)
    authority = found_authority(
        records,
        keys,
        addresses=CaAddresses("http://127.0.0.1:8081"),
        environment="rehearsal",
        organisation="Khatam",
        at=at,
        by=INIT,
    )
    with records.writing() as session:
        add_anchor(session, der=authority.root_der, environment="rehearsal", source="test", at=at, by=INIT)
    publish_due_crls(records, keys, at=at)
    records.close()  # the last connection empties the write-ahead log into the file
    return path


@pytest.fixture
def records(settings: Settings, founded: Path) -> Iterator[Records]:
    """A founded installation's records."""
    shutil.copy(founded, settings.data / "records.sqlite")
    records = Records.open(settings.database)
    hasten(records)
    yield records
    records.close()


@pytest.fixture
def house(settings: Settings, records: Records, keys: SoftwareKeys) -> Iterator[House]:
    """The whole service, wired in this process. Its workers start only if a test reads a PDF."""
    house = build_house(settings, keyring=keys)
    hasten(house.records)
    yield house
    house.close()
