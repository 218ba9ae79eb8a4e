"""Alerts by mail: one digest for a body and one for its province, once for each crossing.

Notices follow offices. There are no other addresses: what nobody can be written to about is in the list.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from pki.quota.alerts.conditions import in_effect
from pki.quota.alerts.kinds import DAYS_LEFT, AlertKind
from pki.quota.alerts.tables import Alert
from pki.quota.tables import KeyOrder
from pki.records import OfficeId, Records, again_after_deadlock, civil_day
from pki.registration.kinds import BodyKind, OfficeFunction
from pki.registration.mailboxes.notices import Mailer, NoticeKind, notify_office
from pki.registration.tables import Body, Office

HEADS = frozenset(
    {OfficeFunction.PRESIDENT, OfficeFunction.PACHA, OfficeFunction.GOVERNOR, OfficeFunction.DIRECTOR_OF_SERVICES}
)
"""Who is told of a body's alerts; of a province's communes, its own."""
TO_HOLDERS = frozenset({*DAYS_LEFT, AlertKind.KEY_IDLE})
"""Of these the holder of the key is told too."""


_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Untold:
    kind: AlertKind
    superseded: bool
    body_id: UUID
    body: str
    office: UUID | None
    """Of the key's order."""


def tell_alerts(records: Records, mailer: Mailer, *, at: datetime) -> int:
    """Hand over the mail for alerts that wait for it; return how many messages. A province is a transaction.

    A superseded alert is told by the stronger one. One that sleeps waits, and is told later if it is still open.
    """
    asked = select(Body.province_code).join(Alert, Alert.body_id == Body.id).where(_waiting(at)).distinct()
    with records.reading() as session:
        provinces = session.scalars(asked).all()
    return sum(_tell_province(records, mailer, province, at=at) for province in provinces)


@again_after_deadlock
def _tell_province(records: Records, mailer: Mailer, province: str | None, *, at: datetime) -> int:
    with records.writing() as session:
        by_body: defaultdict[UUID, list[_Untold]] = defaultdict(list)
        for each in _take(session, province, at=at):
            if not each.superseded:
                by_body[each.body_id].append(each)
        if not by_body:
            return 0
        heads = _heads(session, province, at=at)
        sent = 0
        for body, found in by_body.items():
            for office, about in _addressed(found, heads.get(body, [])).items():
                sent += _send(session, mailer, office, found[0].body, about, at=at)
        return sent + _tell_above(session, mailer, province, by_body, heads, at=at)


def _addressed(found: Sequence[_Untold], heads: Sequence[UUID]) -> dict[UUID, list[_Untold]]:
    """A body's heads are told everything of it, the holder of a key what is told of that."""
    told: dict[UUID, list[_Untold]] = {office: list(found) for office in heads}
    for each in found:
        if each.office is not None and each.office not in heads and each.kind in TO_HOLDERS:
            told.setdefault(each.office, []).append(each)
    return told


def _tell_above(
    session: Session,
    mailer: Mailer,
    province: str | None,
    by_body: Mapping[UUID, Sequence[_Untold]],
    heads: Mapping[UUID, Sequence[UUID]],
    *,
    at: datetime,
) -> int:
    """The province's heads are told of the bodies in it together; of its own alerts they were told as any body's."""
    asked = select(Body.id, Body.name_fr, Body.name_ar).where(
        Body.kind == BodyKind.PROVINCE, Body.province_code == province
    )
    row = session.execute(asked).one_or_none()
    if row is None:
        return 0
    below = [each for body, found in by_body.items() if body != row.id for each in found]
    if not below:
        return 0
    name = f"{row.name_fr} / {row.name_ar}"
    return sum(_send(session, mailer, office, name, below, at=at) for office in heads.get(row.id, []))


def _waiting(at: datetime) -> ColumnElement[bool]:
    awake = or_(Alert.snoozed_until.is_(None), Alert.snoozed_until <= civil_day(at))
    return and_(Alert.closed_at.is_(None), Alert.told_at.is_(None), awake)


def _take(session: Session, province: str | None, *, at: datetime) -> list[_Untold]:
    """What waits in the province: told from now on, by this transaction and no other."""
    # THREAT: two processes tell one crossing twice, and whoever gets such mail stops reading it.
    # DEFENCE: what is told is marked by one conditional statement, in the transaction that hands the mail over.
    # TEST: tests/pki/quota/alerts/test_telling.py::test_told_once_by_many_at_once
    rows = session.execute(
        select(Alert.id, Alert.kind, Alert.superseded_by, Body.id, Body.name_fr, Body.name_ar, KeyOrder.office_id)
        .join(Body, Body.id == Alert.body_id)
        .outerjoin(KeyOrder, KeyOrder.id == Alert.order_id)
        .where(_waiting(at), Body.province_code.is_not_distinct_from(province))
        .order_by(Alert.id)
    ).all()
    mine: set[UUID] = set()
    for first in range(0, len(rows), _AT_ONCE):
        taken = (
            update(Alert)
            .where(Alert.id.in_([row[0] for row in rows[first : first + _AT_ONCE]]), Alert.told_at.is_(None))
            .values(told_at=at)
            .returning(Alert.id)
            .execution_options(synchronize_session=False)
        )
        mine.update(session.scalars(taken))
    return [
        _Untold(kind=kind, superseded=above is not None, body_id=body, body=f"{name_fr} / {name_ar}", office=office)
        for number, kind, above, body, name_fr, name_ar, office in rows
        if number in mine
    ]


def _heads(session: Session, province: str | None, *, at: datetime) -> dict[UUID, list[UUID]]:
    """Offices of the province's bodies, the province itself among them, that are told; by body."""
    found: defaultdict[UUID, list[UUID]] = defaultdict(list)
    rows = session.execute(
        select(Office.body_id, Office.id)
        .join(Body, Body.id == Office.body_id)
        .where(Body.province_code.is_not_distinct_from(province), Office.function.in_(sorted(HEADS)))
        .where(in_effect(Office, civil_day(at)))
        .order_by(Office.id)
    )
    for body, office in rows:
        found[body].append(office)
    return dict(found)


def _send(session: Session, mailer: Mailer, office: UUID, body: str, about: Iterable[_Untold], *, at: datetime) -> bool:
    """Counts by kind and a body's name: no person's."""
    counted = Counter(each.kind.value for each in about)
    facts = {"body": body, **{kind: str(count) for kind, count in counted.items()}}
    sent = notify_office(session, mailer, office=OfficeId(office), kind=NoticeKind.ALERTS, facts=facts, at=at)
    return sent is not None
