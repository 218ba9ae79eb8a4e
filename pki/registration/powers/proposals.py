"""Acts on the register that need two officers: proposed by one, confirmed by another over one digest.

Paper delegations, findings and withdrawals of declarations always; offices, ends, revocations and declarations when
they reach back. The digest covers the act and the documents that it touches: whoever confirms has seen both, and a
document signed since makes it void.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID, uuid4

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, ActorKind, record
from pki.journal.canonical import canonical_json
from pki.records import HolderId, OfficeId, Records, day_start
from pki.registration.errors import (
    OfficeUnknown,
    ProposalDecided,
    ProposalDiffers,
    ProposalUnknown,
    SelfConfirmation,
)
from pki.registration.extent import EVERYWHERE, Extent
from pki.registration.offices import OfficeEnding, OfficeRecording, current_end, write_end, write_office
from pki.registration.powers.declarations import (
    DeclarationRecording,
    DeclarationWithdrawal,
    current_declaration,
    withdraw_declaration,
    write_declaration,
)
from pki.registration.powers.delegations import (
    DelegationEnding,
    DelegationRecording,
    current_delegation,
    current_delegation_end,
    write_delegation,
    write_delegation_end,
)
from pki.registration.powers.dependents import hanging_on
from pki.registration.powers.findings import FindingRecording, current_finding, write_finding
from pki.registration.powers.scans import require_scan
from pki.registration.powers.spelling import RegisterAct, kind_of, read_act, spelled
from pki.registration.powers.tables import RegisterProposal
from pki.registration.tables import Body, Office


class DocumentsTouched(Protocol):
    """The references of documents signed for a body in [since, until]; by that holder, or by whoever (None). A step."""

    def __call__(
        self, session: Session, *, body_code: str, holder: HolderId | None, since: datetime, until: datetime
    ) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What waits for a second officer: the act, the documents that it touches, and the digest over both."""

    id: UUID
    body_code: str
    act: RegisterAct
    documents: tuple[str, ...]
    digest: str
    proposed_by: str
    proposed_at: datetime

    @property
    def kind(self) -> str:
        """As `kind_of` names it: `office`, `delegation_end`, `declaration` …"""
        return kind_of(self.act)

    @property
    def plain(self) -> dict[str, object]:
        """The act as JSON-safe values, as the digest covers it."""
        said: dict[str, object] = json.loads(canonical_json(spelled(self.act)))
        return said


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reach:
    """Whose signatures an act bears on, and since which day; None: it bears on none of the past."""

    body_code: str
    holder: HolderId | None
    since: date
    others: frozenset[tuple[str, HolderId]] = frozenset()
    """Who signed, for which body, by a right that hangs on the office of the act."""
    stands: date | None = None
    """The end on record that the act takes the place of."""


def propose(records: Records, *, act: RegisterAct, touched: DocumentsTouched, by: Actor, at: datetime) -> Proposal:
    """Propose an act. What the register would refuse now is refused here already; nothing of it is kept.

    :raise RegistrationError: as the act itself would be refused.
    :raise ScanUnknown: it is recorded from a paper whose scan was not sent.
    """
    with records.writing() as session:
        trial = session.begin_nested()
        _write(session, act, by=by, confirmed_by=_NOBODY, at=at)
        trial.rollback()
        reach = _reach(session, act)
        _require_scan(session, act, reach.body_code)
        documents = _documents(session, reach, touched, at=at)
        proposal, content = uuid4(), canonical_json(spelled(act))
        digest = _digest(proposal, content, documents, str(by), stands=reach.stands)
        session.execute(
            insert(RegisterProposal).values(
                id=proposal,
                body_code=reach.body_code,
                kind=kind_of(act),
                content=content.decode(),
                documents="\n".join(documents),
                digest=digest,
                proposed_at=at,
                proposed_by=str(by),
            )
        )
        facts = {"kind": kind_of(act), "body": reach.body_code, "digest": digest, "documents": len(documents)}
        record(session, kind="register.proposed", subject=f"proposal:{proposal}", by=by, at=at, facts=facts)
    return Proposal(
        id=proposal,
        body_code=reach.body_code,
        act=act,
        documents=documents,
        digest=digest,
        proposed_by=str(by),
        proposed_at=at,
    )


