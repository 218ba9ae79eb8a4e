"""Officers: how one is appointed, and who stands behind a bearer token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, ActorKind, record
from pki.records import OfficerId, Records
from pki.registration.extent import Extent
from pki.registration.kinds import BodyKind
from pki.registration.tables import Body, Province, Region

from .errors import CredentialsRefused, TerritoryRefused
from .tables import OfficerRole, OfficerRow
from .tokens import new_token, token_hash

_COMMUNES = (BodyKind.COMMUNE, BodyKind.ARRONDISSEMENT)
"""Bodies that an officer of a commune may be one of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """An officer who showed his token."""

    id: OfficerId
    name: str
    role: OfficerRole
    extent: Extent
    """Where he sees and acts."""

    @property
    def actor(self) -> Actor:
        """As the journal names him."""
        return Actor(kind=ActorKind.OFFICER, id=str(self.id))

    def reaches(self, level: OfficerRole) -> bool:
        """Whether he is of that level or above."""
        return self.role.level >= level.level


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointed:
    """A new officer and his token, which is shown once and kept nowhere."""

    id: OfficerId
    token: str


def appoint_officer(
    records: Records,
    *,
    name: str,
    role: OfficerRole,
    region_code: str | None = None,
    province_code: str | None = None,
    body_code: str | None = None,
    by: Actor,
    at: datetime,
) -> Appointed:
    """Record an officer and make his bearer token. Who may appoint whom: `api.auth.territory.require_appointment`.

    :raise TerritoryRefused: not the one territory that goes with the role, or none of that code is on record.
    """
    token, officer = new_token("officer"), OfficerId(uuid4())
    with records.writing() as session:
        _refuse_misfit(session, role, region_code, province_code, body_code)
        session.add(
            OfficerRow(
                id=officer,
                name=name,
                role=role,
                region_code=region_code,
                province_code=province_code,
                body_code=body_code,
                token_hash=token_hash(token),
                created_at=at,
            )
        )
        facts = {"role": role.value, "region": region_code, "province": province_code, "body": body_code}
        record(session, kind="officer.appointed", subject=f"officer:{officer}", by=by, at=at, facts=facts)
    return Appointed(id=officer, token=token)


def officer_of(records: Records, *, token: str) -> Officer:
    """The officer whose token this is.

    :raise CredentialsRefused: nobody's, or his time is over.
    """
    with records.reading() as session:
        row = session.scalars(
            select(OfficerRow).where(OfficerRow.token_hash == token_hash(token), OfficerRow.ended_at.is_(None))
        ).one_or_none()
        if row is None:
            raise CredentialsRefused
        extent = Extent(region_code=row.region_code, province_code=row.province_code, body_code=row.body_code)
        return Officer(id=OfficerId(row.id), name=row.name, role=row.role, extent=extent)


def _refuse_misfit(
    session: Session, role: OfficerRole, region: str | None, province: str | None, body: str | None
) -> None:
    named = {
        OfficerRole.REGIONAL: (region, select(Region.code).where(Region.code == region)),
        OfficerRole.PROVINCIAL: (province, select(Province.code).where(Province.code == province)),
        OfficerRole.COMMUNE: (body, select(Body.code).where(Body.code == body, Body.kind.in_(_COMMUNES))),
    }
    given = {each for each, (code, _) in named.items() if code is not None}
    code = region or province or body
    if given != ({role} & set(named)) or (role in named and session.scalar(named[role][1]) is None):
        raise TerritoryRefused(role.value, code)
