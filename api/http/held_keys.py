"""Keys that their holders already have: registered with who paid for them."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from api.auth.permissions import HouseHere, ProvincialOrAbove, now
from api.auth.territory import require_office
from pki.quota.registered import register_existing_key
from pki.records import HolderId, OfficeId, Records

from .once import OnceOnly
from .order_answers import OrderOut, order_out
from .pem import Pem, der_of
from .schema import In, Line

router = APIRouter(prefix="/v1/key-registrations", tags=["keys"])


class RegistrationIn(In):
    """A key that its holder already has."""

    holder: UUID
    office: UUID
    certificate_pem: Pem
    paid_by: Line


@router.post("", status_code=201, operation_id="registerExistingKey", response_model=OrderOut)
def post_registration(body: RegistrationIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly) -> Response:
    """Register a key that its holder already has, and who paid for it."""
    require_office(house.records, officer, body.office)
    certificate = der_of(body.certificate_pem, "/certificate_pem")

    def registered(records: Records) -> OrderOut:
        order = register_existing_key(
            records,
            house.protection,
            holder=HolderId(body.holder),
            office=OfficeId(body.office),
            certificate=certificate,
            paid_by=body.paid_by,
            by=officer.actor,
            at=now(),
        )
        with records.reading() as session:
            return order_out(session, order.id)

    return once.atomically(registered)
