"""Officers."""

from __future__ import annotations

from typing import Self
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import model_validator

from api.auth.officers import Appointed, appoint_officer
from api.auth.permissions import HouseHere, ProvincialOrAbove, now
from api.auth.tables import OfficerRole
from api.auth.territory import require_appointment
from pki.registration.extent import Extent

from .once import OnceOnly
from .schema import Code, In, Line, Out

router = APIRouter(prefix="/v1", tags=["officers"])


class OfficerIn(In):
    """A new officer."""

    name: Line
    role: OfficerRole
    region_code: Code | None = None
    province_code: Code | None = None
    body_code: Code | None = None

    @model_validator(mode="after")
    def _territory(self) -> Self:
        named = {
            OfficerRole.REGIONAL: self.region_code,
            OfficerRole.PROVINCIAL: self.province_code,
            OfficerRole.COMMUNE: self.body_code,
        }
        if any((code is not None) != (role is self.role) for role, code in named.items()):
            raise ValueError(
                "a regional officer needs region_code, a provincial one province_code, one of a commune body_code, "
                "and nothing else"
            )
        return self

    @property
    def territory(self) -> Extent:
        """Where he will see and act."""
        return Extent(region_code=self.region_code, province_code=self.province_code, body_code=self.body_code)


class OfficerOut(Out):
    """The officer's id and his token, which is never shown again."""

    id: UUID
    token: str

    @classmethod
    def of(cls, appointed: Appointed) -> OfficerOut:
        """As it is answered."""
        return cls(id=appointed.id, token=appointed.token)


@router.post("/officers", status_code=201, operation_id="appointOfficer", response_model=OfficerOut)
def post_officer(body: OfficerIn, officer: ProvincialOrAbove, house: HouseHere, once: OnceOnly) -> Response:
    """Appoint an officer: a central one anybody, the others those below them in their own territory."""
    require_appointment(house.records, officer, role=body.role, territory=body.territory)
    return once.atomically(
        lambda records: OfficerOut.of(
            appoint_officer(
                records,
                name=body.name,
                role=body.role,
                region_code=body.region_code,
                province_code=body.province_code,
                body_code=body.body_code,
                by=officer.actor,
                at=now(),
            )
        )
    )
