"""Acts on the register that need two officers: proposed here by one, confirmed by another over the digest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field, StringConstraints

from api.auth.four_eyes import require_second
from api.auth.officers import Officer
from api.auth.permissions import CommuneOrAbove, HouseHere, ProvincialOrAbove, now
from api.auth.territory import narrowed, require_body, require_office
from api.notices import tell_delegation
from api.wiring import House
from pki.quota.corrections import follow_correction
from pki.records import HolderId, Joined, OfficeId, Records
from pki.registration.kinds import ActKind, OfficeFunction
from pki.registration.offices import OfficeEnding, OfficeRecording
from pki.registration.powers.delegations import DelegationDeed, DelegationEnding, DelegationRecording, PaperDeed
from pki.registration.powers.findings import FindingRecording
from pki.registration.powers.kinds import DelegationMode, FindingKind
from pki.registration.powers.proposals import (
    Proposal,
    confirm,
    proposal_of,
    propose,
    proposer_of,
    refuse,
    waiting_proposals,
)
from pki.registration.powers.reading import body_of_delegation
from pki.registration.powers.spelling import RegisterAct

from .once import OnceOnly
from .registration import OfficeEndIn, OfficeIn
from .schema import Code, IdOut, In, Line, Out, Sha256, Zulu

router = APIRouter(prefix="/v1", tags=["registration"])
Number = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]{1,60}$")]
Sector = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]{1,100}$")]
Acts = Annotated[frozenset[ActKind], Field(min_length=1, max_length=10)]


class OfficeProposalIn(OfficeIn):
    """An office that reaches back, or takes the place of another record."""

    supersedes: UUID | None = None


class OfficeEndProposalIn(OfficeEndIn):
    """The end of an office that reaches back."""

    office: UUID


class DeedIn(In):
    """What a deed of delegation says; the days are [starts_on, ends_on)."""

    number: Number
    from_office: UUID
    to_office: UUID
    mode: DelegationMode = DelegationMode.SIGNATURE
    acts: Acts
    sector: Sector | None = None
    starts_on: date
    ends_on: date | None = None

    def deed(self) -> DelegationDeed:
        """The deed as the register knows it."""
        return DelegationDeed(
            number=self.number,
            from_office=OfficeId(self.from_office),
            to_office=OfficeId(self.to_office),
            mode=self.mode,
            acts=self.acts,
            sector=self.sector,
            starts_on=self.starts_on,
            ends_on=self.ends_on,
        )


class PaperDelegationIn(DeedIn):
    """A delegation recorded from its paper deed."""

    scan_sha256: Sha256
    bulletin: Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,100}$")] | None = None
    supersedes: UUID | None = None


class DelegationEndIn(In):
    """A revocation: the first civil day on which the delegation no longer counts."""

    ends_on: date
    reason: Line
    deed: Line


class DelegationEndProposalIn(DelegationEndIn):
    """A revocation that reaches back."""

    delegation: UUID


class FindingIn(In):
    """A finding of absence, of substitution, or of a special committee; the days are [starts_on, ends_on)."""

    kind: FindingKind
    body: Code
    office: UUID | None = None
    replacement: UUID | None = None
    number: Number
    acts: Annotated[frozenset[ActKind], Field(max_length=10)] = frozenset()
    starts_on: date
    ends_on: date | None = None
    deed: Line
    scan_sha256: Sha256
    supersedes: UUID | None = None


class ConfirmationIn(In):
    """What the second officer saw."""

    digest: Sha256


class RefusalIn(In):
    """Why it is refused, or taken back."""

    reason: Line


class ProposalOut(Out):
    """An act that waits for a second officer, with the documents that it touches."""

    id: UUID
    body: str
    kind: str
    act: dict[str, object]
    documents: tuple[str, ...]
    digest: str
    proposed_by: str
    proposed_at: Zulu

    @classmethod
    def of(cls, proposal: Proposal) -> ProposalOut:
        """The proposal as it is answered."""
        return cls(
            id=proposal.id,
            body=proposal.body_code,
            kind=proposal.kind,
            act=proposal.plain,
            documents=proposal.documents,
            digest=proposal.digest,
            proposed_by=proposal.proposed_by,
            proposed_at=proposal.proposed_at,
        )


class ProposalsOut(Out):
    """What waits in a body."""

    items: tuple[ProposalOut, ...]


@router.post("/register-proposals/offices", status_code=201, operation_id="proposeOffice", response_model=ProposalOut)
def post_office(body: OfficeProposalIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly) -> Response:
    """Propose an office that reaches back, or that takes the place of another record."""
    require_body(house.records, officer, body.body)
    if body.supersedes is not None:
        require_office(house.records, officer, body.supersedes)
    act = OfficeRecording(
        holder=HolderId(body.holder),
        body_code=body.body,
        function=OfficeFunction(body.function),
        rank=body.rank,
        starts_on=body.starts_on,
        deed=body.deed,
        supersedes=None if body.supersedes is None else OfficeId(body.supersedes),
    )
    return once.atomically(proposed(house, officer, act))


@router.post(
    "/register-proposals/office-ends", status_code=201, operation_id="proposeOfficeEnd", response_model=ProposalOut
)
def post_office_end(
    body: OfficeEndProposalIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly
) -> Response:
    """Propose the end of an office that reaches back."""
    require_office(house.records, officer, body.office)
    act = OfficeEnding(office=OfficeId(body.office), ends_on=body.ends_on, reason=body.reason, deed=body.deed)
    return once.atomically(proposed(house, officer, act))


@router.post(
    "/register-proposals/delegations", status_code=201, operation_id="proposeDelegation", response_model=ProposalOut
)
def post_delegation(body: PaperDelegationIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly) -> Response:
    """Propose to record a delegation from its paper deed."""
    for office in (body.from_office, body.to_office):
        require_office(house.records, officer, office)
    paper = PaperDeed(scan_sha256=body.scan_sha256, bulletin=body.bulletin)
    act = DelegationRecording(deed=body.deed(), paper=paper, supersedes=body.supersedes)
    return once.atomically(proposed(house, officer, act))


@router.post(
    "/register-proposals/delegation-ends",
    status_code=201,
    operation_id="proposeDelegationEnd",
    response_model=ProposalOut,
)
def post_delegation_end(
    body: DelegationEndProposalIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly
) -> Response:
    """Propose a revocation that reaches back."""
    require_delegation(house.records, officer, body.delegation)
    act = DelegationEnding(delegation=body.delegation, ends_on=body.ends_on, reason=body.reason, deed=body.deed)
    return once.atomically(proposed(house, officer, act))


@router.post("/register-proposals/findings", status_code=201, operation_id="proposeFinding", response_model=ProposalOut)
def post_finding(body: FindingIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly) -> Response:
    """Propose to record an absence over a month, a substitution by the governor, or a special committee."""
    require_body(house.records, officer, body.body)
    act = FindingRecording(
        kind=body.kind,
        body_code=body.body,
        office=None if body.office is None else OfficeId(body.office),
        replacement=None if body.replacement is None else OfficeId(body.replacement),
        number=body.number,
        acts=body.acts,
        starts_on=body.starts_on,
        ends_on=body.ends_on,
        deed=body.deed,
        scan_sha256=body.scan_sha256,
        supersedes=body.supersedes,
    )
    return once.atomically(proposed(house, officer, act))


@router.get("/register-proposals", operation_id="listProposals")
def get_proposals(
    officer: CommuneOrAbove, house: HouseHere, body: Annotated[Code | None, Query()] = None
) -> ProposalsOut:
    """What waits for a second officer in the officer's territory or in one body of it, oldest first."""
    within = narrowed(house.records, officer, body)
    with house.records.reading() as session:
        return ProposalsOut(items=tuple(ProposalOut.of(each) for each in waiting_proposals(session, within=within)))


