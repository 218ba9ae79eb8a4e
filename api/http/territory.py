"""What an officer finds in his own territory: offices and who holds them, documents. Orders, allowances: elsewhere."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from api.auth.permissions import CommuneOrAbove, HouseHere, now
from api.auth.territory import narrowed, require_body
from pki.records import civil_day
from pki.registration.kinds import OfficeFunction
from pki.registration.office_records import office_records
from pki.registration.people import people
from signer.dossiers.kinds import DocumentKind, DocumentState
from signer.dossiers.listing import documents

from .schema import Code, Out, Page, Reference, Zulu

router = APIRouter(prefix="/v1", tags=["territory"])


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


class EndRecordOut(Out):
    """One record of an office's end."""

    ends_on: date
    reason: str
    deed: str
    recorded_at: Zulu
    recorded_by: str
    superseded_at: Zulu | None


class OfficeRecordOut(Out):
    """One record of an office: from which day it is in effect, since when and until when it stood on record."""

    office: UUID
    holder: UUID
    name_latin: str
    name_ar: str
    function: OfficeFunction
    rank: int | None
    starts_on: date
    deed: str
    recorded_at: Zulu
    recorded_by: str
    superseded_at: Zulu | None
    ends: list[EndRecordOut]


class OfficeRecordsOut(Out):
    """Records of a body's offices, by id."""

    items: list[OfficeRecordOut]


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


@router.get("/bodies/{code}/offices", operation_id="listOfficeRecords")
def get_office_records(
    code: Annotated[Code, Path()],
    officer: CommuneOrAbove,
    house: HouseHere,
    after: Annotated[UUID | None, Query()] = None,
    limit: Page = 200,
) -> OfficeRecordsOut:
    """Every record of a body's offices, ended and superseded too; `after` is the last office of the page before."""
    require_body(house.records, officer, code)
    with house.records.reading() as session:
        found = office_records(session, body_code=code, after=after, limit=limit)
    return OfficeRecordsOut(items=[OfficeRecordOut(**asdict(each)) for each in found])


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
