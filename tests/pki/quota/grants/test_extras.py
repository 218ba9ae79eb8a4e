"""Seats beyond the tier: asked for, decided by another, kept with who, when and why."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pki.quota.differences import differences
from pki.quota.errors import SeatCeilingReached, WaveNotOpen
from pki.quota.grants.errors import CentralOfficerNeeded, OwnProposal, ProposalChanged, ProposalDecided, ProposalUnknown
from pki.quota.grants.extras import approve_extra, extras, refuse_extra
from pki.quota.grants.purchases import amend_agreement
from pki.quota.kinds import Decision
from pki.quota.policy import QuotaPolicy
from pki.quota.reading import ledger
from pki.records import Records, civil_day
from pki.registration.extent import Extent
from tests.pki.estate import BERRECHID, OFFICER, OUJDA, SECOND, T0
from tests.pki.quota.estate import Bureau
from tests.pki.quota.grants.estate import agreement_of, asked, extra_granted, figures, line


def balanced(records: Records) -> None:
    with records.reading() as session:
        assert differences(session) == []


def test_approved(records: Records) -> None:
    before = figures(records)[1]
    extra = extra_granted(records, 2)
    assert line(records).granted == 7
    assert figures(records)[1] == before + 2
    with records.reading() as session:
        entries = [each for each in ledger(session, body_code=BERRECHID) if each.cause == "extra.approved"]
        [kept] = extras(session, within=Extent(body_code=BERRECHID))
    assert [(each.account.value, each.change) for each in entries] == [("agreement", -2), ("available", 2)]
    assert {each.origin for each in entries} == {f"extra:{extra.id}"}
    assert (kept.requested_by, kept.decided_by, kept.decided_at) == (str(OFFICER), str(SECOND), T0)
    assert (kept.reason, kept.decision, kept.decision_reason) == ("two sites", Decision.APPROVED, "needed")
    balanced(records)


def test_the_seats_can_be_ordered_from(sqlite_bureau: Bureau) -> None:
    extra_granted(sqlite_bureau.records, 1)
    for _ in range(6):
        sqlite_bureau.requested()
    sqlite_bureau.books_balance()


def test_nobody_approves_his_own(sqlite_records: Records) -> None:
    extra = asked(sqlite_records)
    with pytest.raises(OwnProposal):
        approve_extra(sqlite_records, extra=extra.id, digest=extra.digest, reason="", by=OFFICER, at=T0)
    with pytest.raises(OwnProposal):
        refuse_extra(sqlite_records, extra=extra.id, reason="", by=OFFICER, at=T0)
    assert line(sqlite_records).granted == 5


def test_the_database_says_so_too(records: Records) -> None:
    asked(records)
    with pytest.raises(DBAPIError), records.writing() as session:
        session.execute(
            text("UPDATE extra_request SET decided_by = requested_by, decided_at = requested_at, decision = 'approved'")
        )


def test_refused(sqlite_records: Records) -> None:
    extra = asked(sqlite_records)
    refused = refuse_extra(sqlite_records, extra=extra.id, reason="enough", by=SECOND, at=T0)
    assert (refused.decision, refused.decision_reason) == (Decision.REFUSED, "enough")
    with pytest.raises(ProposalDecided):
        approve_extra(sqlite_records, extra=extra.id, digest=extra.digest, reason="", by=SECOND, at=T0)
    assert line(sqlite_records).granted == 5
    with sqlite_records.reading() as session:
        assert extras(session, waiting=True) == []


def test_another_digest(sqlite_records: Records) -> None:
    extra, other = asked(sqlite_records, 1), asked(sqlite_records, 9)
    with pytest.raises(ProposalChanged) as refused:
        approve_extra(sqlite_records, extra=extra.id, digest=other.digest, reason="", by=SECOND, at=T0)
    assert refused.value.current == extra.digest


def test_what_nobody_asked_for(sqlite_records: Records) -> None:
    with pytest.raises(ProposalUnknown):
        refuse_extra(sqlite_records, extra=uuid4(), reason="", by=SECOND, at=T0)
    with pytest.raises(WaveNotOpen):
        asked(sqlite_records, 1, OUJDA)


def test_never_above_the_ceiling(records: Records) -> None:
    granted = figures(records)[1]
    amend_agreement(
        records,
        agreement=agreement_of(records),
        number="A1",
        seats_ceiling=granted + 1,
        reason="budget",
        in_effect=civil_day(T0),
        by=OFFICER,
        at=T0,
    )
    extra = asked(records, 2)
    with pytest.raises(SeatCeilingReached) as refused:
        approve_extra(records, extra=extra.id, digest=extra.digest, reason="", by=SECOND, at=T0)
    assert refused.value.left == 1
    with records.reading() as session:
        assert [each.decision for each in extras(session)] == [None]
    assert line(records).granted == 5
    balanced(records)


def test_approved_twice_at_once(records: Records) -> None:
    extra = asked(records, 3)

    def approved(_: int) -> bool:
        try:
            approve_extra(records, extra=extra.id, digest=extra.digest, reason="", by=SECOND, at=T0)
        except ProposalDecided:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(approved, range(4))) == 1
    assert line(records).granted == 8
    balanced(records)


def test_many_seats_in_small_requests_are_many_seats(records: Records) -> None:
    """Who may grant five alone does not grant five, and five, and five."""
    policy, later = QuotaPolicy(four_eyes_above=5), T0 + timedelta(days=30)

    def granted(seats: int, at: datetime, alone: QuotaPolicy | None = policy) -> None:
        extra = asked(records, seats)
        approve_extra(records, extra=extra.id, digest=extra.digest, reason="r", alone=alone, by=SECOND, at=at)

    granted(3, T0)
    with pytest.raises(CentralOfficerNeeded) as refused:
        granted(3, later)
    assert refused.value.seats == 6
    granted(2, later)
    granted(9, later, None)
    with pytest.raises(CentralOfficerNeeded):
        granted(1, later)  # what the centre granted counts
    granted(5, later + timedelta(days=30, seconds=1))
    assert line(records).granted == 5 + 3 + 2 + 9 + 5
    balanced(records)


def test_two_small_approvals_at_once(records: Records) -> None:
    policy, made = QuotaPolicy(four_eyes_above=5), [asked(records, 3) for _ in range(4)]

    def approve(number: int) -> str:
        extra = made[number]
        try:
            approve_extra(records, extra=extra.id, digest=extra.digest, reason="r", alone=policy, by=SECOND, at=T0)
        except CentralOfficerNeeded:
            return "refused"
        return "granted"

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(approve, range(4))) == ["granted", "refused", "refused", "refused"]
    assert line(records).granted == 8
