"""A bureau on each engine."""

import pytest

from pki.records import Records
from tests.pki.quota.estate import Bureau


@pytest.fixture
def bureau(records: Records) -> Bureau:
    return Bureau(records)


@pytest.fixture
def sqlite_bureau(sqlite_records: Records) -> Bureau:
    return Bureau(sqlite_records)
