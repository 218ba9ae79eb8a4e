"""What needs two officers: proposed by one, confirmed by another over one digest, once."""

import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, ActorKind
from pki.records import HolderId, OfficeId, Records, civil_day, day_start
from pki.registration.entitlement import Reason
from pki.registration.errors import (
    DelegationRefused,
    OfficeOccupied,
    OfficeUnknown,
    ProposalDecided,
    ProposalDiffers,
    ProposalUnknown,
    SecondOfficerNeeded,
    SelfConfirmation,
)
from pki.registration.extent import Extent
from pki.registration.kinds import ActKind, OfficeFunction
from pki.registration.offices import OfficeEnding, OfficeRecording, end_office, record_office
from pki.registration.powers.delegations import DelegationEnding, DelegationRecording, PaperDeed
from pki.registration.powers.findings import FindingRecording
from pki.registration.powers.kinds import FindingKind
from pki.registration.powers.proposals import (
    Proposal,
    confirm,
    proposal_of,
    propose,
    refuse,
    waiting_proposals,
)
from pki.registration.powers.spelling import RegisterAct
from pki.registration.powers.tables import Delegation, RegisterProposal
from pki.registration.retroactivity import Retroactivity
from tests.pki.estate import BERRECHID, BERRECHID_PROVINCE, OFFICER, SECOND, T0, declared, person
from tests.pki.registration.council import SCAN, STARTS, Council

TODAY = civil_day(T0)
YESTERDAY = TODAY - timedelta(days=1)


class Signed:
    """The documents that were signed, as a list that grows."""

    def __init__(self) -> None:
        self.found: list[tuple[str, HolderId, datetime]] = []
        self.asked: list[tuple[str, HolderId | None, datetime, datetime]] = []

    def __call__(
        self, session: Session, *, body_code: str, holder: HolderId | None, since: datetime, until: datetime
    ) -> tuple[str, ...]:
        self.asked.append((body_code, holder, since, until))
        return tuple(
            reference for reference, signer, at in self.found if holder in {None, signer} and since <= at <= until
        )


@pytest.fixture
def signed() -> Signed:
    return Signed()


def ask(council: Council, act: RegisterAct, signed: Signed, *, at: datetime = T0) -> Proposal:
    return propose(council.records, act=act, touched=signed, by=OFFICER, at=at)


def agree(
    council: Council, proposal: Proposal, signed: Signed, *, by: Actor = SECOND, at: datetime = T0, digest: str = ""
) -> UUID:
    said = digest or proposal.digest
    return confirm(council.records, proposal=proposal.id, digest=said, touched=signed, by=by, at=at)


def ending(council: Council, ends_on: date = YESTERDAY) -> OfficeEnding:
    return OfficeEnding(office=council.offices["president"], ends_on=ends_on, reason="died", deed="PV 2")


def delegation(council: Council, number: str = "1/2026") -> DelegationRecording:
    return DelegationRecording(deed=council.deed(number=number), paper=PaperDeed(scan_sha256=SCAN))


def test_one_officer_does_not_reach_back(records: Records) -> None:
    council = Council(records, seats=("president", "member"))
    office = council.offices["president"]

    def end(ends_on: date, policy: Retroactivity | None = None) -> None:
        given = {} if policy is None else {"retroactivity": policy}
        end_office(records, office=office, ends_on=ends_on, reason="r", deed="d", by=OFFICER, at=T0, **given)

    with pytest.raises(SecondOfficerNeeded) as refused:
        end(YESTERDAY)
    assert refused.value.since == YESTERDAY
    end(YESTERDAY, Retroactivity(tolerance_days=1))
    with pytest.raises(SecondOfficerNeeded):
        end(TODAY)  # it would move an end that lies in the past


def test_an_office_reaches_back_once_the_register_is_declared(sqlite_records: Records) -> None:
    def sit(starts_on: date, function: OfficeFunction = OfficeFunction.COMMITTEE_MEMBER) -> None:
        record_office(
            sqlite_records,
            holder=person(sqlite_records),
            body_code=BERRECHID,
            function=function,
            starts_on=starts_on,
            deed="PV",
            by=OFFICER,
            at=T0,
        )

    sit(date(2021, 9, 24))
    declared(sqlite_records, BERRECHID, TODAY)
    sit(YESTERDAY)
    declared(sqlite_records, BERRECHID, YESTERDAY)
    with pytest.raises(SecondOfficerNeeded):
        sit(YESTERDAY)
    sit(TODAY)


def test_one_officer_does_not_take_back_an_old_record(sqlite_records: Records) -> None:
    """The office that takes its place begins today, but what is taken back had begun long ago."""
    council = Council(sqlite_records, seats=("president",))

    def instead(office: OfficeId) -> None:
        record_office(
            sqlite_records,
            holder=council.holders["president"],
            body_code=BERRECHID,
            function=OfficeFunction.PRESIDENT,
            starts_on=TODAY,
            deed="d",
            supersedes=office,
            by=OFFICER,
            at=T0,
        )

    with pytest.raises(SecondOfficerNeeded) as refused:
        instead(council.offices["president"])
    assert refused.value.since == STARTS
    assert council.ask("president", T0).reason is Reason.OFFICE_CURRENT
    with pytest.raises(OfficeUnknown):
        instead(OfficeId(uuid4()))


