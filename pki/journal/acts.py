"""Writing to the journal, numbering it, and reading events on from a number."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from pki.journal.canonical import LEAF_VERSION, canonical_json, fact_digest, leaf_hash
from pki.journal.inserting import insert_into
from pki.journal.tables import EventRow, JournalHead, Leaf
from pki.records import Records

_NOTHING: Mapping[str, object] = MappingProxyType({})
# Every act writes these two: made once, on the tables themselves.
_LEAF = insert(Leaf.__table__).returning(Leaf.__table__.c.id)  # type: ignore[arg-type]
_EVENT = insert(EventRow.__table__)  # type: ignore[arg-type]


class ActorKind(StrEnum):
    """Who does things here."""

    OFFICER = "officer"
    CLIENT = "client"
    HOLDER = "holder"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Whoever does an act."""

    kind: ActorKind
    id: str
    """An officer's uuid, a client's id, a holder's uuid, or the name of a part of the service ("jobs")."""

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened to what. Holds no personal data."""

    number: int
    kind: str
    subject: str
    at: datetime


def record(
    session: Session,
    *,
    kind: str,
    subject: str,
    by: Actor,
    at: datetime,
    facts: Mapping[str, object] = _NOTHING,
) -> None:
    """Write a leaf and its event in the transaction of the act; it is numbered after the commit.

    :param kind: dotted lower case: "order.requested".
    :param subject: what the act was done to: "order:<uuid>".
    :param facts: what canonical JSON can spell; only their salted digest enters the leaf.
    """
    spelled = canonical_json(facts)
    salt = secrets.token_bytes(32)
    content = canonical_json(
        {
            "v": LEAF_VERSION,
            "kind": kind,
            "subject": subject,
            "by": {"kind": by.kind, "id": by.id},
            "at": at,
            "digest": fact_digest(salt, spelled).hex(),
        }
    )
    written = {"content": content, "leaf_hash": leaf_hash(content), "salt": salt, "facts": spelled.decode()}
    connection = session.connection()
    leaf = connection.execute(_LEAF, written).scalar_one()
    connection.execute(_EVENT, {"leaf_id": leaf, "kind": kind, "subject": subject, "at": at})


def number_leaves(records: Records, *, limit: int = 1000) -> int:
    """Number up to `limit` leaves and their events, gap-free, after every leaf committed before; return how many.

    Safe to run at any time, twice, and from several processes: the lock on the head is the right to number.
    """
    with records.writing() as session:
        size = _locked_size(session)
        waiting = session.scalars(select(Leaf.id).where(Leaf.number.is_(None)).order_by(Leaf.id).limit(limit)).all()
        if not waiting:
            return 0
        numbered = [{"leaf": leaf, "given": size + place} for place, leaf in enumerate(waiting)]
        for table, key in ((Leaf.__table__, Leaf.__table__.c.id), (EventRow.__table__, EventRow.__table__.c.leaf_id)):
            assert isinstance(table, Table)
            session.connection().execute(
                update(table).where(key == bindparam("leaf")).values(number=bindparam("given")), numbered
            )
        session.execute(update(JournalHead).values(size=size + len(waiting)))
        return len(waiting)


def events_after(session: Session, number: int, *, subject: str | None, limit: int) -> list[Event]:
    """Numbered events with a number above `number` (-1: from the start), oldest first; of one subject if given."""
    asked = select(EventRow.number, EventRow.kind, EventRow.subject, EventRow.at).where(EventRow.number > number)
    if subject is not None:
        asked = asked.where(EventRow.subject == subject)
    rows = session.execute(asked.order_by(EventRow.number).limit(limit))
    return [Event(number=row.number, kind=row.kind, subject=row.subject, at=row.at) for row in rows]


def events_wait(session: Session, *, subject: str) -> bool:
    """Whether an event of the subject is not numbered yet."""
    asked = select(EventRow.leaf_id).where(EventRow.subject == subject, EventRow.number.is_(None)).limit(1)
    return session.execute(asked).first() is not None


def _locked_size(session: Session) -> int:
    """The count of numbered leaves; the head is locked until the transaction ends."""
    session.execute(insert_into(session, JournalHead).values(id=1, size=0).on_conflict_do_nothing())
    return session.execute(
        update(JournalHead).where(JournalHead.id == 1).values(size=JournalHead.size).returning(JournalHead.size)
    ).scalar_one()
