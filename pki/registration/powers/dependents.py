"""Whose right to sign hangs on an office of another: what is recorded of the one bears on what the other signed."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from pki.records import HolderId, OfficeId
from pki.registration.kinds import BodyKind, OfficeFunction
from pki.registration.powers.kinds import FindingKind
from pki.registration.powers.tables import Delegation, Finding
from pki.registration.tables import Body, Office

_DEPUTIES = (OfficeFunction.VICE_PRESIDENT, OfficeFunction.PACHA_ASSISTANT)


def hanging_on(
    session: Session, *, body_code: str, function: OfficeFunction, holder: HolderId, office: OfficeId | None = None
) -> frozenset[tuple[str, HolderId]]:
    """Who may have signed, for which body, by a right that hangs on that office; replaced records count too. A step.

    Takers of its delegations; deputies, where it was found absent or their turn goes by rank; the governor, where
    he was found to act in its place. A governor's own office: himself, for each commune in which he was.

    :param office: None: one to be recorded, on which no deed rests yet.
    """
    body = session.scalars(select(Body).where(Body.code == body_code)).one_or_none()
    if body is None:
        return frozenset()
    if function is OfficeFunction.GOVERNOR:
        return frozenset((code, holder) for code in _substituted(session, body.province_code))
    found: set[tuple[str, HolderId]] = set()
    if office is not None:
        taken = select(Office.holder_id).join(Delegation, Delegation.to_office_id == Office.id)
        found |= _for(body_code, session.scalars(taken.where(Delegation.from_office_id == office)))
    ranked = function is OfficeFunction.VICE_PRESIDENT
    if _found(session, body.id, FindingKind.ABSENCE, None if ranked else Finding.office_id == office):
        deputies = select(Office.holder_id).where(Office.body_id == body.id, Office.function.in_(_DEPUTIES))
        found |= _for(body_code, session.scalars(deputies))
    if _found(session, body.id, FindingKind.SUBSTITUTION, Finding.office_id == office):
        governors = (
            select(Office.holder_id)
            .join(Body, Body.id == Office.body_id)
            .where(Office.function == OfficeFunction.GOVERNOR, Body.kind == BodyKind.PROVINCE)
            .where(Body.province_code == body.province_code)
        )
        found |= _for(body_code, session.scalars(governors))
    return frozenset(found)


def _substituted(session: Session, province_code: str | None) -> list[str]:
    asked = (
        select(Body.code)
        .join(Finding, Finding.body_id == Body.id)
        .where(Finding.kind == FindingKind.SUBSTITUTION, Body.province_code == province_code)
        .distinct()
    )
    return list(session.scalars(asked))


def _found(session: Session, body: UUID, kind: FindingKind, of: ColumnElement[bool] | None) -> bool:
    asked = select(Finding.id).where(Finding.body_id == body, Finding.kind == kind)
    return session.scalar((asked if of is None else asked.where(of)).limit(1)) is not None


def _for(body_code: str, holders: Iterable[UUID]) -> set[tuple[str, HolderId]]:
    return {(body_code, HolderId(each)) for each in holders}
