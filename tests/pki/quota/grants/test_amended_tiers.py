"""Another tier table: tried without writing anything, then applied as it was looked at."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select

from pki.journal.tables import Leaf
from pki.quota.agreements import Tier
from pki.quota.differences import differences
from pki.quota.errors import SeatCeilingReached, TierTableRefused
from pki.quota.grants.amended_tiers import TiersProposal, apply_tiers, propose_tiers, simulate_tiers
from pki.quota.grants.effects import TierEffect
from pki.quota.grants.errors import OwnProposal, ProposalChanged, ProposalDecided, TiersInForce
from pki.quota.grants.purchases import amend_agreement
from pki.quota.reading import ledger
from pki.quota.waves import open_wave
from pki.records import Records, civil_day
from tests.pki.estate import BERRECHID, OFFICER, OUJDA, SECOND, SYSTEM, T0, TIERS
from tests.pki.quota.estate import Bureau
from tests.pki.quota.grants.estate import agreement_of, extra_granted, figures, line

DAY, AFTER = date(2027, 1, 1), datetime(2027, 1, 4, 10, tzinfo=UTC)
EL_GARA = "06.117.01.07"
FEWER = (TIERS[0], TIERS[1], replace(TIERS[2], keys=2), TIERS[3])
"""Communes above 50,000 inhabitants get two keys instead of five."""


def simulated(records: Records, tiers: tuple[Tier, ...] = FEWER) -> TierEffect:
    with records.reading() as session:
        return simulate_tiers(session, agreement_of(records), tiers)


def proposed(records: Records, tiers: tuple[Tier, ...] = FEWER) -> TiersProposal:
    agreement = agreement_of(records)
    return propose_tiers(records, agreement=agreement, number="A2", tiers=tiers, in_effect=DAY, by=OFFICER, at=T0)


def applied(records: Records, proposal: TiersProposal) -> TierEffect:
    return apply_tiers(records, proposal=proposal.id, digest=proposal.digest, by=SECOND, at=AFTER)


def balanced(records: Records) -> None:
    with records.reading() as session:
        assert differences(session) == []


def test_simulated(sqlite_bureau: Bureau) -> None:
    records = sqlite_bureau.records
    for _ in range(3):
        sqlite_bureau.requested()
    with records.reading() as session:
        before = session.scalar(select(func.count()).select_from(Leaf))
    found = simulated(records)
    with records.reading() as session:
        assert session.scalar(select(func.count()).select_from(Leaf)) == before
    changes = {each.body_code: (each.keys_before, each.keys_after, each.granted_after) for each in found.changes}
    assert changes[BERRECHID] == (5, 2, 2)
    assert changes[OUJDA] == (5, 2, None)
    assert EL_GARA not in changes
    assert {(each.keys_before, each.keys_after) for each in found.changes} == {(5, 2)}
    assert [(each.body_code, each.excess_after) for each in found.below_use] == [(BERRECHID, 1)]
    assert found.keys_after - found.keys_before == -3 * len(found.changes)
    assert line(records).granted == 5


def test_applied_as_movements(bureau: Bureau) -> None:
    records = bureau.records
    for _ in range(3):
        bureau.requested()
    granted = figures(records)[1]
    found = applied(records, proposed(records))
    assert (line(records).granted, line(records).excess) == (2, 1)
    assert figures(records)[1] == granted + found.granted_after - found.granted_before < granted
    with records.reading() as session:
        entries = [each for each in ledger(session, body_code=BERRECHID) if each.cause == "tiers.amended"]
    assert [(each.account.value, each.change, each.in_effect) for each in entries] == [
        ("available", -3, DAY),
        ("agreement", 3, DAY),
    ]
    bureau.books_balance()


def test_a_wave_after_it_opens_by_the_new_table_and_a_second_amendment_leaves_the_first(records: Records) -> None:
    applied(records, proposed(records))
    open_wave(
        records,
        agreement=agreement_of(records),
        label="east",
        body_codes=[OUJDA],
        opens_on=civil_day(T0),
        by=SYSTEM,
        at=T0,
    )
    assert line(records, OUJDA).granted == 2
    applied(records, proposed(records, TIERS))
    assert (line(records).granted, line(records, OUJDA).granted) == (5, 5)
    balanced(records)


def test_a_kind_that_is_new_is_not_open_yet(sqlite_records: Records) -> None:
    services = Tier(kind="service", population_from=0, population_below=None, keys=1, basis="assumed")
    found = simulated(sqlite_records, (*TIERS, services))
    assert found.granted_after == found.granted_before
    assert all(each.granted_before is None for each in found.changes)


@pytest.mark.parametrize(
    "tiers",
    [TIERS[:3], TIERS[3:], (TIERS[0], TIERS[2], TIERS[3]), ()],
    ids=["no provinces", "no communes", "a gap", "empty"],
)
def test_a_table_without_an_answer(sqlite_records: Records, tiers: tuple[Tier, ...]) -> None:
    with pytest.raises(TierTableRefused):
        simulated(sqlite_records, tiers)


def test_what_was_simulated_is_what_is_applied(sqlite_records: Records) -> None:
    proposal = proposed(sqlite_records)
    extra_granted(sqlite_records, 1)
    with pytest.raises(ProposalChanged):
        applied(sqlite_records, proposal)
    applied(sqlite_records, proposed(sqlite_records))
    assert line(sqlite_records).granted == 3
    balanced(sqlite_records)


def test_two_officers_once(records: Records) -> None:
    former, proposal = proposed(records), proposed(records)
    with pytest.raises(ProposalDecided):
        applied(records, former)
    with pytest.raises(OwnProposal):
        apply_tiers(records, proposal=proposal.id, digest=proposal.digest, by=OFFICER, at=T0)
    with pytest.raises(ProposalChanged):
        apply_tiers(records, proposal=proposal.id, digest="0" * 64, by=SECOND, at=T0)
    applied(records, proposal)
    with pytest.raises(TiersInForce):
        proposed(records)


def test_never_above_the_ceiling(sqlite_records: Records) -> None:
    records = sqlite_records
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
    more = (replace(TIERS[0], keys=4), *TIERS[1:])
    assert simulated(records, more).above_ceiling > 0
    with pytest.raises(SeatCeilingReached):
        applied(records, proposed(records, more))
    balanced(records)
