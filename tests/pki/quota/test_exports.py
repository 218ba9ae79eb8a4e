"""The books as files: whole, replayable by whoever reads them."""

import csv
import io
from collections import Counter

import pytest
from sqlalchemy import update

from pki.quota.exports import write_allowances, write_ledger
from pki.quota.reading import allowances
from pki.records import Records
from pki.registration.tables import Body
from tests.pki.estate import BERRECHID, sign
from tests.pki.quota.estate import Bureau
from tests.pki.quota.grants.estate import extra_granted, figures, moved


def exported(records: Records) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    ledger, seats = io.StringIO(), io.StringIO()
    with records.reading() as session:
        entries, bodies = write_ledger(session, ledger), write_allowances(session, seats)
    read = [list(csv.DictReader(io.StringIO(file.getvalue()))) for file in (ledger, seats)]
    assert (entries, bodies) == (len(read[0]), len(read[1]))
    return read[0], read[1]


def test_replayed(bureau: Bureau) -> None:
    bureau.active()
    bureau.requested()
    extra_granted(bureau.records, 2)
    moved(bureau.records, 1)
    entries, bodies = exported(bureau.records)
    assert [int(each["entry"]) for each in entries] == sorted({int(each["entry"]) for each in entries})
    sums: Counter[tuple[str, str, str]] = Counter()
    for each in entries:
        sums[each["book"], each["account"], each["body_code"]] += int(each["change"])
    for body in bodies:
        code, used = body["code"], int(body["reserved"]) + int(body["live"])
        assert sums["seat", "agreement", code] == -int(body["granted"])
        assert sums["seat", "reserved", code] == int(body["reserved"])
        assert sums["seat", "live", code] == int(body["live"])
        assert sums["seat", "available", code] == int(body["granted"]) - used
    assert sum(int(body["granted"]) for body in bodies) == figures(bureau.records)[1]
    used = sum(units for (book, account, _), units in sums.items() if (book, account) == ("purchase", "used"))
    assert used == figures(bureau.records)[3]
    movements: Counter[str] = Counter()
    for each in entries:
        movements[each["movement"]] += int(each["change"])
    assert set(movements.values()) == {0}


def test_every_body_that_has_seats(sqlite_records: Records) -> None:
    _, bodies = exported(sqlite_records)
    with sqlite_records.reading() as session:
        assert [each["code"] for each in bodies] == [each.body_code for each in allowances(session)]
    assert list(bodies[0])[:5] == ["code", "name_fr", "granted", "reserved", "live"]


@pytest.mark.parametrize("name", ["=1+1", "@x", "-x", "+x"])
def test_a_name_is_not_a_formula(sqlite_records: Records, name: str) -> None:
    with sqlite_records.writing() as session:
        session.execute(update(Body).where(Body.code == BERRECHID).values(name_fr=name))
    _, bodies = exported(sqlite_records)
    assert [each["name_fr"] for each in bodies if each["code"] == BERRECHID] == ["'" + name]


@pytest.mark.parametrize("number", ["=1+1", "@x"])
def test_an_agreements_number_is_not_a_formula(sqlite_bureau: Bureau, number: str) -> None:
    sign(sqlite_bureau.records, number=number)
    entries, _ = exported(sqlite_bureau.records)
    assert entries[-1]["agreement"] == "'" + number
