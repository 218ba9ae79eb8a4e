"""A census: tried without writing anything, then applied as it was looked at."""

import threading
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from pki.journal.tables import Leaf
from pki.quota.balances import balances
from pki.quota.differences import differences
from pki.quota.errors import SeatCeilingReached
from pki.quota.grants.census import CensusProposal, apply_census, granted_by_census, propose_census
from pki.quota.grants.effects import CountedOnFile, TierEffect, simulate_census
from pki.quota.grants.errors import (
    CensusInForce,
    CensusUnknown,
    NotDueYet,
    OwnProposal,
    ProposalChanged,
    ProposalDecided,
)
from pki.quota.grants.purchases import amend_agreement
from pki.quota.reading import ledger
from pki.quota.waves import open_wave
from pki.records import Joined, Records, civil_day, day_start
from pki.registration.bodies import body_id
from pki.registration.census import CountedBody, record_census
from pki.registration.tables import Body, CensusCount
from tests.pki.estate import BERRECHID, FIRST_WAVE, OFFICER, OUJDA, SECOND, SYSTEM, T0
from tests.pki.quota.estate import Bureau
from tests.pki.quota.grants.estate import DEROUA, agreement_of, ever_below_nothing, extra_granted, figures, line, moved

DAY, AFTER, INSTANT = date(2027, 1, 1), datetime(2027, 1, 4, 10, tzinfo=UTC), timedelta(microseconds=1)
EL_GARA, OULAD_ABBOU = "06.117.01.07", "06.117.01.11"
OUJDA_SIBLING = "02.411.03.01"


def counted(records: Records, census: str = "RGPH 2034", **people: int) -> None:
    """Berrechid falls to the lowest tier, El Gara too, Oulad Abbou rises, Oujda (not open) falls."""
    figures = people or {BERRECHID: 19_000, EL_GARA: 19_999, OULAD_ABBOU: 20_000, OUJDA: 30_000}
    rows = [CountedBody(line=number, code=code, population=each) for number, (code, each) in enumerate(figures.items())]
    assert record_census(records, rows, census=census, by=OFFICER, at=T0).refused == ()


def effect(records: Records, census: str = "RGPH 2034") -> TierEffect:
    with records.reading() as session:
        return simulate_census(session, agreement_of(records), census)


def proposed(records: Records, census: str = "RGPH 2034") -> CensusProposal:
    return propose_census(records, agreement=agreement_of(records), census=census, in_effect=DAY, by=OFFICER, at=T0)


def applied(records: Records, proposal: CensusProposal) -> TierEffect:
    return apply_census(records, proposal=proposal.id, digest=proposal.digest, by=SECOND, at=AFTER)


def balanced(records: Records) -> None:
    with records.reading() as session:
        assert differences(session) == []


def test_simulated(sqlite_bureau: Bureau) -> None:
    records = sqlite_bureau.records
    for _ in range(4):
        sqlite_bureau.requested()
    counted(records)
    with records.reading() as session:
        before = session.scalar(select(func.count()).select_from(Leaf))
    found = effect(records)
    with records.reading() as session:
        assert session.scalar(select(func.count()).select_from(Leaf)) == before
    changes = {each.body_code: (each.keys_before, each.keys_after, each.granted_after) for each in found.changes}
    assert changes == {BERRECHID: (5, 3, 3), EL_GARA: (4, 3, 3), OULAD_ABBOU: (3, 4, 4), OUJDA: (5, 4, None)}
    assert found.keys_after - found.keys_before == -2 - 1 + 1 - 1
    assert found.granted_after - found.granted_before == -2 - 1 + 1
    assert [(each.body_code, each.in_use, each.excess_after) for each in found.below_use] == [(BERRECHID, 4, 1)]
    regions = {each.region_code: each for each in found.regions}
    assert len(regions) == 12
    assert (regions["06"].bodies_changed, regions["02"].bodies_changed, regions["01"].bodies_changed) == (3, 1, 0)
    assert regions["06"].keys_after - regions["06"].keys_before == -2
    assert "06.117.01.05" in found.not_counted
    assert BERRECHID not in found.not_counted


