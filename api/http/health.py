"""Whether the service answers, and whether its database does."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from sqlalchemy import text

from api.auth.permissions import HouseHere, Public

from .schema import Out

router = APIRouter(tags=["health"])


class HealthOut(Out):
    """The service is up and reaches its records."""

    status: Literal["ok"]
    environment: str


@router.get("/healthz", operation_id="health")
def health(_: Public, house: HouseHere) -> HealthOut:
    """Answer once the records answered."""
    with house.records.reading() as session:
        session.execute(text("SELECT 1"))
    return HealthOut(status="ok", environment=house.settings.environment.value)
