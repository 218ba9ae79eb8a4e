"""A list of officials taken into a plan: good rows kept, errors beside theirs, the same row again nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.journal.canonical import canonical_json
from pki.quota.elections.kinds import COUNCILS, CouncilState, RowFault
from pki.quota.elections.officials import OfficialRow, RowError, fault, parse_officials
from pki.quota.elections.plans import require_plan
from pki.quota.elections.tables import Council, ElectedOfficial, ElectionPlan
from pki.records import Records, civil_day
from pki.registration.kinds import BodyKind
from pki.registration.protection import ProtectedNumber, ProtectedNumbers
from pki.registration.tables import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of the rows."""

    new: int
    changed: int
    """They took the place of an earlier list's rows."""
    unchanged: int
    errors: tuple[RowError, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Accepted:
    row: OfficialRow
    body: UUID
    number: ProtectedNumber
    digest: str


def import_officials(
    records: Records, protection: ProtectedNumbers, *, plan: UUID, content: bytes, by: Actor, at: datetime
) -> Imported:
    """Take a list (CSV, see `parse_officials`) into the plan. Good rows are kept, whatever the others are.

    An office that an earlier list filled otherwise is superseded; one that this list does not name stays.

    :raise PlanUnknown: `ImportRefused`: nothing at all was taken.
    """
    sound: list[OfficialRow] = []
    errors: list[RowError] = []
    for each in parse_officials(content):
        if isinstance(each, OfficialRow):
            sound.append(each)
        else:
            errors += each
    with records.writing() as session:
        require_plan(session, plan)
        # Two imports into one plan take turns: each sees what the other took.
        session.execute(select(ElectionPlan.id).where(ElectionPlan.id == plan).with_for_update(key_share=True))
        accepted = _accepted(session, protection, plan, sound, errors, at=at)
        new, changed = _keep(session, plan, accepted, by=by, at=at)
        errors.sort(key=lambda error: error.row)
        imported = Imported(new=new, changed=changed, unchanged=len(accepted) - new - changed, errors=tuple(errors))
        facts: dict[str, object] = {"sha256": hashlib.sha256(content).hexdigest(), "new": new, "changed": changed}
        facts |= {"unchanged": imported.unchanged, "errors": len(errors)}
        record(session, kind="election.officials-imported", subject=f"election:{plan}", by=by, at=at, facts=facts)
    return imported


def _accepted(
    session: Session,
    protection: ProtectedNumbers,
    plan: UUID,
    rows: list[OfficialRow],
    errors: list[RowError],
    *,
    at: datetime,
) -> list[_Accepted]:
    """The rows that fit the register and each other; what is wrong with the rest is added to `errors`."""
    bodies = {code: (number, kind) for code, number, kind in session.execute(select(Body.code, Body.id, Body.kind))}
    seated = set(
        session.scalars(select(Council.body_id).where(Council.plan_id == plan, Council.state == CouncilState.SEATED))
    )
    places: dict[tuple[UUID, str], int] = {}
    persons: dict[tuple[UUID, str], int] = {}
    found = []
    for row in rows:
        wrong = _misplaced(row, bodies, seated, at=at)
        if wrong is not None:
            errors.append(wrong)
            continue
        body = bodies[row.body_code][0]
        number = protection.protect(row.cin)
        first = places.setdefault((body, row.place), row.row)
        if first != row.row:
            errors.append(fault(row.row, "function", RowFault.PLACE_TWICE, f"row {first}"))
            continue
        first = persons.setdefault((body, number.keyed_hash), row.row)
        if first != row.row:
            errors.append(fault(row.row, "cin", RowFault.PERSON_TWICE, f"row {first}"))
            continue
        found.append(_Accepted(row=row, body=body, number=number, digest=_digest(row, number)))
    return found


def _misplaced(
    row: OfficialRow, bodies: Mapping[str, tuple[UUID, BodyKind]], seated: set[UUID], *, at: datetime
) -> RowError | None:
    body, kind = bodies.get(row.body_code, (None, None))
    if body is None:
        return fault(row.row, "body", RowFault.BODY_UNKNOWN)
    if kind not in COUNCILS:
        return fault(row.row, "body", RowFault.BODY_WITHOUT_COUNCIL)
    if body in seated:
        return fault(row.row, "body", RowFault.COUNCIL_SEATED)
    if row.elected_on > civil_day(at):
        return fault(row.row, "elected_on", RowFault.DATE_TO_COME)
    return None


def _digest(row: OfficialRow, number: ProtectedNumber) -> str:
    said = {
        "place": row.place,
        "name_ar": row.name_ar,
        "name_latin": row.name_latin,
        "cin": number.keyed_hash,
        "email": row.email,
        "phone": row.phone,
        "elected_on": row.elected_on,
        "deed": row.deed,
    }
    return hashlib.sha256(canonical_json(said)).hexdigest()


def _keep(session: Session, plan: UUID, accepted: list[_Accepted], *, by: Actor, at: datetime) -> tuple[int, int]:
    """Record what is new or changed; return how many of each."""
    current = {
        (row.body_id, row.place): row
        for row in session.execute(
            select(ElectedOfficial.id, ElectedOfficial.body_id, ElectedOfficial.place, ElectedOfficial.digest).where(
                ElectedOfficial.plan_id == plan, ElectedOfficial.superseded_at.is_(None)
            )
        )
    }
    fresh, changed = [], []
    for each in accepted:
        before = current.get((each.body, each.row.place))
        if before is not None and before.digest == each.digest:
            continue
        if before is not None:
            changed.append(before.id)
        fresh.append(each)
    for start in range(0, len(changed), 500):
        session.execute(
            update(ElectedOfficial)
            .where(ElectedOfficial.id.in_(changed[start : start + 500]))
            .values(superseded_at=at)
            .execution_options(synchronize_session=False)
        )
    if fresh:
        session.execute(insert(ElectedOfficial), [_values(plan, each, by=by, at=at) for each in fresh])
    return len(fresh) - len(changed), len(changed)


def _values(plan: UUID, each: _Accepted, *, by: Actor, at: datetime) -> dict[str, object]:
    row = each.row
    return {
        "id": uuid4(),
        "plan_id": plan,
        "body_id": each.body,
        "function": row.function,
        "rank": row.rank,
        "place": row.place,
        "name_ar": row.name_ar,
        "name_latin": row.name_latin,
        "cin_encrypted": each.number.encrypted,
        "cin_hash": each.number.keyed_hash,
        "email": row.email,
        "phone": row.phone,
        "elected_on": row.elected_on,
        "deed": row.deed,
        "digest": each.digest,
        "imported_at": at,
        "imported_by": str(by),
    }