def test_simulated_from_the_former_census(sqlite_records: Records) -> None:
    """The whole country by the counts of 2014: what the tiers give for each is what the change says."""
    found = effect(sqlite_records, "RGPH 2014")
    assert len(found.changes) > 50

    def tier(population: int) -> int:
        return 3 if population < 20_000 else 4 if population <= 50_000 else 5

    for each in found.changes:
        assert (each.keys_before, each.keys_after) == (tier(each.population_before), tier(each.population_after))
    assert found.keys_after - found.keys_before == sum(each.keys_after - each.keys_before for each in found.changes)
    assert found.keys_before == 4922 + 75 * 3


def test_a_count_from_a_file_alone(sqlite_records: Records) -> None:
    with sqlite_records.reading() as session:
        body = body_id(session, BERRECHID)
        on_file = CountedOnFile(label="try", counts={body: 19_999})
        found = simulate_census(session, agreement_of(sqlite_records), on_file)
    assert [each.body_code for each in found.changes] == [BERRECHID]


def test_applied_as_movements(bureau: Bureau) -> None:
    records = bureau.records
    for _ in range(4):
        bureau.requested()
    counted(records)
    granted = figures(records)[1]
    applied(records, proposed(records))
    assert (line(records).granted, line(records).excess) == (3, 1)
    assert (line(records, EL_GARA).granted, line(records, OULAD_ABBOU).granted) == (3, 4)
    assert figures(records)[1] == granted - 2
    with records.reading() as session:
        entries = [each for each in ledger(session, body_code=BERRECHID) if each.cause == "census.applied"]
    assert [(each.account.value, each.change, each.in_effect) for each in entries] == [
        ("available", -2, DAY),
        ("agreement", 2, DAY),
    ]
    bureau.books_balance()


def test_extras_and_transfers_stay(records: Records) -> None:
    extra_granted(records, 2)
    moved(records, 1)
    counted(records)
    applied(records, proposed(records))
    assert line(records).granted == 5 + 2 - 1 - 2
    balanced(records)


def test_never_below_nothing(sqlite_records: Records) -> None:
    moved(sqlite_records, 4)
    counted(sqlite_records)
    found = applied(sqlite_records, proposed(sqlite_records))
    assert line(sqlite_records).granted == 0
    assert found.granted_after == figures(sqlite_records)[1]
    balanced(sqlite_records)


def test_a_wave_after_it_opens_with_the_new_tiers(sqlite_records: Records) -> None:
    counted(sqlite_records)
    applied(sqlite_records, proposed(sqlite_records))
    open_wave(
        sqlite_records,
        agreement=agreement_of(sqlite_records),
        label="east",
        body_codes=[OUJDA],
        opens_on=civil_day(T0),
        by=SYSTEM,
        at=T0,
    )
    assert line(sqlite_records, OUJDA).granted == 4
    balanced(sqlite_records)


def test_a_body_that_opens_later_changes_tier_when_it_opens(records: Records) -> None:
    said: dict[str, Any] = {"label": "east", "body_codes": [OUJDA], "opens_on": date(2027, 6, 1)}
    open_wave(records, agreement=agreement_of(records), by=SYSTEM, at=T0, **said)
    counted(records)
    applied(records, proposed(records))
    assert line(records, OUJDA).granted == 4
    assert ever_below_nothing(records) == []
    with records.reading() as session:
        assert balances(session, on=date(2027, 5, 31), body_code=OUJDA) == []
    balanced(records)


def test_what_was_simulated_is_what_is_applied(records: Records) -> None:
    counted(records)
    proposal = proposed(records)
    extra_granted(records, 1)
    with pytest.raises(ProposalChanged) as refused:
        applied(records, proposal)
    assert refused.value.current == effect(records).digest(in_effect=DAY) != proposal.digest
    assert line(records).granted == 6
    applied(records, proposed(records))
    assert line(records).granted == 4
    balanced(records)


def test_orders_meanwhile_do_not_matter(sqlite_bureau: Bureau) -> None:
    counted(sqlite_bureau.records)
    proposal = proposed(sqlite_bureau.records)
    sqlite_bureau.requested()
    applied(sqlite_bureau.records, proposal)
    assert line(sqlite_bureau.records).granted == 3
    sqlite_bureau.books_balance()


