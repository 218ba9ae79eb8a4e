"""A wave on each engine."""

import pytest

from pki.records import Records
from tests.pki.quota.elections.estate import Wave


@pytest.fixture
def wave(records: Records) -> Wave:
    return Wave(records)


@pytest.fixture
def sqlite_wave(sqlite_records: Records) -> Wave:
    return Wave(sqlite_records)
