"""Keys that were in the field before they were on record."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.auth.permissions import CentralOfficer, HouseHere, now
from pki.quota.grants.field_lines import parse_keys
from pki.quota.grants.opening import import_keys_in_field
from pki.records import Records

from .censuses import Csv, RefusedLineOut
from .once import OnceOnly
from .schema import In, Out

router = APIRouter(prefix="/v1", tags=["quota"])


class FieldKeysIn(In):
    """A CSV file of keys; a certificate stands in its column as PEM, or its serial in another."""

    csv: Csv


class AboveOut(Out):
    """A body with more in use than granted."""

    body: str
    excess: int


class FieldKeysOut(Out):
    """What became of each line: good ones are kept."""

    opened: int
    registered: int
    completed: int
    known: int
    refused: list[RefusedLineOut]
    above: list[AboveOut]


@router.post("/keys-in-field", status_code=201, operation_id="importKeysInField", response_model=FieldKeysOut)
def post_keys(body: FieldKeysIn, officer: CentralOfficer, house: HouseHere, once: OnceOnly) -> Response:
    """Book keys that are in the field already. Sent again, it books what is missing."""
    keys, unread = parse_keys(body.csv, open_certificate=_no_file)

    def act(records: Records) -> FieldKeysOut:
        done = import_keys_in_field(records, house.protection, keys, by=officer.actor, at=now())
        refused = sorted([*unread, *done.refused], key=lambda each: each.number)
        return FieldKeysOut(
            opened=done.opened,
            registered=done.registered,
            completed=done.completed,
            known=done.known,
            refused=[RefusedLineOut.of(each) for each in refused],
            above=[AboveOut(body=code, excess=excess) for code, excess in done.above],
        )

    return once.then_stored(act)


def _no_file(name: str) -> bytes:
    # THREAT: a line names a file of the server, and the answer tells what is in it.
    # DEFENCE: over HTTP a certificate stands in the line itself; no file is opened.
    # TEST: tests/api/http/test_field_keys.py::test_no_file_is_opened
    raise FileNotFoundError(name)
