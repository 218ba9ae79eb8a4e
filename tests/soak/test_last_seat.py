"""A thousand rounds for the last seat: threads on both engines, processes on PostgreSQL; then everything at once."""

import pytest

from hsm.software import SoftwareKeys
from pki.records import Records
from tests.pki.conftest import (
    CLIENTS,
    cluster,
    postgresql_template,
    records,
    service_keys,
    sqlite_records,
    sqlite_template,
)
from tests.pki.quota.crowd import PAYER, at_once, contenders, fight, melee, processes
from tests.pki.quota.estate import Bureau

__all__ = ["cluster", "postgresql_template", "records", "service_keys", "sqlite_records", "sqlite_template"]
pytestmark = pytest.mark.soak
ROUNDS = 1000


@pytest.fixture
def bureau(records: Records, service_keys: SoftwareKeys) -> Bureau:
    return Bureau(records, service_keys)


def test_threads(bureau: Bureau) -> None:
    people = contenders(bureau)
    fight(bureau, people, lambda: at_once([lambda who=who: bureau.order(*who, PAYER) for who in people]), rounds=ROUNDS)


@pytest.mark.parametrize("records", ["postgresql"], indirect=True)
def test_processes(bureau: Bureau) -> None:
    people = contenders(bureau)
    with processes(bureau.records, people) as together:
        fight(bureau, people, together, rounds=ROUNDS)


def test_everything_at_once_on_few_bodies(bureau: Bureau) -> None:
    outcomes = melee(bureau, each=50)
    assert set(outcomes) <= {"done", "AllowanceExhausted", "SeatsInUse"}
    assert outcomes["done"] >= CLIENTS // 4
    bureau.books_balance()
