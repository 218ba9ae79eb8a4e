"""The public pages, over the service's verification."""

from __future__ import annotations

from fastapi import APIRouter

from api.pages.router import Pages, pages_router
from api.wiring import House, present


def readers_router(house: House) -> APIRouter:
    """Check by reference, check a file."""
    return pages_router(Pages(verifications=house.verifier, rehearsal=house.settings.rehearsal, clock=present))
