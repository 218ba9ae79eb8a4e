"""Who signs licences today in the bodies where a finding is in effect: in bulk, by the same reading as for one act."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from pki.registration.extent import EVERYWHERE, Extent
from pki.registration.kinds import ActKind, BodyKind, OfficeFunction
from pki.registration.powers.chains import FindingSeen, OfficeSeen, Reading, Standing, claim
from pki.registration.powers.history import acts_of
from pki.registration.powers.tables import Finding
from pki.registration.rules import rule_of
from pki.registration.tables import Body, Office, OfficeEnd, RegisterDeclaration


def signing_under_findings(session: Session, *, day: date, within: Extent = EVERYWHERE) -> dict[str, tuple[UUID, ...]]:
    """By code of each body with a finding in effect on that day: the offices that sign its licences meanwhile.

    Whoever does by his own office comes first; then who acts in another's place, by a finding. That a delegation lets
    another sign is not counted. Four statements, whatever the number; one where there is no finding.
    """
    found = session.execute(
        select(Finding, Body.code, Body.kind.label("body_kind"), Body.province_code)
        .join(Body, Body.id == Finding.body_id)
        .where(Finding.superseded_at.is_(None), Finding.starts_on <= day, within.bodies())
        .where(or_(Finding.ends_on.is_(None), Finding.ends_on > day))
    ).all()
    if not found:
        return {}
    bodies = {row.Finding.body_id: row for row in found}
    offices = _offices(session, bodies, [row.province_code for row in found], day)
    complete = set(
        session.scalars(
            select(RegisterDeclaration.body_id).where(
                RegisterDeclaration.body_id.in_(bodies),
                RegisterDeclaration.complete_from <= day,
                RegisterDeclaration.withdrawn_at.is_(None),
            )
        )
    )
    signing = {}
    for body, row in bodies.items():
        reading = Reading(
            day=day,
            offices=tuple(
                _seen(each)
                for each in offices
                if each.body_id == body
                or (each.function is OfficeFunction.GOVERNOR and each.province_code == row.province_code)
            ),
            delegations=(),
            findings=tuple(_finding(each.Finding) for each in found if each.Finding.body_id == body),
            offices_complete=body in complete,
        )
        signing[row.code] = _signing(reading, row.body_kind, row.code)
    return signing


def _signing(reading: Reading, kind: BodyKind, code: str) -> tuple[UUID, ...]:
    rule = rule_of(ActKind.LICENCE, kind, code)
    if rule is None:
        return ()
    serving = [each for each in reading.offices if reading.serving(each.id) is not None]
    own = [each.id for each in serving if each.function in rule.functions and reading.stop(each.id) is None]
    instead = [
        each.id
        for each in serving
        if each.function in rule.others
        and claim(reading, each.id, act=ActKind.LICENCE, rule=rule).standing is Standing.HELD
    ]
    return (*own, *instead)


def _offices(session: Session, bodies: dict[UUID, Any], provinces: Sequence[str | None], day: date) -> Sequence[Any]:
    """The offices of these bodies, and the governors of their provinces, that had begun by the day."""
    governors = (
        (Office.function == OfficeFunction.GOVERNOR)
        & (Body.kind == BodyKind.PROVINCE)
        & Body.province_code.in_({each for each in provinces if each is not None})
    )
    return session.execute(
        select(
            Office.id,
            Office.holder_id,
            Office.body_id,
            Office.function,
            Office.rank,
            Office.starts_on,
            OfficeEnd.ends_on,
            Body.code,
            Body.province_code,
        )
        .join(Body, Body.id == Office.body_id)
        .outerjoin(OfficeEnd, (OfficeEnd.office_id == Office.id) & OfficeEnd.superseded_at.is_(None))
        .where(Office.superseded_at.is_(None), Office.starts_on <= day)
        .where(Office.body_id.in_(bodies) | governors)
        .order_by(Office.rank, Office.recorded_at)
    ).all()


def _seen(row: Any) -> OfficeSeen:
    return OfficeSeen(
        id=row.id,
        holder=row.holder_id,
        function=row.function,
        rank=row.rank,
        body_code=row.code,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
    )


def _finding(row: Finding) -> FindingSeen:
    return FindingSeen(
        id=row.id,
        kind=row.kind,
        office=row.office_id,
        replacement=row.replacement_id,
        number=row.number,
        acts=acts_of(row.acts),
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        recorded_at=row.recorded_at,
    )
