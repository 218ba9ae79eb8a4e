"""Where an officer may act: a central one everywhere, a provincial one in the bodies of his province."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from api.problems import NotFound
from pki.quota.tables import KeyOrder
from pki.records import Records
from pki.registration.tables import Body, Office
from signer.ceremonies.tables import Ceremony

from .errors import NotPermitted
from .officers import Officer


def require_body(records: Records, officer: Officer, body_code: str) -> None:
    """Hold the officer to his province.

    :raise NotPermitted: the body lies elsewhere, or nowhere.
    """
    if officer.province_code is None:
        return
    with records.reading() as session:
        province = session.scalar(select(Body.province_code).where(Body.code == body_code))
    if officer.province_code not in {province, body_code}:
        raise NotPermitted(f"an officer of the province of {body_code}")


def require_office(records: Records, officer: Officer, office: UUID) -> None:
    """Hold the officer to his province, by an office's body.

    :raise NotFound: no such office.
    """
    if officer.province_code is None:
        return
    with records.reading() as session:
        code = session.scalar(select(Body.code).join(Office, Office.body_id == Body.id).where(Office.id == office))
    if code is None:
        raise NotFound("office", str(office))
    require_body(records, officer, code)


def require_order(records: Records, officer: Officer, order: UUID) -> None:
    """Hold the officer to his province, by the body of the order's office.

    :raise NotFound: no such order.
    """
    if officer.province_code is None:
        return
    with records.reading() as session:
        code = session.scalar(select(Body.code).join(KeyOrder, KeyOrder.body_id == Body.id).where(KeyOrder.id == order))
    if code is None:
        raise NotFound("key order", str(order))
    require_body(records, officer, code)


def require_ceremony(records: Records, officer: Officer, ceremony: UUID) -> None:
    """Hold the officer to his province, by the body for which is signed.

    :raise NotFound: no such ceremony.
    """
    with records.reading() as session:
        code = session.scalar(select(Ceremony.body_code).where(Ceremony.id == ceremony))
    if code is None:
        raise NotFound("ceremony", str(ceremony))
    require_body(records, officer, code)