def confirm(
    records: Records, *, proposal: UUID, digest: str, touched: DocumentsTouched, by: Actor, at: datetime
) -> UUID:
    """Confirm a proposal: the act is on the register from now on. Return the id of what it recorded or ended.

    :raise ProposalUnknown: none of that id.
    :raise ProposalDecided: it was confirmed or refused before.
    :raise SelfConfirmation: by whoever proposed it.
    :raise ProposalDiffers: for another digest, or documents were signed since that it touches, or another end of
        the same office or delegation was recorded since.
    :raise RegistrationError: the register changed since, and refuses the act now.
    """
    with records.writing() as session:
        row = _waiting(session, proposal)
        # THREAT: one officer alone rewrites the past, or has another confirm what he did not see.
        # DEFENCE: another person than who proposed it, the digest of act and documents as they are now, once.
        # TEST: tests/pki/registration/test_proposals.py::test_two_officers_once
        if str(by) == row.proposed_by:
            raise SelfConfirmation(proposal)
        act = read_act(row.kind, json.loads(row.content))
        reach = _reach(session, act)
        documents = _documents(session, reach, touched, at=at)
        current = _digest(proposal, row.content.encode(), documents, row.proposed_by, stands=reach.stands)
        if not digest == row.digest == current:
            raise ProposalDiffers(proposal, current)
        kind, _, name = row.proposed_by.partition(":")
        proposer = Actor(kind=ActorKind(kind), id=name)
        result = _write(session, act, by=proposer, confirmed_by=by, at=at)
        _decide(session, proposal, {"confirmed_at": at, "confirmed_by": str(by), "result_id": result})
        facts = {"digest": digest, "result": result, "documents": len(documents)}
        record(session, kind="register.confirmed", subject=f"proposal:{proposal}", by=by, at=at, facts=facts)
    return result


def refuse(records: Records, *, proposal: UUID, reason: str, by: Actor, at: datetime) -> None:
    """Refuse a proposal, or take one's own back.

    :raise ProposalUnknown: none of that id.
    :raise ProposalDecided: it was confirmed or refused before.
    """
    with records.writing() as session:
        _waiting(session, proposal)
        _decide(session, proposal, {"refused_at": at, "refused_by": str(by)})
        facts = {"reason": reason}
        record(session, kind="register.refused", subject=f"proposal:{proposal}", by=by, at=at, facts=facts)


def proposal_of(session: Session, proposal: UUID) -> Proposal:
    """The proposal of that id that waits.

    :raise ProposalUnknown: none of that id.
    :raise ProposalDecided: it was confirmed or refused before.
    """
    return _seen(_waiting(session, proposal))


def waiting_proposals(session: Session, *, within: Extent = EVERYWHERE) -> list[Proposal]:
    """What waits for a second officer in the bodies inside the extent, oldest first."""
    rows = session.scalars(
        select(RegisterProposal)
        .where(
            RegisterProposal.body_code.in_(select(Body.code).where(within.bodies())),
            RegisterProposal.confirmed_at.is_(None),
            RegisterProposal.refused_at.is_(None),
        )
        .order_by(RegisterProposal.proposed_at, RegisterProposal.id)
    )
    return [_seen(row) for row in rows]


def proposer_of(session: Session, proposal: UUID) -> tuple[str, str]:
    """The code of the body that a proposal is about, and who made it, whatever became of it.

    :raise ProposalUnknown: none of that id.
    """
    found = session.execute(
        select(RegisterProposal.body_code, RegisterProposal.proposed_by).where(RegisterProposal.id == proposal)
    ).one_or_none()
    if found is None:
        raise ProposalUnknown(proposal)
    return found.body_code, found.proposed_by


_NOBODY = Actor(kind=ActorKind.SYSTEM, id="nobody-yet")


def _write(  # noqa: PLR0911 - one for each act
    session: Session, act: RegisterAct, *, by: Actor, confirmed_by: Actor, at: datetime
) -> UUID:
    match act:
        case OfficeRecording():
            return write_office(session, act, by=by, at=at)
        case OfficeEnding():
            write_end(session, act, by=by, at=at)
            return act.office
        case DelegationRecording():
            return write_delegation(
                session,
                act.deed,
                paper=act.paper,
                supersedes=act.supersedes,
                by=by,
                confirmed_by=confirmed_by,
                at=at,
            )
        case DelegationEnding():
            write_delegation_end(session, act, by=by, at=at)
            return act.delegation
        case FindingRecording():
            return write_finding(session, act, by=by, confirmed_by=confirmed_by, at=at)
        case DeclarationRecording():
            return write_declaration(session, act, by=by, confirmed_by=confirmed_by, at=at)
        case DeclarationWithdrawal():
            withdraw_declaration(session, act, by=by, at=at)
            return act.declaration


def _require_scan(session: Session, act: RegisterAct, body_code: str) -> None:
    if isinstance(act, DelegationRecording):
        require_scan(session, body_code=body_code, sha256=act.paper.scan_sha256)
    elif isinstance(act, FindingRecording):
        require_scan(session, body_code=body_code, sha256=act.scan_sha256)