def test_two_officers_once(sqlite_records: Records) -> None:
    counted(sqlite_records)
    former, proposal = proposed(sqlite_records), proposed(sqlite_records)
    with pytest.raises(ProposalDecided):
        applied(sqlite_records, former)
    with pytest.raises(OwnProposal):
        apply_census(sqlite_records, proposal=proposal.id, digest=proposal.digest, by=OFFICER, at=T0)
    with pytest.raises(ProposalChanged):
        apply_census(sqlite_records, proposal=proposal.id, digest="0" * 64, by=SECOND, at=T0)
    applied(sqlite_records, proposal)
    with pytest.raises(ProposalDecided):
        applied(sqlite_records, proposal)
    with pytest.raises(CensusInForce):
        proposed(sqlite_records)
    with pytest.raises(CensusUnknown):
        proposed(sqlite_records, "RGPH 2044")


def test_never_above_the_ceiling(records: Records) -> None:
    counted(records, **{OULAD_ABBOU: 20_000})
    amend_agreement(
        records,
        agreement=agreement_of(records),
        number="A1",
        seats_ceiling=figures(records)[1],
        reason="budget",
        in_effect=civil_day(T0),
        by=OFFICER,
        at=T0,
    )
    assert effect(records).above_ceiling == 1
    with pytest.raises(SeatCeilingReached):
        applied(records, proposed(records))
    assert line(records, OULAD_ABBOU).granted == 3
    balanced(records)


def test_the_first_waves_regions(sqlite_records: Records) -> None:
    """Back and forth leaves every allowance where it was, and the books tell both moves."""
    before = figures(sqlite_records)
    applied(sqlite_records, proposed(sqlite_records, "RGPH 2014"))
    assert figures(sqlite_records) != before
    assert {each.region_code for each in effect(sqlite_records, "RGPH 2024").changes} >= set(FIRST_WAVE)
    applied(sqlite_records, proposed(sqlite_records, "RGPH 2024"))
    assert figures(sqlite_records) == before
    balanced(sqlite_records)


def test_no_figure_is_slipped_under_what_is_granted(records: Records) -> None:
    """A count added to a census in force would say that Deroua has another tier than its seats were granted by."""
    counted(records)
    applied(records, proposed(records))
    late = [CountedBody(line=2, code=DEROUA, population=10_000), CountedBody(line=3, code=OUJDA_SIBLING, population=9)]
    done = record_census(records, late, census="RGPH 2034", closed=granted_by_census, by=OFFICER, at=T0)
    assert [(each.number, each.value) for each in done.refused] == [(2, DEROUA)]
    assert done.added == 1  # not open yet: it opens by what is counted then
    with records.reading() as session:
        again = simulate_census(session, agreement_of(records), "RGPH 2014")
    assert DEROUA not in {each.body_code for each in again.changes if each.granted_before is None}
    assert DEROUA not in counts_in(records, "RGPH 2034")


def counts_in(records: Records, census: str) -> set[str]:
    with records.reading() as session:
        asked = select(Body.code).join(CensusCount, CensusCount.body_id == Body.id).where(CensusCount.census == census)
        return set(session.scalars(asked))


def test_a_wave_that_waited_for_a_census_opens_by_it(records: Records) -> None:
    """It read the tiers while the census was applied: its bodies get what the census gives them, not less, not more."""
    counted(records)
    proposal, started, opened = proposed(records), threading.Event(), []

    def wave() -> None:
        started.wait()
        said = {"agreement": agreement_of(records), "label": "x", "body_codes": [OUJDA], "opens_on": date(2026, 1, 1)}
        opened.append(open_wave(records, **said, by=SYSTEM, at=T0))  # type: ignore[arg-type]

    thread = threading.Thread(target=wave)
    thread.start()
    with records.writing() as session:
        apply_census(Joined(session), proposal=proposal.id, digest=proposal.digest, by=SECOND, at=AFTER)
        started.set()
        time.sleep(0.4)
    thread.join()
    assert [each.commune_seats for each in opened] == [4]
    balanced(records)


def test_not_before_its_day(records: Records) -> None:
    """The books of every day agree with what could be ordered on it."""
    counted(records)
    proposal = proposed(records)
    with pytest.raises(NotDueYet):
        apply_census(records, proposal=proposal.id, digest=proposal.digest, by=SECOND, at=day_start(DAY) - INSTANT)
    assert line(records).granted == 5
    apply_census(records, proposal=proposal.id, digest=proposal.digest, by=SECOND, at=day_start(DAY))
    assert line(records).granted == 3
