"""What the quota room refuses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from pki.errors import PkiError
from pki.records import HolderId, OfficeId, OrderId


class QuotaError(PkiError):
    """A refusal of the room. Nothing was recorded unless the leaf says otherwise."""


class AgreementExists(QuotaError):
    """The agreement's number is on record."""

    def __init__(self, number: str) -> None:
        super().__init__(f"The agreement {number} is on record already. Nothing was recorded.")
        self.number = number


class AgreementUnknown(QuotaError):
    """No agreement of that id."""

    def __init__(self, agreement: UUID) -> None:
        super().__init__(f"No agreement has the id {agreement}. Nothing was recorded.")
        self.agreement = agreement


class TierTableRefused(QuotaError):
    """A tier table that leaves a population without an answer, or with two."""

    def __init__(self, kind: str, population: int) -> None:
        super().__init__(
            f"The tier table does not say exactly one number of keys for a {kind} of {population} inhabitants. "
            "Nothing was recorded: the rows must follow each other from 0 without gap or overlap, the last open."
        )
        self.kind = kind
        self.population = population


class RegionUnknown(QuotaError):
    """No region of that code."""

    def __init__(self, code: str) -> None:
        super().__init__(f"No region has the code {code}. Nothing was opened.")
        self.code = code


class RegionAlreadyOpen(QuotaError):
    """A region opens once."""

    def __init__(self, code: str) -> None:
        super().__init__(f"The region {code} was opened by an earlier wave. Nothing was opened: leave it out.")
        self.code = code


class BodiesAlreadyOpen(QuotaError):
    """A body opens once."""

    def __init__(self, codes: Sequence[str]) -> None:
        shown = ", ".join(codes[:10]) + (" …" if len(codes) > 10 else "")  # noqa: PLR2004
        super().__init__(f"Seats were granted before to {shown}. Nothing was recorded: leave them out of the wave.")
        self.codes = tuple(codes)


class ScopeRefused(QuotaError):
    """A wave that opens nobody."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The wave's scope is refused: {reason}. Nothing was recorded.")
        self.reason = reason


class CensusNotLoaded(QuotaError):
    """The populations on record are of another census than the agreement's."""

    def __init__(self, census: str) -> None:
        super().__init__(f"Populations of the census {census} are not on record. Nothing was opened.")
        self.census = census


class SeatCeilingReached(QuotaError):
    """The agreement does not cover so many seats."""

    def __init__(self, *, asked: int, left: int) -> None:
        super().__init__(
            f"The agreement has {left} seats left and {asked} were asked for. Nothing was opened: open fewer "
            "regions, or extend the agreement."
        )
        self.asked = asked
        self.left = left


class PurchasesExhausted(QuotaError):
    """The agreement's purchases are used up."""

    def __init__(self, agreement: UUID) -> None:
        super().__init__(
            "The agreement's purchases are used up. Nothing was issued, the approval stands: extend the agreement, "
            "then issue."
        )
        self.agreement = agreement


class WaveNotOpen(QuotaError):
    """The payer has no seats yet."""

    def __init__(self, body_code: str, opens_on: date | None) -> None:
        when = "no wave has been planned for it" if opens_on is None else f"its wave opens on {opens_on}"
        super().__init__(f"The body {body_code} has no seats yet: {when}. Nothing was ordered.")
        self.body_code = body_code
        self.opens_on = opens_on


class AllowanceExhausted(QuotaError):
    """All seats of the payer are reserved or live."""

    def __init__(self, body_code: str, granted: int) -> None:
        super().__init__(
            f"All {granted} seats of the body {body_code} are taken. Nothing was ordered: free a seat (cancel, "
            "revoke or return a key), or ask for an extra one."
        )
        self.body_code = body_code
        self.granted = granted


class AgreementSucceeded(QuotaError):
    """Another agreement took the body's seats over meanwhile."""

    def __init__(self, body_code: str) -> None:
        super().__init__(
            f"The seats of the body {body_code} are granted by another agreement now. Nothing was recorded: ask anew."
        )
        self.body_code = body_code


class OrderAlreadyOpen(QuotaError):
    """The holder has an order under way for that body, or one that waits for the same seat."""

    def __init__(self, order: OrderId) -> None:
        super().__init__(
            f"This holder's order {order} for the body is still under way. Nothing more was ordered: follow that one."
        )
        self.order = order


class OrderUnknown(QuotaError):
    """No order of that id."""

    def __init__(self, order: UUID) -> None:
        super().__init__(f"No key order has the id {order}. Nothing was done.")
        self.order = order


class OrderStateRefused(QuotaError):
    """The order's state does not allow the step."""

    def __init__(self, order: OrderId, state: str, step: str) -> None:
        super().__init__(f"The order {order} is {state}; from there it cannot {step}. Nothing was done.")
        self.order = order
        self.state = state
        self.step = step


class LossLongAgo(QuotaError):
    """A loss that only the centre reports: what was signed since is in doubt."""

    def __init__(self, lost_since: datetime, told_alone: timedelta) -> None:
        super().__init__(
            f"A loss more than {told_alone.days} days ago is recorded by a central officer, since all that was signed "
            "meanwhile would be in doubt. Nothing was done: block the key now without that instant, tell the centre."
        )
        self.lost_since = lost_since
        self.days = told_alone.days


