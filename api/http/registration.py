"""Territory, bodies, holders, offices."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response
from pydantic import Field, StringConstraints

from api.auth.permissions import CentralOfficer, CommuneOrAbove, HouseHere, ProvincialOrAbove, now
from api.auth.territory import require_body, require_office
from api.notices import tell_office_ends
from pki.records import HolderId, Joined, OfficeId, Records
from pki.registration.bodies import register_body
from pki.registration.holders import enrol_holder
from pki.registration.kinds import BodyKind, OfficeFunction
from pki.registration.offices import end_office, record_office
from pki.registration.powers.declarations import declare_register_complete
from pki.registration.territory import count_territory

from .once import OnceOnly
from .schema import Code, IdOut, In, Line, Out

router = APIRouter(prefix="/v1", tags=["registration"])
Mail = Annotated[str, StringConstraints(pattern=r"^[^@\s]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,}$")]
Phone = Annotated[str, StringConstraints(pattern=r"^[+0-9 .()-]{8,24}$")]
NationalId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{1,2}[0-9]{1,8}$")]


class TerritoryOut(Out):
    """How much territory is loaded, of the officer's own."""

    regions: int
    provinces: int
    communes: int
    arrondissements: int


class BodyIn(In):
    """A body that is not part of the official territory."""

    code: Code
    kind: BodyKind
    name_fr: Line
    name_ar: Line
    province_code: Code | None = None


class BodyOut(Out):
    """A body."""

    code: str
    kind: BodyKind
    name_fr: str
    name_ar: str


class DeclarationIn(In):
    """From this civil day on, the register of the body's offices is complete."""

    complete_from: date


class DeclarationOut(Out):
    """The declaration as recorded."""

    body: str
    complete_from: date


class HolderIn(In):
    """A natural person who may hold a key."""

    name_ar: Line
    name_latin: Line
    cin: NationalId
    email: Mail | None = None
    phone: Phone | None = None


class HolderOut(Out):
    """The person; the national id is masked."""

    id: UUID
    name_ar: str
    name_latin: str
    cin_masked: str


class OfficeIn(In):
    """A dated office of a person in a body."""

    holder: UUID
    body: Code
    function: OfficeFunction
    rank: Annotated[int, Field(ge=1, le=30)] | None = None
    starts_on: date
    deed: Line


class OfficeEndIn(In):
    """The end of an office: the first civil day no longer in it."""

    ends_on: date
    reason: Line
    deed: Line


@router.get("/territory", operation_id="countTerritory")
def get_territory(officer: CommuneOrAbove, house: HouseHere) -> TerritoryOut:
    """Count the regions, provinces, communes and arrondissements on record that lie in the officer's territory."""
    with house.records.reading() as session:
        counted = count_territory(session, within=officer.extent)
    return TerritoryOut(**asdict(counted))


@router.post("/bodies", status_code=201, operation_id="registerBody", response_model=BodyOut)
def post_body(body: BodyIn, officer: CentralOfficer, once: OnceOnly) -> Response:
    """Record a body."""

    def act(records: Records) -> BodyOut:
        register_body(
            records,
            code=body.code,
            kind=body.kind,
            name_fr=body.name_fr,
            name_ar=body.name_ar,
            province_code=body.province_code,
            by=officer.actor,
            at=now(),
        )
        return BodyOut(code=body.code, kind=body.kind, name_fr=body.name_fr, name_ar=body.name_ar)

    return once.atomically(act)


@router.post(
    "/bodies/{code}/register-declarations",
    status_code=201,
    operation_id="declareRegisterComplete",
    response_model=DeclarationOut,
)
def post_declaration(
    code: Annotated[Code, Path()], body: DeclarationIn, officer: CentralOfficer, once: OnceOnly
) -> Response:
    """Declare that a body's register is complete from today or a later day on; a past one is proposed."""

    def act(records: Records) -> DeclarationOut:
        declare_register_complete(records, body_code=code, complete_from=body.complete_from, by=officer.actor, at=now())
        return DeclarationOut(body=code, complete_from=body.complete_from)

    return once.atomically(act)


@router.post("/holders", status_code=201, operation_id="enrolHolder", response_model=HolderOut)
def post_holder(body: HolderIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly) -> Response:
    """Enrol a person."""

    def act(records: Records) -> HolderOut:
        holder = enrol_holder(
            records,
            house.protection,
            name_ar=body.name_ar,
            name_latin=body.name_latin,
            cin=body.cin,
            email=body.email,
            phone=body.phone,
            by=officer.actor,
            at=now(),
        )
        return HolderOut(
            id=holder,
            name_ar=body.name_ar,
            name_latin=body.name_latin,
            cin_masked=house.protection.masked(body.cin),
        )

    return once.atomically(act)


@router.post("/offices", status_code=201, operation_id="recordOffice", response_model=IdOut)
def post_office(body: OfficeIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly) -> Response:
    """Record a dated office."""
    require_body(house.records, officer, body.body)

    def act(records: Records) -> IdOut:
        office = record_office(
            records,
            holder=HolderId(body.holder),
            body_code=body.body,
            function=body.function,
            rank=body.rank,
            starts_on=body.starts_on,
            deed=body.deed,
            by=officer.actor,
            at=now(),
        )
        return IdOut(id=office)

    return once.atomically(act)


@router.post("/offices/{office}/end", status_code=201, operation_id="endOffice", response_model=IdOut)
def post_office_end(
    office: UUID, body: OfficeEndIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly
) -> Response:
    """Record that an office ends."""
    require_office(house.records, officer, office)

    def act(records: Records) -> IdOut:
        at = now()
        with records.writing() as session:
            # THREAT: people are told that an office ends, by our own message, and the end was refused.
            # DEFENCE: the notice is written while its reader is in office still, and goes with the act if that fails.
            # TEST: tests/api/http/test_delegations.py::test_nobody_is_told_of_an_end_that_was_refused
            joined = Joined(session)
            tell_office_ends(joined, house.mailer, office=OfficeId(office), ends_on=body.ends_on, at=at)
            end_office(
                joined,
                office=OfficeId(office),
                ends_on=body.ends_on,
                reason=body.reason,
                deed=body.deed,
                by=officer.actor,
                at=at,
            )
        return IdOut(id=office)

    return once.atomically(act)
