"""Agreements, tiers, waves: the first wave as it was."""

from collections import Counter
from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from pki.quota.agreements import Tier, refuse_ambiguous
from pki.quota.books import differences
from pki.quota.errors import (
    AgreementExists,
    AgreementUnknown,
    RegionAlreadyOpen,
    RegionUnknown,
    SeatCeilingReached,
    TierTableRefused,
    WaveNotOpen,
)
from pki.quota.reading import allowances, ledger
from pki.quota.tables import Allowance, TierRow
from pki.quota.waves import WaveOpened, open_wave
from pki.records import Records, day_start
from pki.registration.kinds import BodyKind
from pki.registration.tables import Body
from tests.pki.estate import BERRECHID, FIRST_WAVE, OUJDA, SYSTEM, T0, TIERS, seated, sign
from tests.pki.quota.estate import Bureau


def wave(records: Records, agreement: object, *regions: str, opens_on: date = date(2026, 1, 1)) -> WaveOpened:
    return open_wave(
        records,
        agreement=agreement,  # type: ignore[arg-type]
        label="next",
        region_codes=regions,
        opens_on=opens_on,
        by=SYSTEM,
        at=T0,
    )


def test_first_wave(records: Records) -> None:
    """799 communes get 2,674 seats, their prefectures and provinces 3 each, nobody else any."""
    with records.reading() as session:
        rows = session.execute(
            select(Body.kind, Body.region_code, Allowance.granted, Body.population).join(
                Allowance, Allowance.body_id == Body.id
            )
        ).all()
        provinces_there = session.scalar(
            select(func.count())
            .select_from(Body)
            .where(Body.kind == BodyKind.PROVINCE, Body.region_code.in_(FIRST_WAVE))
        )
        assert differences(session) == []
    communes = [row for row in rows if row.kind is BodyKind.COMMUNE]
    provinces = [row for row in rows if row.kind is BodyKind.PROVINCE]
    assert (len(communes), sum(row.granted for row in communes)) == (799, 2674)
    assert [row.granted for row in provinces] == [3] * (provinces_there or 0)
    assert len(rows) == len(communes) + len(provinces)
    assert {row.region_code for row in rows} == set(FIRST_WAVE)
    for row in communes:
        assert row.granted == (3 if row.population < 20_000 else 4 if row.population <= 50_000 else 5)
    assert Counter(row.granted for row in communes)[5] == 67


def test_whole_country_is_4922_commune_seats(sqlite_records: Records) -> None:
    opened = wave(sqlite_records, sign(sqlite_records, number="2"), "02", "03", "08", "09", "10", "11", "12")
    assert opened.commune_seats == 4922 - 2674
    assert opened.communes == 1503 - 799
    with sqlite_records.reading() as session:
        assert differences(session) == []


def test_tiers_say_what_was_published(sqlite_records: Records) -> None:
    with sqlite_records.reading() as session:
        rows = session.execute(
            select(TierRow.population_from, TierRow.keys, TierRow.basis)
            .where(TierRow.kind == "commune")
            .order_by(TierRow.population_from)
        ).all()
    assert [(row.population_from, row.keys, row.basis.value) for row in rows] == [
        (0, 3, "published"),
        (20_000, 4, "assumed"),
        (50_001, 5, "published"),
    ]


def test_region_opens_once(records: Records) -> None:
    agreement = sign(records, number="2")
    with pytest.raises(RegionAlreadyOpen) as refused:
        wave(records, agreement, "02", "06")
    assert refused.value.code == "06"
    with records.reading() as session:
        assert allowances(session, body_code=OUJDA) == []


def test_unknown_names(sqlite_records: Records) -> None:
    with pytest.raises(RegionUnknown):
        wave(sqlite_records, sign(sqlite_records, number="2"), "99")
    with pytest.raises(AgreementUnknown):
        wave(sqlite_records, uuid4(), "02")
    with pytest.raises(AgreementExists):
        sign(sqlite_records)


@pytest.mark.parametrize("seats", [0, 100])
def test_seat_ceiling(records: Records, seats: int) -> None:
    """0 means none, not no limit."""
    agreement = sign(records, number="2", seats=seats)
    with pytest.raises(SeatCeilingReached) as refused:
        wave(records, agreement, "02")
    assert refused.value.left == seats
    with records.reading() as session:
        assert allowances(session, body_code=OUJDA) == []
        assert differences(session) == []


def test_wave_to_come(sqlite_bureau: Bureau) -> None:
    records = sqlite_bureau.records
    wave(records, sign(records, number="2"), "02", opens_on=date(2026, 12, 1))
    holder, office = seated(records, OUJDA)
    with pytest.raises(WaveNotOpen) as refused:
        sqlite_bureau.order(holder, office, OUJDA)
    assert refused.value.opens_on == date(2026, 12, 1)
    opening = day_start(date(2026, 12, 1))
    with pytest.raises(WaveNotOpen):
        sqlite_bureau.order(holder, office, OUJDA, at=opening - timedelta(microseconds=1))
    sqlite_bureau.order(holder, office, OUJDA, at=opening)


def test_body_explains_its_seats(sqlite_records: Records) -> None:
    with sqlite_records.reading() as session:
        lines = ledger(session, body_code=BERRECHID)
    assert [(line.book.value, line.account.value, line.change, line.cause) for line in lines] == [
        ("seat", "agreement", -5, "wave.opened"),
        ("seat", "available", 5, "wave.opened"),
    ]


def tier(low: int, below: int | None) -> Tier:
    return Tier(kind="commune", population_from=low, population_below=below, keys=3, basis="published")


@pytest.mark.parametrize(
    ("tiers", "population"),
    [
        ([], 0),
        ([tier(1, None)], 0),
        ([tier(0, 10)], 10),
        ([tier(0, 10), tier(11, None)], 10),
        ([tier(0, 10), tier(9, None)], 9),
        ([tier(0, None), tier(9, None)], 0),
    ],
)
def test_ambiguous_tiers(tiers: list[Tier], population: int) -> None:
    with pytest.raises(TierTableRefused) as refused:
        refuse_ambiguous(tiers)
    assert refused.value.population == population


def test_kind_without_tiers(sqlite_records: Records) -> None:
    refuse_ambiguous(TIERS)
    with pytest.raises(TierTableRefused):
        refuse_ambiguous([each for each in TIERS if each.population_from])