def _reach(session: Session, act: RegisterAct) -> _Reach:  # noqa: PLR0911 - one for each act
    """Whose signatures the act bears on: from the earlier of what was on record and what is to be."""
    match act:
        case OfficeRecording():
            former = None if act.supersedes is None else _office(session, act.supersedes)
            others = hanging_on(session, body_code=act.body_code, function=act.function, holder=act.holder)
            if former is not None:
                others |= hanging_on(
                    session, body_code=former.code, function=former.function, holder=act.holder, office=act.supersedes
                )
            since = _first(act.starts_on, None if former is None else former.starts_on)
            return _Reach(body_code=act.body_code, holder=act.holder, since=since, others=others)
        case OfficeEnding():
            office = _office(session, act.office)
            stands = current_end(session, act.office)
            holder = HolderId(office.holder_id)
            others = hanging_on(
                session, body_code=office.code, function=office.function, holder=holder, office=act.office
            )
            since = _first(act.ends_on, stands)
            return _Reach(body_code=office.code, holder=holder, since=since, others=others, stands=stands)
        case DelegationRecording():
            taker = _office(session, act.deed.to_office)
            past = None if act.supersedes is None else current_delegation(session, act.supersedes).starts_on
            since = _first(act.deed.starts_on, past)
            return _Reach(body_code=taker.code, holder=HolderId(taker.holder_id), since=since)
        case DelegationEnding():
            taker = _office(session, OfficeId(current_delegation(session, act.delegation).to_office_id))
            stands = current_delegation_end(session, act.delegation)
            since = _first(act.ends_on, stands)
            return _Reach(body_code=taker.code, holder=HolderId(taker.holder_id), since=since, stands=stands)
        case FindingRecording():
            before = None if act.supersedes is None else current_finding(session, act.supersedes).starts_on
            return _Reach(body_code=act.body_code, holder=None, since=_first(act.starts_on, before))
        case DeclarationRecording():
            return _Reach(body_code=act.body_code, holder=None, since=act.complete_from)
        case DeclarationWithdrawal():
            sworn = current_declaration(session, act.declared, act.declaration)
            return _Reach(body_code=sworn.body_code, holder=None, since=sworn.complete_from)


def _documents(session: Session, reach: _Reach, touched: DocumentsTouched, *, at: datetime) -> tuple[str, ...]:
    since = day_start(reach.since)
    if since > at:
        return ()
    # THREAT: the end of a president's office, recorded backwards, casts doubt on what others signed in his place,
    #   and neither officer was shown it.
    # DEFENCE: what was signed by a right that hangs on the office is listed, and bound by the digest, with his own.
    # TEST: tests/pki/registration/test_proposals.py::test_documents_of_those_whose_right_hangs_on_an_office
    own = (reach.body_code, reach.holder)
    found = [
        touched(session, body_code=code, holder=holder, since=since, until=at)
        for code, holder in (own, *sorted(reach.others - {own}, key=str))
    ]
    return found[0] if len(found) == 1 else tuple(sorted(set().union(*found)))


def _office(session: Session, office: OfficeId) -> Any:
    # What another record replaced still has its holder and body: a delegation may hang on it.
    row = session.execute(
        select(Office.holder_id, Office.starts_on, Office.function, Body.code)
        .join(Body, Body.id == Office.body_id)
        .where(Office.id == office)
    ).one_or_none()
    if row is None:
        raise OfficeUnknown(office)
    return row


def _first(day: date, other: date | None) -> date:
    return day if other is None else min(day, other)


def _waiting(session: Session, proposal: UUID) -> RegisterProposal:
    row = session.scalar(select(RegisterProposal).where(RegisterProposal.id == proposal))
    if row is None:
        raise ProposalUnknown(proposal)
    if row.confirmed_at is not None or row.refused_at is not None:
        raise ProposalDecided(proposal)
    return row


def _decide(session: Session, proposal: UUID, values: Mapping[str, object]) -> None:
    done = session.execute(
        update(RegisterProposal)
        .where(
            RegisterProposal.id == proposal,
            RegisterProposal.confirmed_at.is_(None),
            RegisterProposal.refused_at.is_(None),
        )
        .values(**values)
        .returning(RegisterProposal.id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if done is None:
        raise ProposalDecided(proposal)


def _seen(row: RegisterProposal) -> Proposal:
    return Proposal(
        id=row.id,
        body_code=row.body_code,
        act=read_act(row.kind, json.loads(row.content)),
        documents=tuple(row.documents.split("\n")) if row.documents else (),
        digest=row.digest,
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
    )


def _digest(
    proposal: UUID, content: bytes, documents: tuple[str, ...], proposed_by: str, *, stands: date | None
) -> str:
    said: dict[str, object] = {"proposal": proposal, "act": content.decode(), "documents": documents}
    said |= {"proposed_by": proposed_by, "stands": stands}
    return hashlib.sha256(canonical_json(said)).hexdigest()
