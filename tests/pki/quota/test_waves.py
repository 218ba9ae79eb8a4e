"""Agreements, tiers, waves: the first wave as it was."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from pki.quota.agreements import Tier, refuse_ambiguous
from pki.quota.differences import differences
from pki.quota.errors import (
    AgreementExists,
    AgreementUnknown,
    BodiesAlreadyOpen,
    CensusNotLoaded,
    RegionAlreadyOpen,
    RegionUnknown,
    ScopeRefused,
    SeatCeilingReached,
    TierTableRefused,
    WaveNotOpen,
)
from pki.quota.kinds import Basis, Limits
from pki.quota.reading import allowances, ledger
from pki.quota.tables import Agreement, Allowance, TierRow
from pki.quota.waves import WaveOpened, open_wave
from pki.records import Records, civil_day, day_start
from pki.registration.bodies import register_body
from pki.registration.errors import BodyUnknown, ProvinceUnknown
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


ARRONDISSEMENT = Tier(kind="arrondissement", population_from=0, population_below=None, keys=2, basis="assumed")
SERVICE = Tier(kind="service", population_from=0, population_below=None, keys=1, basis="assumed")


def scoped(records: Records, agreement: UUID, **scope: list[str]) -> WaveOpened:
    return open_wave(
        records,
        agreement=agreement,
        label="some",
        region_codes=scope.get("regions", ()),
        province_codes=scope.get("provinces", ()),
        body_codes=scope.get("bodies", ()),
        opens_on=date(2026, 1, 1),
        by=SYSTEM,
        at=T0,
    )


def test_arrondissements_and_services_where_the_tiers_speak_of_them(records: Records) -> None:
    """No row is no seat and no refusal: the first wave had none for Casablanca's arrondissements."""
    with records.reading() as session:
        assert allowances(session, body_code="06.141.01.01") == []
    register_body(
        records, code="SD-06", kind=BodyKind.SERVICE, name_fr="Service", name_ar="مصلحة", province_code="06.117",
        by=SYSTEM, at=T0,
    )  # fmt: skip
    agreement = sign(records, number="2", tiers=(*TIERS, ARRONDISSEMENT, SERVICE))
    opened = scoped(records, agreement, provinces=["06.141", "06.117"])
    assert (opened.arrondissements, opened.arrondissement_seats) == (16, 32)
    assert (opened.services, opened.service_seats, opened.communes) == (1, 1, 0)
    with records.reading() as session:
        assert differences(session) == []


def test_a_province_then_its_region(sqlite_records: Records) -> None:
    agreement = sign(sqlite_records, number="2")
    first = scoped(sqlite_records, agreement, provinces=["02.411"])
    rest = scoped(sqlite_records, agreement, regions=["02"])
    with sqlite_records.reading() as session:
        all_of_it = session.scalar(
            select(func.count())
            .select_from(Body)
            .where(Body.region_code == "02", Body.kind.in_([BodyKind.COMMUNE, BodyKind.PROVINCE]))
        )
        assert differences(session) == []
    assert first.provinces == 1
    assert first.communes + rest.communes + first.provinces + rest.provinces == all_of_it
    with pytest.raises(BodiesAlreadyOpen):
        scoped(sqlite_records, agreement, provinces=["02.411"])


def test_a_body_that_is_named_opens_once(records: Records) -> None:
    agreement = sign(records, number="2")
    assert scoped(records, agreement, bodies=[OUJDA]).communes == 1
    with pytest.raises(BodiesAlreadyOpen) as refused:
        scoped(records, agreement, bodies=[OUJDA])
    assert refused.value.codes == (OUJDA,)
    with records.reading() as session:
        assert [line.granted for line in allowances(session, body_code=OUJDA)] == [5]
        assert differences(session) == []


def test_two_waves_at_once(records: Records) -> None:
    """One opens the body, the other nothing at all."""
    agreements = [sign(records, number=number) for number in ("2", "3")]

    def opened(agreement: UUID) -> bool:
        try:
            scoped(records, agreement, bodies=[OUJDA])
        except BodiesAlreadyOpen:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(opened, agreements)) == [False, True]
    with records.reading() as session:
        assert differences(session) == []


@pytest.mark.parametrize(
    ("scope", "refusal"),
    [
        ({}, ScopeRefused),
        ({"provinces": ["99.999"]}, ProvinceUnknown),
        ({"bodies": ["99.999.01"]}, BodyUnknown),
        ({"bodies": ["06.141.01.01"]}, TierTableRefused),
    ],
)
def test_scopes_that_name_nothing(
    sqlite_records: Records, scope: dict[str, list[str]], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        scoped(sqlite_records, sign(sqlite_records, number="2"), **scope)


def test_a_body_that_its_census_did_not_count(sqlite_records: Records) -> None:
    """Four communes of Dakhla have no figure of 2014."""
    agreement = sign(sqlite_records, number="2", census="RGPH 2014")
    with pytest.raises(CensusNotLoaded):
        scoped(sqlite_records, agreement, bodies=["12.066.01.03"])
    assert scoped(sqlite_records, agreement, bodies=[OUJDA]).commune_seats == 5


def test_which_book_the_figure_limits_is_an_assumption(sqlite_records: Records) -> None:
    with sqlite_records.reading() as session:
        [agreement] = session.execute(select(Agreement.limits, Agreement.limits_basis))
    assert tuple(agreement) == (Limits.SEATS, Basis.ASSUMED)


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


def test_a_wave_does_not_open_in_a_day_that_nobody_sees(sqlite_records: Records) -> None:
    """A body opens once: a slip of a digit would leave a region without keys for good."""
    given = {"agreement": sign(sqlite_records, number="2"), "label": "x", "body_codes": [OUJDA], "by": SYSTEM, "at": T0}
    for day in (date(9999, 12, 31), civil_day(T0) + timedelta(days=366), date(2025, 12, 31)):  # no agreement yet
        with pytest.raises(ScopeRefused):
            open_wave(sqlite_records, **given, opens_on=day)  # type: ignore[arg-type]
    open_wave(sqlite_records, **given, opens_on=civil_day(T0) + timedelta(days=365))  # type: ignore[arg-type]