class ReplacementRefused(QuotaError):
    """A key that cannot take the other's place in this way."""

    def __init__(self, order: OrderId, reason: str) -> None:
        super().__init__(f"The key of the order {order} cannot be replaced so: {reason}. Nothing was ordered.")
        self.order = order
        self.reason = reason


class OfficeNotOver(QuotaError):
    """A key left to a successor whose holder is in office."""

    def __init__(self, order: OrderId, office: OfficeId) -> None:
        super().__init__(
            f"The holder of the key of the order {order} is in office: nobody succeeds him. Nothing was ordered: "
            "record the end of his office first, or order a key in a seat of its own."
        )
        self.order = order
        self.office = office


class OfficeNotCurrent(QuotaError):
    """The office is not the holder's, or not in effect today."""

    def __init__(self, office: OfficeId, holder: HolderId) -> None:
        super().__init__(
            "That office is not one of this holder's, or is not in effect today. Nothing was done: check the register."
        )
        self.office = office
        self.holder = holder


class PayerRefused(QuotaError):
    """A body that has nothing to do with the office."""

    def __init__(self, payer: str) -> None:
        super().__init__(
            f"The body {payer} cannot pay for that office: its own body can, or its province. Nothing was ordered."
        )
        self.payer = payer


class RequestsMissing(QuotaError):
    """The holder sent no certificate requests yet."""

    def __init__(self, order: OrderId) -> None:
        super().__init__(f"There is nothing to approve for the order {order} yet. Nothing was approved.")
        self.order = order


class SelfApproval(QuotaError):
    """Nobody approves his own request."""

    def __init__(self, order: OrderId) -> None:
        super().__init__(
            f"You ordered this key yourself (order {order}). Nothing was approved: a second person must do it."
        )
        self.order = order


class ApprovalDigestDiffers(QuotaError):
    """The approval was for other bytes than those that would be issued."""

    def __init__(self, order: OrderId, current: str) -> None:
        super().__init__(
            "The approval is for something else than what would be issued now. Nothing was approved: read the order "
            "again and approve what it says."
        )
        self.order = order
        self.current = current


class ApprovalUsed(QuotaError):
    """An approval is used once."""

    def __init__(self, order: OrderId) -> None:
        super().__init__(f"The order {order} was approved already. Nothing more was approved or issued.")
        self.order = order


class ApprovalMissing(QuotaError):
    """Nobody approved what would be issued."""

    def __init__(self, order: OrderId) -> None:
        super().__init__(f"The order {order} waits for a second officer's approval. Nothing was issued.")
        self.order = order


class CertificatesDiffer(QuotaError):
    """The device holds other certificates than those that were issued."""

    def __init__(self, order: OrderId) -> None:
        super().__init__(
            f"The certificates in the device are not those issued for the order {order}. Nothing was recorded: "
            "write the issued ones."
        )
        self.order = order


class CertificateMismatch(QuotaError):
    """An existing certificate that is not this holder's, or not fit for signing."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The certificate is refused ({reason}). Nothing was registered.")
        self.reason = reason


class NoUsableKey(QuotaError):
    """The holder has no key that may sign now."""

    def __init__(
        self,
        holder: HolderId,
        reason: str,
        since: datetime | None = None,
        *,
        name_latin: str | None = None,
        name_ar: str | None = None,
    ) -> None:
        when = "" if since is None else f" since {since:%Y-%m-%d}"
        super().__init__(f"This person has no key that may sign now ({reason}{when}). Nothing was signed.")
        self.holder = holder
        self.reason = reason
        self.since = since
        """Since when that is so; not-yet-valid: from when it is."""
        self.name_latin = name_latin
        self.name_ar = name_ar

    @property
    def problem(self) -> str:
        """The reason as a code of its own: what a caller decides by."""
        return _KEY_CODES.get(self.reason, "no-usable-key")


_KEY_CODES = {
    "not-accepted": "key-not-accepted",
    "blocked": "key-blocked",
    "revoked": "key-revoked",
    "expired": "key-expired",
    "not-yet-valid": "key-not-yet-valid",
}


class KeyEvidenceRefused(QuotaError):
    """What the station says of the key does not fit one that signs for a body."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(
            f"The {key} key is refused: {reason}. Nothing was recorded: make the key inside a device that "
            "does not give it out."
        )
        self.key = key
        self.reason = reason


class UnlockRefused(QuotaError):
    """Unlock secrets that cannot be kept as they came."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The unlock secrets are refused ({reason}). Nothing was recorded.")
        self.reason = reason


class UnlockSecretsMissing(QuotaError):
    """Nothing is kept that could unlock this device."""

    def __init__(self, order: OrderId) -> None:
        super().__init__(
            f"No unlock secret is kept for the order {order}. Nothing was released: order a new key in its place."
        )
        self.order = order


class ReleaseUnknown(QuotaError):
    """No such release waits for this order."""

    def __init__(self, order: OrderId) -> None:
        super().__init__(
            f"No such release waits for the order {order}: another request may have taken its place. "
            "Nothing was released."
        )
        self.order = order


class ReleaseUnreadable(QuotaError):
    """A kept secret does not open under the release key."""

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"The kept {kind} does not open under this installation's release key. Nothing was released and the key "
            "is as it was: look for the release key of that time, or order a new key."
        )
        self.kind = kind
