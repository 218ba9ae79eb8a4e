"""Agreements, waves, allowances, the ledger, orders and what is approved for them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pki.journal.append_only import append_only
from pki.journal.tables import Big
from pki.quota.kinds import (
    Account,
    Basis,
    Book,
    EvidenceStanding,
    KeyUse,
    Limits,
    OrderState,
    Road,
    SeatPlace,
    TierKind,
    UnlockKind,
)
from pki.quota.transitions import OPEN_STATES, STANDING_STATES
from pki.records import Base, Instant, enumeration
from pki.status.tables import RevocationReason


class Agreement(Base):
    """What was agreed with a supplier of certificates. Its running figures stand in `AgreementBook`."""

    __tablename__ = "agreement"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    number: Mapped[str] = mapped_column(String(100), unique=True)
    supplier: Mapped[str] = mapped_column(String(200))
    census: Mapped[str] = mapped_column(String(40))
    """The census its first grants count by; later ones are applied to it."""
    limits: Mapped[Limits] = mapped_column(enumeration(Limits, "limits"))
    limits_basis: Mapped[Basis] = mapped_column(enumeration(Basis, "limits_basis"))
    in_effect_from: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[str] = mapped_column(String(100))


class AgreementBook(Base):
    """The agreement's figures: seats granted under its ceiling, purchases granted and used."""

    __tablename__ = "agreement_book"
    __table_args__ = (
        CheckConstraint("seats_granted >= 0", name="seats_granted"),
        CheckConstraint("seats_ceiling IS NULL OR seats_granted <= seats_ceiling", name="seats_ceiling"),
        CheckConstraint("purchases_used >= 0 AND purchases_used <= purchases_granted", name="purchases"),
    )

    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"), primary_key=True)
    seats_ceiling: Mapped[int | None]
    """None: the agreement sets no figure for seats. 0: none may be granted."""
    seats_granted: Mapped[int]
    purchases_granted: Mapped[int]
    purchases_used: Mapped[int]


