"""States, roads, books and accounts."""

from __future__ import annotations

from enum import StrEnum


class OrderState(StrEnum):
    """The life of one key."""

    REQUESTED = "requested"
    APPROVED = "approved"
    PERSONALISED = "personalised"
    """The certificates exist."""
    DELIVERED = "delivered"
    """The holder has them in his device; he has not accepted the key yet."""
    ACTIVE = "active"
    BLOCKED = "blocked"
    REVOKED = "revoked"
    EXPIRED = "expired"
    RETURNED = "returned"
    REPLACED = "replaced"
    """Another order took its place, and its seat."""
    CANCELLED = "cancelled"


class Road(StrEnum):
    """How a key reaches its holder."""

    SUPPLIED = "supplied"
    SELF_MADE = "self_made"
    ALREADY_HELD = "already_held"


class Book(StrEnum):
    """Two books, never mixed."""

    SEAT = "seat"
    """How many live keys a body may hold at once."""
    PURCHASE = "purchase"
    """What the agreement pays for: one for each key that is issued, its pair of certificates together."""


class Account(StrEnum):
    """Where units of a book stand. Each movement takes from one and gives to another."""

    AGREEMENT = "agreement"
    """The source of both books: below zero by what was granted."""
    AVAILABLE = "available"
    RESERVED = "reserved"
    LIVE = "live"
    UNUSED = "unused"
    USED = "used"


class SeatPlace(StrEnum):
    """Where an order's seat stands."""

    NONE = "none"
    AWAITED = "awaited"
    """The order that it replaces has the seat until this one's key is accepted, or until that one ends."""
    RESERVED = "reserved"
    LIVE = "live"


class Replacement(StrEnum):
    """Why a key takes another's place."""

    RENEWAL = "renewal"
    ROAD_CHANGE = "road-change"
    """The same person's key, made or supplied in another way."""
    DAMAGED = "damaged"
    LOST = "lost"
    COMPROMISED = "compromised"
    SUCCESSION = "succession"
    """Its holder left the office, or his order was for an office that he left: the seat goes to who holds it now."""


class TierKind(StrEnum):
    """Kinds of body that a tier table speaks of."""

    COMMUNE = "commune"
    ARRONDISSEMENT = "arrondissement"
    PROVINCE = "province"
    SERVICE = "service"
    """Deconcentrated services: nobody counts inhabitants in them, and their tier is that of none."""


class Limits(StrEnum):
    """Which book the figure of an agreement limits."""

    SEATS = "seats"
    PURCHASES = "purchases"


class TransferSide(StrEnum):
    """The two bodies of a transfer."""

    GIVER = "giver"
    RECEIVER = "receiver"


class Decision(StrEnum):
    """What became of what an officer asked for."""

    APPROVED = "approved"
    REFUSED = "refused"


class ProposalKind(StrEnum):
    """What a proposal would change of an agreement."""

    CENSUS = "census"
    TIERS = "tiers"
    SUCCESSION = "succession"


class ScopeKind(StrEnum):
    """What a code in a wave's scope names."""

    REGION = "region"
    PROVINCE = "province"
    BODY = "body"


class Basis(StrEnum):
    """Whether what an agreement says was published, or is our reading."""

    PUBLISHED = "published"
    ASSUMED = "assumed"


class KeyUse(StrEnum):
    """Which of a holder's two keys."""

    SIGNATURE = "signature"
    AUTHENTICATION = "authentication"


class EvidenceStanding(StrEnum):
    """What stands behind the evidence of a key. No device's attestation is verified here yet: all is claimed."""

    CLAIMED = "claimed"
    """The station says so."""


class UnlockKind(StrEnum):
    """What can unlock a device or rule it."""

    SO_PIN = "so-pin"
    PUK = "puk"
    MANAGEMENT_KEY = "management-key"
