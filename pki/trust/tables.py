"""Trust anchors, dated, with their policies."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import JSON, CheckConstraint, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from pki.records import Base, Instant, enumeration

from .marks import Environment


class AnchorRow(Base):
    """A certificate that paths may end in, between two instants, both inside."""

    __tablename__ = "trust_anchor"
    __table_args__ = (CheckConstraint("not_before <= not_after", name="dates"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    der: Mapped[bytes] = mapped_column(LargeBinary)
    not_before: Mapped[datetime] = mapped_column(Instant)
    not_after: Mapped[datetime] = mapped_column(Instant)
    policy_oids: Mapped[list[str]] = mapped_column(JSON)
    environment: Mapped[Environment] = mapped_column(enumeration(Environment, "environment"))
    source: Mapped[str] = mapped_column(String(300))
    added_at: Mapped[datetime] = mapped_column(Instant)
