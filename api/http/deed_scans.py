"""Scans of paper deeds: kept before an act is recorded from them, shown to officers of the territory."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from api.auth.permissions import CommuneOrAbove, HouseHere, ProvincialOrAbove, now
from api.auth.territory import require_body
from pki.records import Records
from pki.registration.powers.scans import MAGIC, keep_scan, read_scan

from .once import OnceOnly, RawBody, raw
from .schema import Code, Out, Sha256

router = APIRouter(prefix="/v1", tags=["registration"])


class ScanOut(Out):
    """A scan that is kept: its digest is what an act names."""

    sha256: str
    media_type: str
    size_bytes: int


@router.post(
    "/bodies/{code}/deed-scans",
    status_code=201,
    operation_id="keepDeedScan",
    response_model=ScanOut,
    openapi_extra=raw(*MAGIC.values()),
)
def post_scan(
    code: Annotated[Code, Path()], officer: ProvincialOrAbove, content: RawBody, house: HouseHere, once: OnceOnly
) -> Response:
    """Keep the scan of a deed: PDF, PNG or JPEG, 20 MB at most. The digest is computed here."""
    require_body(house.records, officer, code)

    def act(records: Records) -> ScanOut:
        kept = keep_scan(records, house.files, body_code=code, content=content, by=officer.actor, at=now())
        return ScanOut(sha256=kept.sha256, media_type=kept.media_type, size_bytes=kept.size_bytes)

    return once.atomically(act)


@router.get("/bodies/{code}/deed-scans/{sha256}", operation_id="readDeedScan", response_class=Response)
def get_scan(
    code: Annotated[Code, Path()], sha256: Annotated[Sha256, Path()], officer: CommuneOrAbove, house: HouseHere
) -> Response:
    """The scan as it was kept. Each look is in the journal."""
    require_body(house.records, officer, code)
    kept, content = read_scan(house.records, house.files, body_code=code, sha256=sha256, by=officer.actor, at=now())
    # THREAT: what somebody sent as a scan runs in the browser of whoever looks at it.
    # DEFENCE: a file to be saved, of the one type that its first bytes have; nothing in it may load or run.
    # TEST: tests/api/http/test_deed_scans.py::test_kept_and_shown_in_the_territory
    headers = {
        "Content-Disposition": f'attachment; filename="{sha256[:12]}.{kept.media_type.rpartition("/")[2]}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Response(content, headers=headers, media_type=kept.media_type)
