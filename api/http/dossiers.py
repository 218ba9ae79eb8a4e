"""Dossiers: opened by the platform, with their files, opinions, minutes and decision."""

from __future__ import annotations

import json
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import Field, StringConstraints, ValidationError
from sqlalchemy import select

from api.auth.ownership import own_dossier
from api.auth.permissions import DossierPlatform, HouseHere, now
from pki.records import DossierId, HolderId, Records
from signer.dossiers.decisions import AskedDecision, draft_decision
from signer.dossiers.documents import DocumentRecord
from signer.dossiers.kinds import DocumentKind, DossierKind, OpinionValue, Track
from signer.dossiers.minutes import draw_up_minutes
from signer.dossiers.opening import Application, RequiredOpinion, add_file, open_dossier, required_opinions
from signer.dossiers.opinions import GivenOpinion, draft_opinion
from signer.dossiers.tables import ApplicationFile, Document, Dossier

from .border import PDF
from .once import OnceOnly, RawBody, raw
from .schema import SOME_LINES, Code, In, Line, Out, Sha256, Zulu

router = APIRouter(prefix="/v1/dossiers", tags=["dossiers"])
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=20_000, pattern=SOME_LINES)]


class DossierIn(In):
    """A permit application, as the platform knows it."""

    platform_reference: Line
    body: Code
    kind: DossierKind
    track: Track
    title: Line
    applicant: Line
    parcel: Line


class RequiredOut(Out):
    """A body whose opinion is required."""

    body: str
    kind: str
    name_fr: str
    name_ar: str
    binding: bool
    article: str

    @classmethod
    def of(cls, required: RequiredOpinion) -> RequiredOut:
        """As it is answered."""
        return cls(
            body=required.body_code,
            kind=required.body_kind,
            name_fr=required.name_fr,
            name_ar=required.name_ar,
            binding=required.binding,
            article=required.article,
        )


class DocumentOut(Out):
    """A document of the dossier. `check` are the four characters that a reader needs besides the reference."""

    reference: str
    check: str
    kind: str
    sha256: str
    state: str

    @classmethod
    def of(cls, record: DocumentRecord) -> DocumentOut:
        """As it is answered."""
        return cls(
            reference=record.reference,
            check=record.check,
            kind=record.kind,
            sha256=record.sha256,
            state=record.state,
        )


class FileOut(Out):
    """A file of the application: its current version."""

    reference: str
    sha256: str
    title: str
    version: int


class OpenedOut(Out):
    """A dossier just opened."""

    id: UUID
    reference: str
    required: list[RequiredOut]
    documents: list[DocumentOut]


class DossierOut(OpenedOut):
    """A dossier."""

    platform_reference: str
    body: str
    kind: DossierKind
    track: Track
    title: str
    opened_at: Zulu
    files: list[FileOut]


class OpinionIn(In):
    """A member's opinion, bound to the file versions that he read."""

    holder: UUID
    body: Code
    opinion: OpinionValue
    text: Words = ""
    read: Annotated[list[Sha256], Field(max_length=500)]


class MinutesIn(In):
    """The minutes; members who gave no opinion are named with the reason."""

    absent: Annotated[dict[Code, Line], Field(default_factory=dict, max_length=50)]


class DecisionIn(In):
    """A decision to be rendered."""

    kind: Literal["licence", "refusal"]
    signer: UUID
    text: Words = ""
    reasons: Words = ""


@router.post("", status_code=201, operation_id="openDossier", response_model=OpenedOut)
def post_dossier(body: DossierIn, client: DossierPlatform, once: OnceOnly) -> Response:
    """Open a dossier; the answer names whose opinion the rules require."""
    application = Application(
        platform_reference=body.platform_reference,
        body_code=body.body,
        kind=body.kind,
        track=body.track,
        title=body.title,
        applicant=body.applicant,
        parcel=body.parcel,
    )

    def opened(records: Records) -> OpenedOut:
        dossier = open_dossier(records, application=application, by=client.actor, at=now())
        required = [RequiredOut.of(each) for each in dossier.required]
        return OpenedOut(id=dossier.id, reference=dossier.reference, required=required, documents=[])

    return once.atomically(opened)


