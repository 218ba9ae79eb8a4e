"""What the room of grants refuses."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pki.quota.errors import QuotaError
from pki.records import OrderId


class ProposalUnknown(QuotaError):
    """Nothing of that kind was asked for under that id."""

    def __init__(self, kind: str, proposal: UUID) -> None:
        super().__init__(f"There is no {kind} {proposal} that waits for anything. Nothing was recorded.")
        self.kind = kind
        self.proposal = proposal


class ProposalDecided(QuotaError):
    """It was decided, moved, opened or withdrawn before."""

    def __init__(self, kind: str, proposal: UUID) -> None:
        super().__init__(f"The {kind} {proposal} was decided before. Nothing was recorded: ask anew if it is needed.")
        self.kind = kind
        self.proposal = proposal


class OwnProposal(QuotaError):
    """Who asked for it, or consented to it, decides."""

    def __init__(self, kind: str, proposal: UUID) -> None:
        super().__init__(f"The {kind} {proposal} is decided by another officer. Nothing was recorded.")
        self.kind = kind
        self.proposal = proposal


class ProposalChanged(QuotaError):
    """What was looked at is not what would be done now."""

    def __init__(self, kind: str, current: str) -> None:
        super().__init__(
            f"What the {kind} would do has changed since it was looked at. Nothing was recorded: look at it again."
        )
        self.kind = kind
        self.current = current
        """The digest as of now."""


class NotDueYet(QuotaError):
    """The day from which it is in effect has not come."""

    def __init__(self, kind: str, day: date) -> None:
        super().__init__(f"The {kind} is in effect from {day} on. Nothing was recorded: apply it on that day or later.")
        self.kind = kind
        self.day = day


class CentralOfficerNeeded(QuotaError):
    """More seats than an officer below the centre grants, with those of the last days."""

    def __init__(self, body_code: str, seats: int) -> None:
        super().__init__(
            f"With those of the last days {body_code} would get {seats} extra seats. Nothing was granted: "
            "so many are granted by a central officer."
        )
        self.body_code = body_code
        self.seats = seats


class CensusUnknown(QuotaError):
    """No census of that name."""

    def __init__(self, census: str) -> None:
        super().__init__(f"No census {census} is on record. Nothing was recorded: import it first.")
        self.census = census


class CensusInForce(QuotaError):
    """The census is the one that the agreement counts by already."""

    def __init__(self, census: str) -> None:
        super().__init__(f"The agreement counts by the census {census} already. Nothing was recorded.")
        self.census = census


class TiersInForce(QuotaError):
    """The tier table is the one in force already."""

    def __init__(self) -> None:
        super().__init__("The agreement has this very tier table already. Nothing was recorded.")


class SuccessionRefused(QuotaError):
    """Two agreements of which one cannot take over from the other."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The succession is refused: {reason}. Nothing was recorded.")
        self.reason = reason


class TransferRefused(QuotaError):
    """Two bodies between which nothing can be moved."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The transfer is refused: {reason}. Nothing was recorded.")
        self.reason = reason


class SeatsInUse(QuotaError):
    """The giver has fewer available seats than it would give."""

    def __init__(self, *, body_code: str, asked: int, available: int) -> None:
        super().__init__(
            f"{body_code} has {max(available, 0)} available seats, {asked} would be moved. Nothing was moved: "
            "free seats first, or move fewer."
        )
        self.body_code = body_code
        self.asked = asked
        self.available = available
        """Below zero: so many more are in use than granted."""


class CeilingBelowGranted(QuotaError):
    """An amendment would leave the agreement with fewer seats than it has granted."""

    def __init__(self, *, asked: int, granted: int) -> None:
        super().__init__(
            f"{granted} seats are granted under the agreement, its ceiling cannot be {asked}. Nothing was recorded."
        )
        self.asked = asked
        self.granted = granted


class AmendmentExists(QuotaError):
    """The amendment's number is on record."""

    def __init__(self, number: str) -> None:
        super().__init__(f"The amendment {number} is on record already. Nothing was recorded.")
        self.number = number


class AmendmentEmpty(QuotaError):
    """An amendment that changes nothing."""

    def __init__(self) -> None:
        super().__init__("The amendment changes neither seats nor purchases. Nothing was recorded.")


class PurchaseNotUsed(QuotaError):
    """The order used no purchase, or gave it back before."""

    def __init__(self, order: OrderId) -> None:
        super().__init__(f"The order {order} holds no purchase that could be given back. Nothing was recorded.")
        self.order = order