def test_two_officers_once(records: Records) -> None:
    council, signed = Council(records, seats=("president", "first")), Signed()
    proposal = ask(council, delegation(council), signed)
    with pytest.raises(SelfConfirmation):
        agree(council, proposal, signed, by=OFFICER)
    with pytest.raises(ProposalDiffers):
        agree(council, proposal, signed, digest="0" * 64)
    assert council.ask("first", T0).reason is Reason.DELEGATION_NOT_RECORDED
    later = T0 + timedelta(hours=1)
    made = agree(council, proposal, signed, at=later)
    with records.reading() as session:
        row = session.get_one(Delegation, made)
        assert (row.recorded_at, row.recorded_by, row.confirmed_by) == (later, str(OFFICER), str(SECOND))
    assert council.ask("first", later).reason is Reason.POWER_CURRENT
    assert council.ask("first", T0).reason is Reason.POWER_RECORDED_LATER
    for again in (agree, lambda *_: refuse(records, proposal=proposal.id, reason="r", by=SECOND, at=T0)):
        with pytest.raises(ProposalDecided):
            again(council, proposal, signed)


def test_many_confirm_at_once(records: Records) -> None:
    council, signed, outcomes = Council(records, seats=("president", "first")), Signed(), list[str]()
    proposal = ask(council, delegation(council), signed)
    start = threading.Barrier(6)

    def run() -> None:
        start.wait()
        try:
            agree(council, proposal, signed, by=Actor(kind=ActorKind.OFFICER, id=str(uuid4())))
            outcomes.append("confirmed")
        except Exception as error:  # noqa: BLE001
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("confirmed") == 1
    assert set(outcomes) <= {"confirmed", "ProposalDecided", "DelegationExists"}
    with records.reading() as session:
        assert session.scalar(select(func.count()).select_from(Delegation)) == 1


def test_the_documents_are_part_of_what_is_confirmed(sqlite_records: Records, signed: Signed) -> None:
    council = Council(sqlite_records, seats=("president",))
    holder = council.holders["president"]
    signed.found = [
        ("L26-0000001", holder, day_start(YESTERDAY)),
        ("L26-0000002", holder, day_start(YESTERDAY) - timedelta(seconds=1)),
        ("L26-0000003", person(sqlite_records), day_start(YESTERDAY)),
    ]
    proposal = ask(council, ending(council), signed)
    assert proposal.documents == ("L26-0000001",)
    assert signed.asked == [(BERRECHID, holder, day_start(YESTERDAY), T0)]
    signed.found.append(("L26-0000004", holder, T0))
    with pytest.raises(ProposalDiffers):
        agree(council, proposal, signed, at=T0 + timedelta(hours=1))
    anew = ask(council, ending(council), signed, at=T0 + timedelta(hours=1))
    assert anew.documents == ("L26-0000001", "L26-0000004")
    agree(council, anew, signed, at=T0 + timedelta(hours=2))
    assert council.ask("president", T0).reason is Reason.OFFICE_ENDED_RECORDED_LATER


@pytest.mark.parametrize("way", ["delegation", "absence", "substitution", "rank"])
def test_documents_of_those_whose_right_hangs_on_an_office(sqlite_records: Records, signed: Signed, way: str) -> None:
    """A president's end, recorded backwards, bears on what others signed in his place: it is seen and confirmed too."""
    council = Council(sqlite_records, seats=("president", "first", "second", "member"))
    council.seat("governor", OfficeFunction.GOVERNOR, body=BERRECHID_PROVINCE)
    who, act = "first", ending(council)
    if way == "delegation":
        council.delegate(council.deed())
    elif way == "substitution":
        who = "governor"
        council.found(FindingKind.SUBSTITUTION, acts=frozenset({ActKind.LICENCE}))
    else:
        council.absent()
        if way == "rank":
            who, act = "second", OfficeEnding(office=council.offices["first"], ends_on=YESTERDAY, reason="r", deed="d")
    at = day_start(YESTERDAY)
    signed.found = [("L26-0000001", council.holders[who], at), ("L26-0000002", council.holders["member"], at)]
    proposal = ask(council, act, signed)
    assert proposal.documents == ("L26-0000001",)
    signed.found.append(("L26-0000003", council.holders[who], at))
    with pytest.raises(ProposalDiffers):
        agree(council, proposal, signed)


def test_a_governors_end_touches_what_he_signed_for_communes(sqlite_records: Records, signed: Signed) -> None:
    council = Council(sqlite_records, seats=("president",))
    council.seat("governor", OfficeFunction.GOVERNOR, body=BERRECHID_PROVINCE)
    council.found(FindingKind.SUBSTITUTION, acts=frozenset({ActKind.LICENCE}))
    end = OfficeEnding(office=council.offices["governor"], ends_on=YESTERDAY, reason="moved", deed="d")
    ask(council, end, signed)
    assert {body for body, _, _, _ in signed.asked} == {BERRECHID_PROVINCE, BERRECHID}
    assert {holder for _, holder, _, _ in signed.asked} == {council.holders["governor"]}


