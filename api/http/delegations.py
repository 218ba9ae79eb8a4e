"""Delegations: the deed signed in a ceremony, revocations, what a body's register says, and who may sign what."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from api.auth.permissions import CentralOfficer, CommuneOrAbove, HouseHere, ProvincialOrAbove, now
from api.auth.territory import require_body, require_office
from api.delegations import open_delegation
from api.notices import tell_delegation_ends
from api.problems import Malformed
from pki.records import HolderId, Records
from pki.registration.entitlement import Answer, Reason, entitlement
from pki.registration.kinds import ActKind
from pki.registration.powers.declarations import declare_powers_complete
from pki.registration.powers.delegations import DelegationEnding, end_delegation
from pki.registration.powers.kinds import DeedKind, DelegationMode, FindingKind
from pki.registration.powers.reading import RecordedDelegation, RecordedFinding, delegations_of, findings_of

from .once import OnceOnly
from .orders import AcceptanceOut
from .proposals import DeedIn, DelegationEndIn, require_delegation
from .registration import DeclarationIn, DeclarationOut
from .schema import Code, IdOut, Moment, Out, Zulu

EPOCH, SKEW = datetime(1970, 1, 1, tzinfo=UTC), timedelta(minutes=5)
"""From when on the register is asked; how far a caller's clock may be ahead."""
router = APIRouter(prefix="/v1", tags=["registration"])


class DelegationOut(Out):
    """A delegation on record; `ends_on` is the earlier of its deed's and its revocation's."""

    id: UUID
    number: str
    from_office: UUID
    to_office: UUID
    mode: DelegationMode
    acts: tuple[ActKind, ...]
    sector: str | None
    starts_on: date
    ends_on: date | None
    deed_kind: DeedKind
    document: str | None
    recorded_at: Zulu

    @classmethod
    def of(cls, found: RecordedDelegation) -> DelegationOut:
        """The delegation as it is answered."""
        return cls.model_validate(found, from_attributes=True)


class FindingOut(Out):
    """A finding on record."""

    id: UUID
    kind: FindingKind
    office: UUID | None
    replacement: UUID | None
    number: str
    acts: tuple[ActKind, ...]
    starts_on: date
    ends_on: date | None
    recorded_at: Zulu

    @classmethod
    def of(cls, found: RecordedFinding) -> FindingOut:
        """The finding as it is answered."""
        return cls.model_validate(found, from_attributes=True)


class PowersOut(Out):
    """By what recorded acts others sign in a body, now or later."""

    delegations: tuple[DelegationOut, ...]
    findings: tuple[FindingOut, ...]


class EntitlementOut(Out):
    """Whether a holder may sign an act for a body at an instant, by what chain and article."""

    at: Zulu
    answer: Answer
    reason: Reason
    article: str
    function: str | None
    chain: tuple[str, ...]
    ends_on: date | None


@router.post("/delegations/ceremonies", status_code=201, operation_id="openDelegation", response_model=AcceptanceOut)
def post_delegation(body: DeedIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly) -> Response:
    """Draw up a deed of delegation and open the ceremony in which its giver signs it."""
    for office in (body.from_office, body.to_office):
        require_office(house.records, officer, office)

    def opened(records: Records) -> AcceptanceOut:
        made = open_delegation(records, house.drafting, house.desk, deed=body.deed(), by=officer.actor, at=now())
        return AcceptanceOut(
            ceremony=made.ceremony.id,
            agent_url=made.ceremony.agent_url,
            expires_at=made.ceremony.expires_at,
            document=made.reference,
        )

    return once.then_stored(opened)


@router.post("/delegations/{delegation}/end", status_code=201, operation_id="endDelegation", response_model=IdOut)
def post_delegation_end(
    delegation: UUID, body: DelegationEndIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly
) -> Response:
    """Record that a delegation is revoked from today on, or later."""
    require_delegation(house.records, officer, delegation)

    def act(records: Records) -> IdOut:
        ending = DelegationEnding(delegation=delegation, ends_on=body.ends_on, reason=body.reason, deed=body.deed)
        at = now()
        end_delegation(records, ending=ending, by=officer.actor, at=at)
        tell_delegation_ends(records, house.mailer, delegation=delegation, ends_on=body.ends_on, at=at)
        return IdOut(id=delegation)

    return once.atomically(act)


@router.get("/bodies/{code}/powers", operation_id="listPowers")
def get_powers(code: Annotated[Code, Path()], officer: CommuneOrAbove, house: HouseHere) -> PowersOut:
    """The delegations and findings of a body that stand on record."""
    require_body(house.records, officer, code)
    with house.records.reading() as session:
        return PowersOut(
            delegations=tuple(DelegationOut.of(each) for each in delegations_of(session, body_code=code)),
            findings=tuple(FindingOut.of(each) for each in findings_of(session, body_code=code)),
        )


@router.post(
    "/bodies/{code}/powers-declarations",
    status_code=201,
    operation_id="declarePowersComplete",
    response_model=DeclarationOut,
)
def post_declaration(
    code: Annotated[Code, Path()], body: DeclarationIn, officer: CentralOfficer, once: OnceOnly
) -> Response:
    """Declare that no delegation and no finding of a body is missing from a day on; a past one is proposed."""

    def act(records: Records) -> DeclarationOut:
        declare_powers_complete(records, body_code=code, complete_from=body.complete_from, by=officer.actor, at=now())
        return DeclarationOut(body=code, complete_from=body.complete_from)

    return once.atomically(act)


@router.get("/bodies/{code}/entitlement", operation_id="readEntitlement")
def get_entitlement(
    *,
    code: Annotated[Code, Path()],
    holder: Annotated[UUID, Query()],
    act: Annotated[ActKind, Query()],
    officer: CommuneOrAbove,
    house: HouseHere,
    small_project: Annotated[bool | None, Query()] = None,
    at: Annotated[Moment | None, Query()] = None,
) -> EntitlementOut:
    """Whether a holder may sign a kind of act for a body now, or might at an instant that is past.

    From all that is on record today: the reason tells what was recorded after that instant.
    """
    require_body(house.records, officer, code)
    moment = now()
    if at is not None and not EPOCH <= at <= moment + SKEW:
        raise Malformed("The register answers for now and for the past, since 1970.", "/at")
    with house.records.reading() as session:
        found = entitlement(
            session, holder=HolderId(holder), body_code=code, act=act, at=at or moment, small_project=small_project
        )
    return EntitlementOut(
        at=at or moment,
        answer=found.answer,
        reason=found.reason,
        article=found.article,
        function=None if found.function is None else found.function.value,
        chain=found.chain,
        ends_on=found.ends_on,
    )
