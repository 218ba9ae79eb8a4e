"""A bureau on each engine."""

import pytest

from hsm.software import SoftwareKeys
from pki.records import Records
from tests.pki.quota.estate import Bureau


@pytest.fixture
def bureau(records: Records, service_keys: SoftwareKeys) -> Bureau:
    return Bureau(records, service_keys)
