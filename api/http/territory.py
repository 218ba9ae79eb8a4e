"""What an officer finds in his own territory: people in office, documents. Orders, allowances: their own doors."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.auth.permissions import CommuneOrAbove, HouseHere, now
from api.auth.territory import narrowed
from pki.records import civil_day
from pki.registration.kinds import OfficeFunction
from pki.registration.people import people
from signer.dossiers.kinds import DocumentKind, DocumentState
from signer.dossiers.listing import documents

from .schema import Code, Out, Reference, Zulu

router = APIRouter(prefix="/v1", tags=["territory"])
Page = Annotated[int, Query(ge=1, le=1000)]


class PersonOut(Out):
    """A person in an office."""

    office: UUID
    holder: UUID
    name_latin: str
    name_ar: str
    body: str
    function: OfficeFunction
    rank: int | None
    starts_on: date
    ends_on: date | None


class PeopleOut(Out):
    """People, by office."""

    items: list[PersonOut]


class DocumentOut(Out):
    """One document, without its applicant and its bytes."""

    reference: str
    kind: DocumentKind
    body: str
    state: DocumentState
    drafted_at: Zulu
    completed_at: Zulu | None


class DocumentsOut(Out):
    """Documents, by reference."""

    items: list[DocumentOut]


@router.get("/people", operation_id="listPeople")
def get_people(
    officer: CommuneOrAbove,
    house: HouseHere,
    body: Annotated[Code | None, Query()] = None,
    after: Annotated[UUID | None, Query()] = None,
    limit: Page = 200,
) -> PeopleOut:
    """Who is in office today in the officer's territory; `after` is the last office of the page before."""
    within = narrowed(house.records, officer, body)
    with house.records.reading() as session:
        found = people(session, within=within, on=civil_day(now()), after=after, limit=limit)
    return PeopleOut(items=[PersonOut(**asdict(each)) for each in found])


@router.get("/documents", operation_id="listDocuments")
def get_documents(
    officer: CommuneOrAbove,
    house: HouseHere,
    body: Annotated[Code | None, Query()] = None,
    after: Annotated[Reference | None, Query()] = None,
    limit: Page = 200,
) -> DocumentsOut:
    """The documents of the officer's territory; `after` is the last reference of the page before."""
    within = narrowed(house.records, officer, body)
    with house.records.reading() as session:
        found = documents(session, within=within, after=after, limit=limit)
    return DocumentsOut(items=[DocumentOut(**asdict(each)) for each in found])
