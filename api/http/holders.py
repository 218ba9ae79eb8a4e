"""Enrolled people: their files in the officer's territory, a full look at a national id, their own contacts."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.auth.permissions import HouseHere, ProvincialOrAbove, now
from api.auth.territory import narrowed, require_holder, require_own_holder
from api.problems import Malformed
from pki.records import HolderId, Records, civil_day
from pki.registration.enrolled import HolderLine, holder_sheet, holders
from pki.registration.holders import Contact, change_contacts, reveal_national_id
from pki.registration.kinds import OfficeFunction

from .once import OnceOnly
from .registration import Mail, Phone
from .schema import Code, IdOut, In, Line, Out, Page, Zulu

router = APIRouter(prefix="/v1/holders", tags=["registration"])


class HolderLineOut(Out):
    """A person in a list; the national id is masked."""

    id: UUID
    name_latin: str
    name_ar: str
    cin_masked: str
    enrolled_at: Zulu

    @classmethod
    def of(cls, line: HolderLine) -> HolderLineOut:
        """As it is answered."""
        return cls(**asdict(line))


class HoldersOut(Out):
    """People, by id."""

    items: list[HolderLineOut]


class HeldOfficeOut(Out):
    """An office of his in the officer's territory, ended or to come too."""

    office: UUID
    body: str
    function: OfficeFunction
    rank: int | None
    starts_on: date
    ends_on: date | None


class HolderSheetOut(HolderLineOut):
    """A person; e-mail and telephone are his own, null also where an office of his lies outside the territory."""

    email: str | None
    phone: str | None
    offices: list[HeldOfficeOut]


class LookIn(In):
    """Why the full national id is looked at."""

    reason: Line


class NationalIdOut(Out):
    """A full national id. Whoever asked for it is in the journal."""

    id: UUID
    cin: str


class ContactsIn(In):
    """What changes; null: he has none any more. What is left out stays."""

    email: Mail | None = None
    phone: Phone | None = None
    reason: Line


@router.get("", operation_id="listHolders")
def get_holders(
    *,
    officer: ProvincialOrAbove,
    house: HouseHere,
    body: Annotated[Code | None, Query()] = None,
    after: Annotated[UUID | None, Query()] = None,
    limit: Page = 200,
) -> HoldersOut:
    """People with an office, ended ones too, in the officer's territory or in one body; `after` is the last id."""
    within = narrowed(house.records, officer, body)
    with house.records.reading() as session:
        found = holders(session, house.protection, within=within, after=after, limit=limit)
    return HoldersOut(items=[HolderLineOut.of(each) for each in found])


@router.get("/{holder}", operation_id="getHolder")
def get_holder(holder: UUID, officer: ProvincialOrAbove, house: HouseHere) -> HolderSheetOut:
    """One person: names, masked national id, his offices in the officer's territory.

    His own contacts where all his offices that are not over lie there; of whoever has none, to the centre alone.
    """
    require_holder(house.records, officer, holder)
    with house.records.reading() as session:
        found = holder_sheet(
            session, house.protection, holder=HolderId(holder), within=officer.extent, on=civil_day(now())
        )
    offices = [HeldOfficeOut(**asdict(each)) for each in found.offices]
    return HolderSheetOut(**asdict(found.line), email=found.email, phone=found.phone, offices=offices)


@router.post("/{holder}/national-id-looks", operation_id="lookAtNationalId")
def post_look(*, holder: UUID, body: LookIn, officer: ProvincialOrAbove, house: HouseHere) -> NationalIdOut:
    """Look at a full national id. The reason, and who asked, go to the journal, each time.

    Of a person whose offices that are not over all lie in the officer's territory; of whoever has none, at the centre.
    """
    require_own_holder(house.records, officer, holder, on=civil_day(now()))
    # THREAT: national ids are read through one by one, and nobody learns of it; or one stays in a stored answer.
    # DEFENCE: no list has them; one look is one entry of the journal, written before the answer, which is not kept:
    #   this door takes no Idempotency-Key, so that a repeated look is another entry.
    # TEST: tests/api/http/test_holders.py::test_each_full_look_is_in_the_journal
    with house.records.writing() as session:
        number = reveal_national_id(
            session, house.protection, holder=HolderId(holder), purpose=body.reason, by=officer.actor, at=now()
        )
    return NationalIdOut(id=holder, cin=number)


@router.post("/{holder}/contacts", status_code=201, operation_id="changeContacts", response_model=IdOut)
def post_contacts(
    *, holder: UUID, body: ContactsIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly
) -> Response:
    """Change a person's own e-mail address or telephone number.

    Of a person whose offices that are not over all lie in the officer's territory; of whoever has none, at the centre.
    """
    require_own_holder(house.records, officer, holder, on=civil_day(now()))
    given = {each: getattr(body, each.value) for each in Contact if each.value in body.model_fields_set}
    if not given:
        raise Malformed("Either email or phone is needed.", "/email")

    def act(records: Records) -> IdOut:
        change_contacts(
            records, holder=HolderId(holder), contacts=given, reason=body.reason, by=officer.actor, at=now()
        )
        return IdOut(id=holder)

    return once.atomically(act)
