"""The force of a licence: acts that end it, each with two times, corrected by a later act and never edited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from pki.journal.acts import Actor, record
from pki.records import DocumentId, Records, civil_day
from signer.dossiers.documents import document_by_reference
from signer.dossiers.errors import NotALicence, StatusCorrected
from signer.dossiers.kinds import DocumentKind, DocumentState, LicenceStatusKind
from signer.dossiers.tables import LicenceStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusAct:
    """An act that ends the force of a licence from the start of a civil day; `corrects` names the act it replaces."""

    status: LicenceStatusKind
    in_effect: date
    deed: str
    reason: str
    corrects: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceForce:
    """Whether a licence has force; when it has none, by which act, since which civil day, recorded when."""

    in_force: bool
    status: LicenceStatusKind | None
    since: date | None
    recorded_at: datetime | None


def record_licence_status(records: Records, *, reference: str, act: StatusAct, by: Actor, at: datetime) -> UUID:
    """Record that a signed licence loses its force on a civil day, past or to come.

    :raise NotALicence: it is no licence, or was never signed.
    :raise StatusCorrected: the act to correct is not this licence's, or was corrected before.
    """
    with records.writing() as session:
        document = document_by_reference(session, reference)
        if document.kind is not DocumentKind.LICENCE or document.state is not DocumentState.SIGNED:
            raise NotALicence(reference)
        if act.corrects is not None:
            former = session.get(LicenceStatus, act.corrects)
            if former is None or former.document_id != document.id:
                raise StatusCorrected(act.corrects)
        row = LicenceStatus(
            document_id=document.id,
            status=act.status,
            in_effect=act.in_effect,
            deed=act.deed,
            reason=act.reason,
            recorded_at=at,
            recorded_by=by.id,
            supersedes_id=act.corrects,
        )
        session.add(row)
        try:
            session.flush()
        except IntegrityError as error:
            raise StatusCorrected(act.corrects or row.id) from error
        facts = {
            "status": act.status.value,
            "in_effect": act.in_effect.isoformat(),
            "deed": act.deed,
            "reason": act.reason,
            "corrects": None if act.corrects is None else str(act.corrects),
        }
        record(session, kind="licence.status-recorded", subject=f"document:{reference}", by=by, at=at, facts=facts)
        return row.id


def licence_force(
    session: Session, document: DocumentId, *, at: datetime, known_at: datetime | None = None
) -> LicenceForce:
    """Whether the licence has force at `at`, by the acts recorded up to `known_at` (by default all of them)."""
    later = aliased(LicenceStatus)
    corrected = select(later.id).where(later.supersedes_id == LicenceStatus.id)
    asked = select(LicenceStatus).where(LicenceStatus.document_id == document, LicenceStatus.in_effect <= civil_day(at))
    if known_at is not None:
        corrected = corrected.where(later.recorded_at <= known_at)
        asked = asked.where(LicenceStatus.recorded_at <= known_at)
    asked = asked.where(~corrected.exists()).order_by(LicenceStatus.in_effect, LicenceStatus.recorded_at)
    first = session.scalars(asked.limit(1)).first()
    if first is None:
        return LicenceForce(in_force=True, status=None, since=None, recorded_at=None)
    return LicenceForce(in_force=False, status=first.status, since=first.in_effect, recorded_at=first.recorded_at)
