"""Documents by their reference: the platform's bytes, and the status of a licence."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from api.auth.ownership import own_document
from api.auth.permissions import DossierPlatform, HouseHere, now
from pki.records import Records
from signer.dossiers.kinds import LicenceStatusKind
from signer.dossiers.licence_status import StatusAct, record_licence_status
from signer.dossiers.tables import Document

from .once import OnceOnly
from .schema import In, Line, Out, Reference

router = APIRouter(prefix="/v1", tags=["documents"])


class StatusIn(In):
    """An act that ends the force of a licence from the start of a civil day."""

    status: LicenceStatusKind
    in_effect: date
    deed: Line
    reason: Line
    corrects: UUID | None = None


class StatusOut(Out):
    """The act as recorded."""

    id: UUID
    reference: str
    status: LicenceStatusKind
    in_effect: date


@router.get(
    "/documents/{reference}/content",
    operation_id="getDocumentContent",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}},
)
def get_content(reference: Annotated[Reference, Path()], client: DossierPlatform, house: HouseHere) -> Response:
    """The document's last revision."""
    number = own_document(house.records, client, reference)
    with house.records.reading() as session:
        sha256 = session.get_one(Document, number).head_sha256
    headers = {"Content-Disposition": f'attachment; filename="{reference}.pdf"', "ETag": f'"{sha256}"'}
    return Response(house.files.get(sha256), headers=headers, media_type="application/pdf")


@router.post(
    "/licences/{reference}/status", status_code=201, operation_id="recordLicenceStatus", response_model=StatusOut
)
def post_status(
    reference: Annotated[Reference, Path()],
    body: StatusIn,
    client: DossierPlatform,
    house: HouseHere,
    once: OnceOnly,
) -> Response:
    """Record that a signed licence is withdrawn, annulled, superseded or has lapsed."""
    own_document(house.records, client, reference)
    act = StatusAct(
        status=body.status, in_effect=body.in_effect, deed=body.deed, reason=body.reason, corrects=body.corrects
    )

    def recorded(records: Records) -> StatusOut:
        number = record_licence_status(records, reference=reference, act=act, by=client.actor, at=now())
        return StatusOut(id=number, reference=reference, status=body.status, in_effect=body.in_effect)

    return once.atomically(recorded)
