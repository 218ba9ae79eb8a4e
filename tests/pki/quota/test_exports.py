"""The books as files: whole, replayable by whoever reads them."""

import csv
import io
from collections import Counter
from uuid import uuid4

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from pki.quota.exports import write_allowances, write_ledger
from pki.quota.reading import allowances, ledger
from pki.quota.tables import LedgerEntry
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


@pytest.mark.parametrize("records", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_what_a_page_misses_is_in_the_file(records: Records) -> None:
    def write(session: Session) -> int:
        table = LedgerEntry.__table__
        row = dict(session.execute(select(table).limit(1)).mappings().one())
        del row["id"]
        row["movement_id"] = uuid4()
        return session.execute(insert(LedgerEntry).values(**row).returning(LedgerEntry.id)).scalar_one()

    with records.writing() as slow:
        late = write(slow)
        with records.writing() as quick:
            early = write(quick)
        with records.reading() as session:
            page = [each.entry for each in ledger(session)]
    assert (late < early, page[-1], late in page) == (True, early, False)
    with records.reading() as session:
        assert ledger(session, after=early) == []
    assert [int(each["entry"]) for each in exported(records)[0]][-2:] == [late, early]


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
