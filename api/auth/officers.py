"""Officers: how one is appointed, and who stands behind a bearer token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import select

from pki.journal.acts import Actor, ActorKind, record
from pki.records import OfficerId, Records

from .errors import CredentialsRefused
from .tables import OfficerRole, OfficerRow
from .tokens import new_token, token_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """An officer who showed his token."""

    id: OfficerId
    name: str
    role: OfficerRole
    province_code: str | None
    """None: no territory, everywhere."""

    @property
    def actor(self) -> Actor:
        """As the journal names him."""
        return Actor(kind=ActorKind.OFFICER, id=str(self.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointed:
    """A new officer and his token, which is shown once and kept nowhere."""

    id: OfficerId
    token: str


def appoint_officer(
    records: Records, *, name: str, role: OfficerRole, province_code: str | None, by: Actor, at: datetime
) -> Appointed:
    """Record an officer and make his bearer token."""
    token, officer = new_token("officer"), OfficerId(uuid4())
    with records.writing() as session:
        session.add(
            OfficerRow(
                id=officer,
                name=name,
                role=role,
                province_code=province_code,
                token_hash=token_hash(token),
                created_at=at,
            )
        )
        facts = {"role": role.value, "province": province_code}
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
        return Officer(id=OfficerId(row.id), name=row.name, role=row.role, province_code=row.province_code)