@router.get("/{dossier}", operation_id="getDossier")
def get_dossier(dossier: UUID, client: DossierPlatform, house: HouseHere) -> DossierOut:
    """The dossier with its files and documents."""
    number = own_dossier(house.records, client, dossier)
    with house.records.reading() as session:
        row = session.get_one(Dossier, number)
        files = session.scalars(
            select(ApplicationFile).where(ApplicationFile.dossier_id == number).order_by(ApplicationFile.reference)
        )
        documents = session.scalars(
            select(Document).where(Document.dossier_id == number).order_by(Document.drafted_at, Document.reference)
        )
        return DossierOut(
            id=row.id,
            reference=row.reference,
            required=[RequiredOut.of(each) for each in required_opinions(session, number)],
            documents=[DocumentOut.of(DocumentRecord.of(each, house.check_key)) for each in documents],
            platform_reference=row.platform_reference,
            body=row.body_code,
            kind=row.kind,
            track=row.track,
            title=row.title,
            opened_at=row.opened_at,
            files=[
                FileOut(reference=file.reference, sha256=file.head_sha256, title=file.title, version=file.head_number)
                for file in files
            ],
        )


@router.post(
    "/{dossier}/files",
    status_code=201,
    operation_id="addFile",
    response_model=FileOut,
    openapi_extra=raw(PDF),
)
def post_file(
    *,
    dossier: UUID,
    client: DossierPlatform,
    content: RawBody,
    house: HouseHere,
    once: OnceOnly,
    title: Annotated[Line, Query()],
) -> Response:
    """Add a PDF of the application, or its next version under the same title."""
    number = own_dossier(house.records, client, dossier)

    def added(records: Records) -> FileOut:
        file = add_file(
            records,
            house.files,
            house.drafting.inspect,
            dossier=number,
            title=title,
            content=content,
            by=client.actor,
            at=now(),
        )
        return FileOut(reference=file.reference, sha256=file.sha256, title=file.title, version=file.number)

    return once.then_stored(added)


@router.post("/{dossier}/opinions", status_code=201, operation_id="draftOpinion", response_model=DocumentOut)
def post_opinion(dossier: UUID, body: OpinionIn, client: DossierPlatform, house: HouseHere, once: OnceOnly) -> Response:
    """Draw up a member's opinion, to be signed by him."""
    number = own_dossier(house.records, client, dossier)
    given = GivenOpinion(
        holder=HolderId(body.holder),
        body_code=body.body,
        opinion=body.opinion,
        text=body.text,
        read=tuple(body.read),
    )
    return once.then_stored(
        lambda records: DocumentOut.of(
            draft_opinion(records, house.drafting, dossier=number, given=given, by=client.actor, at=now())
        )
    )


@router.post("/{dossier}/minutes", status_code=201, operation_id="drawUpMinutes", response_model=DocumentOut)
def post_minutes(
    *,
    dossier: UUID,
    body: MinutesIn | None = None,
    client: DossierPlatform,
    house: HouseHere,
    once: OnceOnly,
) -> Response:
    """Draw up the minutes, to be counter-signed by the members present."""
    number = own_dossier(house.records, client, dossier)
    absent = {} if body is None else body.absent
    return once.then_stored(
        lambda records: DocumentOut.of(
            draw_up_minutes(records, house.drafting, dossier=number, absent=absent, by=client.actor, at=now())
        )
    )


@router.post(
    "/{dossier}/decision",
    status_code=201,
    operation_id="draftDecision",
    response_model=DocumentOut,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": DecisionIn.model_json_schema()},
                "application/pdf": {"schema": {"type": "string", "format": "binary"}},
            },
        }
    },
)
def post_decision(
    *,
    dossier: UUID,
    request: Request,
    client: DossierPlatform,
    content: RawBody,
    house: HouseHere,
    once: OnceOnly,
    kind: Annotated[Literal["licence", "refusal"] | None, Query()] = None,
    signer: Annotated[UUID | None, Query()] = None,
) -> Response:
    """Draw up the decision: rendered from JSON, or the caller's own unsigned PDF with `kind` and `signer`."""
    number = own_dossier(house.records, client, dossier)
    if request.headers.get("content-type", "").startswith("application/pdf"):
        given = _read({"kind": kind, "signer": None if signer is None else str(signer)}, "query")
        own_pdf: bytes | None = content
    else:
        given, own_pdf = _read(_json(content), "body"), None
    asked = AskedDecision(
        kind=DocumentKind(given.kind),
        signer=HolderId(given.signer),
        text=given.reasons if given.kind == "refusal" else given.text,
        own_pdf=own_pdf,
    )
    return once.then_stored(
        lambda records: DocumentOut.of(
            draft_decision(records, house.drafting, dossier=DossierId(number), asked=asked, by=client.actor, at=now())
        )
    )


def _json(content: bytes) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise RequestValidationError([{"loc": ("body",), "msg": "not JSON", "type": "json_invalid"}]) from error


def _read(said: object, place: str) -> DecisionIn:
    try:
        return DecisionIn.model_validate(said)
    except ValidationError as error:
        raise RequestValidationError(
            [{**each, "loc": (place, *each["loc"])} for each in error.errors(include_url=False)]
        ) from error
