"""How a key stood when it signed: blocks and revocation, reduced to what bears on that instant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.ca.certificates import CertificateRecord
from pki.status.revocation import Revocation, revocation_of
from pki.status.tables import BlockRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One block: doubtful in [lost_since, blocked_at), stopped in [blocked_at, lifted_at)."""

    lost_since: datetime | None
    blocked_at: datetime
    lifted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStanding:
    """What bears on one signature: at most one block, and the revocation."""

    blocked_at: datetime | None = None
    lost_since: datetime | None = None
    revoked_at: datetime | None = None


def key_standing(session: Session, certificate: CertificateRecord, *, signed_at: datetime | None) -> KeyStanding:
    """How the key of `certificate` stood at `signed_at`; None asks for the revocation alone."""
    rows = (
        ()
        if certificate.order is None
        # The earliest loss first: what a later report corrected is there too.
        else session.scalars(
            select(BlockRow).where(BlockRow.order_id == certificate.order).order_by(BlockRow.lost_since)
        )
    )
    stops = [Stop(lost_since=row.lost_since, blocked_at=row.blocked_at, lifted_at=row.lifted_at) for row in rows]
    return stood(stops, revocation_of(session, certificate), signed_at=signed_at)


def stood(stops: Iterable[Stop], revocation: Revocation | None, *, signed_at: datetime | None) -> KeyStanding:
    """Choose what bears on `signed_at`. A block that was lifted leaves its time of loss in doubt."""
    revoked_at = None if revocation is None else revocation.revoked_at
    doubts = list(stops)
    if revocation is not None and revocation.invalidity_date is not None:
        # The authority's own word on since when the key was in wrong hands counts as a loss.
        doubts.append(Stop(lost_since=revocation.invalidity_date, blocked_at=revocation.revoked_at))
    if signed_at is None:
        return KeyStanding(revoked_at=revoked_at)
    for stop in doubts:
        if stop.blocked_at <= signed_at and (stop.lifted_at is None or signed_at < stop.lifted_at):
            return KeyStanding(blocked_at=stop.blocked_at, revoked_at=revoked_at)
    for stop in doubts:
        if stop.lost_since is not None and stop.lost_since <= signed_at < stop.blocked_at:
            return KeyStanding(blocked_at=stop.blocked_at, lost_since=stop.lost_since, revoked_at=revoked_at)
    return KeyStanding(revoked_at=revoked_at)
