"""A founded rehearsal authority on a fresh database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hsm.keys import KeyKind
from hsm.software import SoftwareKeys
from pki.records import Base, Records
from tests.pki.ca.estate import House, found


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    opened = Records.open(f"sqlite+pysqlite:///{tmp_path}/records.sqlite")
    Base.metadata.create_all(opened.writing_engine)
    yield opened
    opened.close()


@pytest.fixture
def house(records: Records) -> House:
    keys = SoftwareKeys("rehearsal")
    return House(records, keys, found(records, keys))


@pytest.fixture
def rsa_house(records: Records) -> House:
    keys = SoftwareKeys("rehearsal", {"root": KeyKind.RSA_2048, "issuing": KeyKind.RSA_2048})
    return House(records, keys, found(records, keys))
