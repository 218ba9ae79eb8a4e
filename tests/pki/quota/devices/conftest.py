"""A storeroom: on SQLite, or on each engine in turn."""

import pytest

from hsm.software import SoftwareKeys
from pki.records import Records
from tests.pki.quota.devices.estate import Storeroom
from tests.pki.quota.estate import Bureau


@pytest.fixture
def room(sqlite_records: Records) -> Storeroom:
    return Storeroom(sqlite_records)


@pytest.fixture
def either_room(records: Records) -> Storeroom:
    return Storeroom(records)


@pytest.fixture
def bureau_room(sqlite_records: Records, service_keys: SoftwareKeys) -> tuple[Bureau, Storeroom]:
    return Bureau(sqlite_records, service_keys), Storeroom(sqlite_records)
