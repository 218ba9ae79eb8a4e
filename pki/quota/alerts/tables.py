"""Alerts, what officers did with them, and when each family was swept."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from pki.journal.append_only import append_only
from pki.journal.tables import Big
from pki.quota.alerts.kinds import AlertKind, Family, Handling
from pki.records import Base, Instant, enumeration

_OF_ORDERS = "('expiry_90', 'expiry_30', 'expiry_7', 'key_idle', 'key_without_office')"


class Alert(Base):
    """One crossing: it opens once, and closes once, when its condition ends. The next crossing is another row."""

    __tablename__ = "quota_alert"
    __table_args__ = (
        CheckConstraint(f"(kind IN {_OF_ORDERS}) = (order_id IS NOT NULL)", name="order"),
        CheckConstraint("(kind = 'office_without_key') = (office_id IS NOT NULL)", name="office"),
        CheckConstraint("subject_id = coalesce(order_id, office_id, body_id)", name="subject"),
        CheckConstraint("closed_at IS NULL OR closed_at >= opened_at", name="closed_at"),
        CheckConstraint("superseded_by IS NULL OR superseded_by <> id", name="superseded_by"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    kind: Mapped[AlertKind] = mapped_column(enumeration(AlertKind, "kind"))
    subject_id: Mapped[UUID]
    """The order or office if it is of one, else the body."""
    body_id: Mapped[UUID] = mapped_column(ForeignKey("body.id"), index=True)
    """In whose territory it lies."""
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("key_order.id"))
    office_id: Mapped[UUID | None] = mapped_column(ForeignKey("office.id"))
    detail: Mapped[str] = mapped_column(String(40))
    """As of the last sweep that saw it: seats in use ("4/5"), last day, function, why a commune cannot sign."""
    opened_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    superseded_by: Mapped[UUID | None] = mapped_column(ForeignKey("quota_alert.id"))
    """The stronger alert of the same subject, while that is open; of a closed one, when it closed."""
    told_at: Mapped[datetime | None] = mapped_column(Instant)
    """When its mail was handed over, or was found to have nobody to go to. Once."""
    assigned_to: Mapped[str | None] = mapped_column(String(100))
    """Kind and id of the actor."""
    snoozed_until: Mapped[date | None]
    """First civil day on which mail speaks of it again."""


_OPEN = Alert.closed_at.is_(None)
Index(
    "uq_quota_alert_kind_subject_id_open",
    Alert.kind,
    Alert.subject_id,
    unique=True,
    sqlite_where=_OPEN,
    postgresql_where=_OPEN,
)
_UNTOLD = _OPEN & Alert.told_at.is_(None)
Index("ix_quota_alert_untold", Alert.body_id, sqlite_where=_UNTOLD, postgresql_where=_UNTOLD)
Index("ix_quota_alert_opened_at", Alert.opened_at, Alert.id)
_SNOOZED = Alert.snoozed_until.is_not(None)
Index("ix_quota_alert_snoozed", Alert.kind, Alert.snoozed_until, sqlite_where=_SNOOZED, postgresql_where=_SNOOZED)
append_only(
    Alert.__table__,
    frozen=("id", "kind", "subject_id", "body_id", "order_id", "office_id", "opened_at"),
    once=("closed_at", "told_at"),
)


class AlertHandling(Base):
    """What an officer did with an alert, and why. The last of each action holds."""

    __tablename__ = "quota_alert_handling"
    __table_args__ = (
        CheckConstraint(
            "(action = 'snoozed') = (until IS NOT NULL) AND (action = 'snoozed') = (reason IS NOT NULL)", name="snoozed"
        ),
    )

    id: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=True)
    alert_id: Mapped[UUID] = mapped_column(ForeignKey("quota_alert.id"), index=True)
    action: Mapped[Handling] = mapped_column(enumeration(Handling, "action"))
    until: Mapped[date | None]
    reason: Mapped[str | None] = mapped_column(String(300))
    at: Mapped[datetime] = mapped_column(Instant)
    by: Mapped[str] = mapped_column(String(100))


append_only(AlertHandling.__table__, frozen=tuple(AlertHandling.__table__.columns.keys()))


class AlertSweep(Base):
    """When a family was last swept: one row each, whose lock is the right to sweep it."""

    __tablename__ = "quota_alert_sweep"

    family: Mapped[Family] = mapped_column(enumeration(Family, "family"), primary_key=True)
    swept_at: Mapped[datetime] = mapped_column(Instant)