ACTS: list[Callable[[Council], tuple[RegisterAct, str | None, date]]] = [
    lambda council: (ending(council), "president", YESTERDAY),
    lambda council: (delegation(council), "first", council.deed().starts_on),
    lambda council: (
        DelegationEnding(
            delegation=council.delegate(council.deed(number="9")), ends_on=YESTERDAY, reason="r", deed="d"
        ),
        "first",
        YESTERDAY,
    ),
    lambda council: (
        FindingRecording(
            kind=FindingKind.ABSENCE,
            body_code=BERRECHID,
            office=council.offices["president"],
            number="1",
            starts_on=date(2026, 8, 1),
            deed="d",
            scan_sha256=SCAN,
        ),
        None,
        date(2026, 8, 1),
    ),
    lambda council: (
        OfficeRecording(
            holder=council.holders["first"],
            body_code=BERRECHID,
            function=OfficeFunction.COMMITTEE_MEMBER,
            starts_on=YESTERDAY,
            deed="d",
        ),
        "first",
        YESTERDAY,
    ),
]


@pytest.mark.parametrize("make", ACTS, ids=["end", "delegation", "revocation", "finding", "office"])
def test_each_act_comes_back_as_it_was_proposed(
    sqlite_records: Records, signed: Signed, make: Callable[[Council], tuple[RegisterAct, str | None, date]]
) -> None:
    council = Council(sqlite_records, seats=("president", "first"))
    act, whose, since = make(council)
    proposal = ask(council, act, signed)
    with sqlite_records.reading() as session:
        assert proposal_of(session, proposal.id) == proposal
        assert waiting_proposals(session, within=Extent(body_code=BERRECHID)) == [proposal]
    assert proposal.act == act
    assert signed.asked == [(BERRECHID, None if whose is None else council.holders[whose], day_start(since), T0)]
    agree(council, proposal, signed)
    with sqlite_records.reading() as session:
        assert waiting_proposals(session, within=Extent(body_code=BERRECHID)) == []


def test_what_the_register_refuses_is_not_proposed(sqlite_records: Records, signed: Signed) -> None:
    council = Council(sqlite_records, seats=("president", "director"))
    deed = council.deed("president", "director")
    with pytest.raises(DelegationRefused):
        ask(council, DelegationRecording(deed=deed, paper=PaperDeed(scan_sha256=SCAN)), signed)
    with sqlite_records.reading() as session:
        assert session.scalar(select(func.count()).select_from(RegisterProposal)) == 0


def test_a_trial_leaves_nothing(sqlite_records: Records, signed: Signed) -> None:
    council = Council(sqlite_records, seats=("president", "first"))
    ask(council, delegation(council), signed)
    with sqlite_records.reading() as session:
        assert session.scalar(select(func.count()).select_from(Delegation)) == 0


def test_the_register_changed_meanwhile(sqlite_records: Records, signed: Signed) -> None:
    council = Council(sqlite_records, seats=())

    def president(holder: HolderId) -> OfficeRecording:
        return OfficeRecording(
            holder=holder, body_code=BERRECHID, function=OfficeFunction.PRESIDENT, starts_on=YESTERDAY, deed="d"
        )

    one, other = (ask(council, president(person(sqlite_records)), signed) for _ in range(2))
    agree(council, one, signed)
    with pytest.raises(OfficeOccupied):
        agree(council, other, signed)


def test_an_end_recorded_meanwhile_is_seen_first(sqlite_records: Records, signed: Signed) -> None:
    """What was confirmed over the former end does not overwrite one that nobody looked at."""
    council = Council(sqlite_records, seats=("president", "first"))
    revoked = DelegationEnding(delegation=council.delegate(council.deed()), ends_on=YESTERDAY, reason="r", deed="d")
    stale = [ask(council, act, signed) for act in (ending(council), revoked)]
    council.end("president", TODAY + timedelta(days=9), at=T0)
    council.revoke(revoked.delegation, TODAY + timedelta(days=9), at=T0)
    for proposal in stale:
        with pytest.raises(ProposalDiffers):
            agree(council, proposal, signed)
    for act in (ending(council), revoked):
        agree(council, ask(council, act, signed), signed)


def test_refused_or_taken_back(sqlite_records: Records, signed: Signed) -> None:
    council = Council(sqlite_records, seats=("president", "first"))
    for by in (OFFICER, SECOND):
        proposal = ask(council, delegation(council), signed)
        refuse(sqlite_records, proposal=proposal.id, reason="wrong scan", by=by, at=T0)
        with pytest.raises(ProposalDecided):
            agree(council, proposal, signed)
    with pytest.raises(ProposalUnknown):
        refuse(sqlite_records, proposal=uuid4(), reason="r", by=SECOND, at=T0)


def test_a_negative_tolerance_is_no_policy() -> None:
    with pytest.raises(ValueError, match="not negative"):
        Retroactivity(tolerance_days=-1)