@router.get("/register-proposals/{proposal}", operation_id="readProposal")
def get_proposal(proposal: UUID, officer: CommuneOrAbove, house: HouseHere) -> ProposalOut:
    """One proposal: the act, the documents that it touches, the digest to confirm."""
    _require_proposal(house.records, officer, proposal)
    with house.records.reading() as session:
        return ProposalOut.of(proposal_of(session, proposal))


@router.post(
    "/register-proposals/{proposal}/confirmation",
    status_code=201,
    operation_id="confirmProposal",
    response_model=IdOut,
)
def post_confirmation(
    proposal: UUID, body: ConfirmationIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly
) -> Response:
    """Confirm a proposal, as another officer of the first one's level or above: the act is on the register now."""
    proposer = _require_proposal(house.records, officer, proposal)
    require_second(house.records, officer, first=proposer)

    def act(records: Records) -> IdOut:
        at = now()
        # One transaction: no correction without the orders that follow it, no act without its notice.
        with records.writing() as session:
            joined, seen = Joined(session), proposal_of(session, proposal).act
            made = confirm(
                joined, proposal=proposal, digest=body.digest, touched=house.touched, by=officer.actor, at=at
            )
            if isinstance(seen, OfficeRecording) and seen.supersedes is not None:
                former, office = seen.supersedes, OfficeId(made)
                follow_correction(joined, house.settled, former=former, office=office, by=officer.actor, at=at)
            tell_delegation(joined, house.mailer, delegation=made, at=at)
        return IdOut(id=made)

    return once.atomically(act)


@router.post(
    "/register-proposals/{proposal}/refusal", status_code=201, operation_id="refuseProposal", response_model=IdOut
)
def post_refusal(
    proposal: UUID, body: RefusalIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly
) -> Response:
    """Refuse a proposal, as a second officer might confirm it, or take one's own back."""
    proposer = _require_proposal(house.records, officer, proposal)
    if proposer != str(officer.actor):
        require_second(house.records, officer, first=proposer)

    def act(records: Records) -> IdOut:
        refuse(records, proposal=proposal, reason=body.reason, by=officer.actor, at=now())
        return IdOut(id=proposal)

    return once.atomically(act)


def require_delegation(records: Records, officer: Officer, delegation: UUID) -> None:
    """Hold the officer to his territory, by the body of a delegation.

    :raise DelegationUnknown: no such delegation.
    """
    with records.reading() as session:
        code = body_of_delegation(session, delegation)
    require_body(records, officer, code)


def _require_proposal(records: Records, officer: Officer, proposal: UUID) -> str:
    """Hold the officer to his territory; who proposed it, as the row keeps him."""
    with records.reading() as session:
        body, proposer = proposer_of(session, proposal)
    require_body(records, officer, body)
    return proposer


def proposed(house: House, officer: Officer, act: RegisterAct) -> Callable[[Records], ProposalOut]:
    """Propose the act, once it is known to be asked for once."""

    def run(records: Records) -> ProposalOut:
        return ProposalOut.of(propose(records, act=act, touched=house.touched, by=officer.actor, at=now()))

    return run
