"""Stores by code, and those that lie in a part of the country."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from pki.journal.inserting import insert_into
from pki.quota.devices.errors import StoreUnknown
from pki.quota.devices.kinds import StoreKind
from pki.quota.devices.tables import DeviceStore
from pki.registration.extent import Extent
from pki.registration.tables import Body, Region

CENTRE = "MA"
"""The central store."""


def open_store(session: Session, code: str) -> str:
    """The store of that code, on record from now on if it was not. A step.

    :raise StoreUnknown: it is neither MA nor a region's code nor a body's.
    """
    if session.scalar(select(DeviceStore.code).where(DeviceStore.code == code)) is not None:
        return code
    row = _row(session, code)
    session.execute(insert_into(session, DeviceStore).values(**row).on_conflict_do_nothing())
    return code


def store_extent(session: Session, code: str) -> Extent:
    """The part of the country whose officers keep the store.

    :raise StoreUnknown: it is neither MA nor a region's code nor a body's.
    """
    kind = _row(session, code)["kind"]
    if kind is StoreKind.CENTRE:
        return Extent()
    return Extent(region_code=code) if kind is StoreKind.REGION else Extent(body_code=code)


def kept_within(store: InstrumentedAttribute[str], extent: Extent) -> ColumnElement[bool]:
    """The condition that a column names a store inside the extent; the centre's lies in the whole country only."""
    if extent.everywhere:
        return true()
    kept = select(DeviceStore.code).outerjoin(Body, Body.id == DeviceStore.body_id)
    if extent.region_code is None:
        return store.in_(kept.where(extent.bodies()))
    return store.in_(kept.where(or_(DeviceStore.region_code == extent.region_code, extent.bodies())))


def stores_above(session: Session, body: UUID) -> frozenset[str]:
    """Codes of the stores that serve a body: its own, its commune's, its province's, its region's, the centre's."""
    row = session.execute(
        select(Body.code, Body.commune_code, Body.province_code, Body.region_code).where(Body.id == body)
    ).one()
    return frozenset({CENTRE, *(code for code in row if code is not None)})


def body_code(session: Session, body: UUID) -> str:
    """The code of a body on record."""
    return session.scalars(select(Body.code).where(Body.id == body)).one()


def _row(session: Session, code: str) -> dict[str, object]:
    if code == CENTRE:
        return {"code": code, "kind": StoreKind.CENTRE}
    if session.scalar(select(Region.code).where(Region.code == code)) is not None:
        return {"code": code, "kind": StoreKind.REGION, "region_code": code}
    body = session.scalar(select(Body.id).where(Body.code == code))
    if body is None:
        raise StoreUnknown(code)
    return {"code": code, "kind": StoreKind.BODY, "body_id": body}
