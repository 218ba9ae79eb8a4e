"""Officers."""

from __future__ import annotations

from typing import Self
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import model_validator

from api.auth.officers import Appointed, appoint_officer
from api.auth.permissions import CentralOfficer, now
from api.auth.tables import OfficerRole

from .once import OnceOnly
from .schema import Code, In, Line, Out

router = APIRouter(prefix="/v1", tags=["officers"])


class OfficerIn(In):
    """A new officer."""

    name: Line
    role: OfficerRole
    province_code: Code | None = None

    @model_validator(mode="after")
    def _territory(self) -> Self:
        if (self.role is OfficerRole.PROVINCIAL) != (self.province_code is not None):
            raise ValueError("province_code is for provincial officers, and needed for them")
        return self


class OfficerOut(Out):
    """The officer's id and his token, which is never shown again."""

    id: UUID
    token: str

    @classmethod
    def of(cls, appointed: Appointed) -> OfficerOut:
        """As it is answered."""
        return cls(id=appointed.id, token=appointed.token)


@router.post("/officers", status_code=201, operation_id="appointOfficer", response_model=OfficerOut)
def post_officer(body: OfficerIn, officer: CentralOfficer, once: OnceOnly) -> Response:
    """Appoint an officer."""
    return once.atomically(
        lambda records: OfficerOut.of(
            appoint_officer(
                records,
                name=body.name,
                role=body.role,
                province_code=body.province_code,
                by=officer.actor,
                at=now(),
            )
        )
    )
