"""The public pages, over the service's verification."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from api.pages.router import Pages, pages_router
from api.wiring import House, present
from pki.quota.reading import OrderNotice, order_notice
from pki.records import OrderId


def readers_router(house: House) -> APIRouter:
    """Check by reference, check a file, look how far an order is."""

    def order(number: UUID) -> OrderNotice | None:
        with house.records.reading() as session:
            return order_notice(session, OrderId(number))

    return pages_router(
        Pages(verifications=house.verifier, order=order, rehearsal=house.settings.rehearsal, clock=present)
    )
