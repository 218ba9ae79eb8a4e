"""Leaves of the journal, the events that follow from them, and the head of the numbering."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from pki.journal.append_only import append_only
from pki.records import Base, Instant

Big = BigInteger().with_variant(Integer, "sqlite")


class Leaf(Base):
    """One act. `content` is what the tree commits to; `facts` and `salt` open its digest.

    `content` holds no personal data: who erases `facts` and `salt` leaves the proof standing.
    """

    __tablename__ = "journal_leaf"
    __table_args__ = (CheckConstraint("number >= 0", name="number"),)

    id: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=True)
    number: Mapped[int | None] = mapped_column(Big, unique=True)
    """Place in the log, from 0 and without gaps; null until the sequencer came by."""
    content: Mapped[bytes] = mapped_column(LargeBinary)
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    salt: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    facts: Mapped[str | None] = mapped_column(Text)


class EventRow(Base):
    """What happened to what, for those who follow: no personal data. Numbered with its leaf."""

    __tablename__ = "event"

    leaf_id: Mapped[int] = mapped_column(Big, ForeignKey("journal_leaf.id"), primary_key=True, autoincrement=False)
    number: Mapped[int | None] = mapped_column(Big, unique=True)
    kind: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(Instant)


class JournalHead(Base):
    """How many leaves are numbered: one row, whose lock is the right to number."""

    __tablename__ = "journal_head"
    __table_args__ = (CheckConstraint("id = 1", name="single"), CheckConstraint("size >= 0", name="size"))

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(Big)


Index("ix_journal_leaf_unnumbered", Leaf.id, sqlite_where=Leaf.number.is_(None), postgresql_where=Leaf.number.is_(None))
Index("ix_event_subject_number", EventRow.subject, EventRow.number)

# What the tree commits to stays as written; a number is given once; facts and salt can only be emptied.
append_only(
    Leaf.__table__,
    frozen=("id", "content", "leaf_hash"),
    once=("number",),
    erasable=("salt", "facts"),
)
append_only(EventRow.__table__, frozen=("leaf_id", "kind", "subject", "at"), once=("number",))
