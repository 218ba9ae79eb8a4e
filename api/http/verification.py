"""Verification: a file, a known file, a document by its reference; and the trust list."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import JSONResponse
from pydantic import StringConstraints

from api.auth.permissions import HouseHere, Public, now
from signer.verification.answer import Answer, as_plain

from .border import PDF
from .once import RawBody, raw
from .schema import Sha256

router = APIRouter(prefix="/v1", tags=["verification"])
PublicReference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][0-9]{2}-[0-9]{7}$")]
Check = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{4}$")]
ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"description": "A finished verification, whatever its verdict.", "content": {"application/json": {}}}
}


def _out(answer: Answer) -> JSONResponse:
    return JSONResponse(as_plain(answer))


@router.post("/verifications", operation_id="verifyFile", responses=ANSWER, openapi_extra=raw(PDF))
def post_verification(_: Public, content: RawBody, house: HouseHere) -> JSONResponse:
    """Verify a PDF. A malformed file is a verdict, too."""
    return _out(house.verifier.verify(content, at=now()))


@router.get("/verifications/{sha256}", operation_id="verifyKnownFile", responses=ANSWER)
def get_verification(_: Public, sha256: Annotated[Sha256, Path()], house: HouseHere) -> JSONResponse:
    """Verify a file that the service holds, by its SHA-256."""
    return _out(house.verifier.verify_known(sha256, at=now()))


@router.get("/documents/{reference}", operation_id="verifyByReference", responses=ANSWER)
def get_document(
    _: Public,
    reference: Annotated[PublicReference, Path()],
    check: Annotated[Check, Query()],
    house: HouseHere,
) -> JSONResponse:
    """Verify the document that a paper names, by its reference and its four check characters."""
    return _out(house.verifier.verify_reference(reference.upper(), check.upper(), at=now()))


@router.get("/trust", operation_id="getTrustList", response_class=Response)
def get_trust(_: Public, house: HouseHere) -> Response:
    """The trust anchors, PEM."""
    return Response(house.trust_bundle(), media_type="application/x-pem-file")