class TierRow(Base):
    """Keys by population, in [population_from, population_below)."""

    __tablename__ = "tier"
    __table_args__ = (
        UniqueConstraint("amendment_id", "kind", "population_from"),
        CheckConstraint("population_from >= 0", name="population_from"),
        CheckConstraint("population_below IS NULL OR population_below > population_from", name="population_below"),
        CheckConstraint("keys >= 0", name="keys"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"))
    amendment_id: Mapped[UUID | None] = mapped_column(ForeignKey("tier_amendment.id"))
    """The amendment that brought this row; None: the table that was signed with the agreement."""
    kind: Mapped[TierKind] = mapped_column(enumeration(TierKind, "kind"))
    population_from: Mapped[int]
    population_below: Mapped[int | None]
    """None: no upper bound."""
    keys: Mapped[int]
    basis: Mapped[Basis] = mapped_column(enumeration(Basis, "basis"))
    in_effect_from: Mapped[date]


Index(
    "uq_tier_agreement_id_kind_population_from_signed",
    TierRow.agreement_id,
    TierRow.kind,
    TierRow.population_from,
    unique=True,
    sqlite_where=TierRow.amendment_id.is_(None),
    postgresql_where=TierRow.amendment_id.is_(None),
)


class Wave(Base):
    """Regions whose bodies get their seats on a day."""

    __tablename__ = "wave"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"))
    label: Mapped[str] = mapped_column(String(200))
    opens_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[str] = mapped_column(String(100))


class WaveRegion(Base):
    """A region opens once."""

    __tablename__ = "wave_region"

    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"), primary_key=True)
    wave_id: Mapped[UUID] = mapped_column(ForeignKey("wave.id"))


class Allowance(Base):
    """A body's seats. What is neither reserved nor live is available, from `opens_on` on (inside).

    A census, a transfer or keys already in the field may leave more in use than granted: that is the excess.
    """

    __tablename__ = "allowance"
    __table_args__ = (
        CheckConstraint("reserved >= 0", name="reserved"),
        CheckConstraint("live >= 0", name="live"),
        CheckConstraint("granted >= 0", name="not_negative"),
        CheckConstraint("reserved + live <= granted + excess", name="granted"),
        CheckConstraint("excess >= 0 AND (excess = 0 OR reserved + live = granted + excess)", name="excess"),
    )

    body_id: Mapped[UUID] = mapped_column(ForeignKey("body.id"), primary_key=True)
    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"))
    wave_id: Mapped[UUID] = mapped_column(ForeignKey("wave.id"))
    opens_on: Mapped[date]
    granted: Mapped[int]
    reserved: Mapped[int]
    live: Mapped[int]
    excess: Mapped[int]
    """How many more are in use than granted. While there are any, nothing new is reserved."""


class KeyOrder(Base):
    """The life of one key. A key already held draws on nobody: no payer, no agreement, no seat."""

    __tablename__ = "key_order"
    __table_args__ = (
        CheckConstraint("(road = 'already_held') = (payer_body_id IS NULL)", name="payer"),
        CheckConstraint("(payer_body_id IS NULL) = (agreement_id IS NULL)", name="agreement"),
        CheckConstraint("(road = 'already_held') = (paid_by IS NOT NULL)", name="paid_by"),
        CheckConstraint("road <> 'already_held' OR seat = 'none'", name="no_seat"),
        CheckConstraint(
            "road = 'already_held' OR seat IN ('reserved', 'awaited')"
            " OR state NOT IN ('requested', 'approved', 'personalised')",
            name="reserved_seat",
        ),
        # Reserved the first time; live when an unlocked device is to be accepted again.
        CheckConstraint("road = 'already_held' OR seat <> 'none' OR state <> 'delivered'", name="delivered_seat"),
        CheckConstraint("road = 'already_held' OR seat = 'live' OR state <> 'active'", name="live_seat"),
        CheckConstraint("road = 'already_held' OR seat <> 'none' OR state <> 'blocked'", name="blocked_seat"),
        CheckConstraint(
            "seat = 'none' OR state NOT IN ('revoked', 'expired', 'returned', 'replaced', 'cancelled')",
            name="freed_seat",
        ),
        CheckConstraint("seat <> 'awaited' OR replaces_id IS NOT NULL", name="awaited_seat"),
        CheckConstraint("replaces_id IS NULL OR replaces_id <> id", name="replaces"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    holder_id: Mapped[UUID] = mapped_column(ForeignKey("holder.id"), index=True)
    office_id: Mapped[UUID] = mapped_column(ForeignKey("office.id"), index=True)
    body_id: Mapped[UUID] = mapped_column(ForeignKey("body.id"), index=True)
    payer_body_id: Mapped[UUID | None] = mapped_column(ForeignKey("body.id"), index=True)
    agreement_id: Mapped[UUID | None] = mapped_column(ForeignKey("agreement.id"))
    paid_by: Mapped[str | None] = mapped_column(String(200))
    road: Mapped[Road] = mapped_column(enumeration(Road, "road"))
    state: Mapped[OrderState] = mapped_column(enumeration(OrderState, "state"))
    seat: Mapped[SeatPlace] = mapped_column(enumeration(SeatPlace, "seat"))
    requested_at: Mapped[datetime] = mapped_column(Instant)
    requested_by: Mapped[str] = mapped_column(String(100))
    """Kind and id of the actor."""
    device_serial: Mapped[str | None] = mapped_column(String(100))
    """Supplied: the one device that it is for; None: any."""
    approved_by: Mapped[str | None] = mapped_column(String(100))
    """Supplied: the second officer. What is issued here is approved in its request."""
    replaces_id: Mapped[UUID | None] = mapped_column(ForeignKey("key_order.id"), index=True)
    """The order whose place this one takes, or took."""


_OPEN = KeyOrder.state.in_(OPEN_STATES)
Index(
    "uq_key_order_holder_id_body_id_open",
    KeyOrder.holder_id,
    KeyOrder.body_id,
    unique=True,
    sqlite_where=_OPEN,
    postgresql_where=_OPEN,
)

_LIVING = KeyOrder.state.in_(STANDING_STATES)
Index(
    "ix_key_order_body_id_state_living",
    KeyOrder.body_id,
    KeyOrder.state,
    sqlite_where=_LIVING,
    postgresql_where=_LIVING,
)


_AWAITING = KeyOrder.seat == SeatPlace.AWAITED
Index(
    "uq_key_order_replaces_id_awaiting",
    KeyOrder.replaces_id,
    unique=True,
    sqlite_where=_AWAITING,
    postgresql_where=_AWAITING,
)


class DueRevocation(Base):
    """Certificates of a stopped key that are to be revoked once no signature of it could suffer from that."""

    __tablename__ = "due_revocation"

    order_id: Mapped[UUID] = mapped_column(ForeignKey("key_order.id"), primary_key=True)
    reason: Mapped[RevocationReason] = mapped_column(enumeration(RevocationReason, "reason"))
    cause: Mapped[str] = mapped_column(String(100))
    due_at: Mapped[datetime] = mapped_column(Instant)
    due_by: Mapped[str] = mapped_column(String(100))
    done_at: Mapped[datetime | None] = mapped_column(Instant)


append_only(DueRevocation.__table__, frozen=("order_id", "reason", "cause", "due_at", "due_by"), once=("done_at",))
Index(
    "ix_due_revocation_open",
    DueRevocation.due_at,
    sqlite_where=DueRevocation.done_at.is_(None),
    postgresql_where=DueRevocation.done_at.is_(None),
)


class IssuanceRequest(Base):
    """Exactly what would be issued for an order, and the device that holds the keys. One is current at a time."""

    __tablename__ = "issuance_request"
    __table_args__ = (
        CheckConstraint("(approved_at IS NULL) = (approved_by IS NULL)", name="approval"),
        CheckConstraint("used_at IS NULL OR approved_at IS NOT NULL", name="used"),
        CheckConstraint("superseded_at IS NULL OR approved_at IS NULL", name="superseded"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("key_order.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    requests_sha256: Mapped[str] = mapped_column(String(64))
    """Over both CSRs: the same ones sent again get the same answer."""
    certificates: Mapped[str] = mapped_column(Text)
    """JSON: what the approver reads, and the intents in the authority's room."""
    device_label: Mapped[str] = mapped_column(String(100))
    device_serial: Mapped[str] = mapped_column(String(100))
    device_model: Mapped[str] = mapped_column(String(100))
    submitted_at: Mapped[datetime] = mapped_column(Instant)
    submitted_by: Mapped[str] = mapped_column(String(100))
    superseded_at: Mapped[datetime | None] = mapped_column(Instant)
    approved_at: Mapped[datetime | None] = mapped_column(Instant)
    approved_by: Mapped[str | None] = mapped_column(String(100))
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the approval was spent on issuing; never twice."""


Index(
    "uq_issuance_request_order_id_current",
    IssuanceRequest.order_id,
    unique=True,
    sqlite_where=IssuanceRequest.superseded_at.is_(None),
    postgresql_where=IssuanceRequest.superseded_at.is_(None),
)


class LedgerEntry(Base):
    """One side of a movement. The sides of a movement add up to nothing; no entry is ever changed."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        CheckConstraint("change <> 0", name="change"),
        UniqueConstraint("movement_id", "account"),
        CheckConstraint(
            "(book = 'seat' AND account IN ('agreement', 'available', 'reserved', 'live'))"
            " OR (book = 'purchase' AND account IN ('agreement', 'unused', 'used'))",
            name="book_account",
        ),
        CheckConstraint("book = 'purchase' OR body_id IS NOT NULL", name="seat_body"),
    )

    id: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=True)
    movement_id: Mapped[UUID] = mapped_column(index=True)
    book: Mapped[Book] = mapped_column(enumeration(Book, "book"))
    account: Mapped[Account] = mapped_column(enumeration(Account, "account"))
    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"))
    body_id: Mapped[UUID | None] = mapped_column(ForeignKey("body.id"), index=True)
    change: Mapped[int]
    cause: Mapped[str] = mapped_column(String(80))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("key_order.id"), index=True)
    in_effect: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    origin: Mapped[str | None] = mapped_column(String(80))
    """What it follows from, kind and id: "wave:<uuid>", "extra:<uuid>"; None: from its order alone."""


_ORDERED = (LedgerEntry.account == Account.AVAILABLE) & LedgerEntry.order_id.is_not(None)
Index(
    "ix_ledger_entry_recorded_at_ordered",
    LedgerEntry.recorded_at,
    sqlite_where=_ORDERED,
    postgresql_where=_ORDERED,
)
append_only(
    LedgerEntry.__table__,
    frozen=(
        "id",
        "movement_id",
        "book",
        "account",
        "agreement_id",
        "body_id",
        "change",
        "cause",
        "order_id",
        "in_effect",
        "recorded_at",
        "origin",
    ),
)


class KeyEvidence(Base):
    """What a station says of one key and of the device that holds it, when its requests or certificates came."""

    __tablename__ = "key_evidence"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("key_order.id"), index=True)
    key_use: Mapped[KeyUse] = mapped_column(enumeration(KeyUse, "key_use"))
    spki_sha256: Mapped[str] = mapped_column(String(64), index=True)
    """Of the key itself: its certificate has the same."""
    standing: Mapped[EvidenceStanding] = mapped_column(enumeration(EvidenceStanding, "standing"))
    station: Mapped[str] = mapped_column(String(100))
    """The PC that says so, by its own word; empty: it did not name itself."""
    label: Mapped[str] = mapped_column(String(100))
    serial: Mapped[str] = mapped_column(String(100))
    model: Mapped[str] = mapped_column(String(100))
    manufacturer: Mapped[str] = mapped_column(String(100))
    firmware: Mapped[str] = mapped_column(String(40))
    hardware: Mapped[str] = mapped_column(String(40))
    sensitive: Mapped[bool | None]
    """These are the attributes of PKCS#11 of the same names; None: the device does not say."""
    extractable: Mapped[bool | None]
    never_extractable: Mapped[bool | None]
    always_sensitive: Mapped[bool | None]
    local: Mapped[bool | None]
    always_authenticate: Mapped[bool | None]
    recorded_at: Mapped[datetime] = mapped_column(Instant)


append_only(KeyEvidence.__table__, frozen=tuple(KeyEvidence.__table__.columns.keys()))


class UnlockSecret(Base):
    """What unlocks a device, encrypted to the release key. Superseded by fresh ones, never changed."""

    __tablename__ = "unlock_secret"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("key_order.id"), index=True)
    kind: Mapped[UnlockKind] = mapped_column(enumeration(UnlockKind, "kind"))
    jwe: Mapped[str] = mapped_column(Text)
    """Compact JWE (RFC 7516), RSA-OAEP-256 and A256GCM."""
    sent_at: Mapped[datetime] = mapped_column(Instant)
    superseded_at: Mapped[datetime | None] = mapped_column(Instant)


append_only(UnlockSecret.__table__, frozen=("id", "order_id", "kind", "jwe", "sent_at"), once=("superseded_at",))
Index(
    "uq_unlock_secret_order_id_kind_current",
    UnlockSecret.order_id,
    UnlockSecret.kind,
    unique=True,
    sqlite_where=UnlockSecret.superseded_at.is_(None),
    postgresql_where=UnlockSecret.superseded_at.is_(None),
)


class UnlockRelease(Base):
    """A device's unlock secrets asked for by one officer, and handed out once on another's approval."""

    __tablename__ = "unlock_release"
    __table_args__ = (
        CheckConstraint("(approved_at IS NULL) = (approved_by IS NULL)", name="approval"),
        CheckConstraint("(approved_at IS NULL) = (block_id IS NULL)", name="approved_is_blocked"),
        CheckConstraint("used_at IS NULL OR approved_at IS NOT NULL", name="used"),
        CheckConstraint("approved_by IS NULL OR approved_by <> requested_by", name="two_persons"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("key_order.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    requested_at: Mapped[datetime] = mapped_column(Instant)
    requested_by: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str] = mapped_column(String(300))
    superseded_at: Mapped[datetime | None] = mapped_column(Instant)
    """By another request, or because the key was reported lost or stopped for good."""
    approved_at: Mapped[datetime | None] = mapped_column(Instant)
    approved_by: Mapped[str | None] = mapped_column(String(100))
    block_id: Mapped[UUID | None] = mapped_column(ForeignKey("block.id"))
    """The block under which the secrets left; only this one may be lifted by a new PIN."""
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the holder had set a new PIN."""


append_only(
    UnlockRelease.__table__,
    frozen=("id", "order_id", "digest", "requested_at", "requested_by", "reason"),
    once=("superseded_at", "approved_at", "approved_by", "block_id", "used_at"),
)
_WAITING = UnlockRelease.superseded_at.is_(None) & UnlockRelease.used_at.is_(None)
Index(
    "uq_unlock_release_order_id_current",
    UnlockRelease.order_id,
    unique=True,
    sqlite_where=_WAITING,
    postgresql_where=_WAITING,
)
