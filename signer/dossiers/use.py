"""How much each body signs: its first licence, and how many lately."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from pki.quota.rollout.stages import LicenceUse
from pki.records import civil_day
from pki.registration.extent import EVERYWHERE, Extent
from pki.registration.tables import Body
from signer.dossiers.kinds import DocumentKind
from signer.dossiers.tables import Document


def licence_use(session: Session, *, within: Extent = EVERYWHERE, since: datetime) -> dict[str, LicenceUse]:
    """By body code, of each body inside the extent that ever signed a licence; recent: from `since` on."""
    recent = func.sum(case((Document.completed_at >= since, 1), else_=0))
    asked = (
        select(Document.body_code, func.min(Document.completed_at), recent)
        .join(Body, Body.code == Document.body_code)
        .where(Document.kind == DocumentKind.LICENCE, Document.completed_at.is_not(None), within.bodies())
        .group_by(Document.body_code)
    )
    return {
        code: LicenceUse(first_on=civil_day(first), recent=int(number))
        for code, first, number in session.execute(asked)
    }
