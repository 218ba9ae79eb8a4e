"""The life of an order as one table: what each step does to its state and to both books.

docs/key-orders.md is printed from it; `advancing` takes the steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from pki.quota.kinds import OrderState, SeatPlace

OPEN_STATES = (OrderState.REQUESTED, OrderState.APPROVED, OrderState.PERSONALISED, OrderState.DELIVERED)
"""Under way: a holder has one such order for a body. Also one that is delivered again after an unlocking."""
LIVING_STATES = (OrderState.PERSONALISED, OrderState.DELIVERED, OrderState.ACTIVE, OrderState.BLOCKED)
"""There is a key, and nothing ended it."""
STANDING_STATES = (*OPEN_STATES, OrderState.ACTIVE, OrderState.BLOCKED)
"""Not ended: what is granted bounds how many such orders there are, however long the history."""


class Opening(StrEnum):
    """How an order begins."""

    REQUEST = "request"
    RENEW = "renew"
    SUCCEED = "succeed"
    REGISTER = "register"
    IMPORT = "import"


class Step(StrEnum):
    """What may happen to an order."""

    APPROVE = "approve"
    BUY = "buy"
    """Its approval is spent: what it buys is about to be signed, or was presented."""
    ISSUE = "issue"
    CONFIRM = "confirm"
    ACTIVATE = "activate"
    BLOCK = "block"
    UNLOCK = "unlock"
    REVOKE = "revoke"
    EXPIRE = "expire"
    RETURN = "return"
    REPLACE = "replace"
    CANCEL = "cancel"


class Purchase(StrEnum):
    """What a step does to the book of purchases."""

    STAYS = "stays"
    USED = "used"
    """One is used, once for an order. None is given back: only for the authority's mistake, by another act."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """Where a step leads, and what it does to each book."""

    state: OrderState
    seat: SeatPlace | None = None
    """None: it stays where it is. `none`: it is free, or goes to the order that takes this one's place."""
    purchase: Purchase = Purchase.STAYS


_REVOKED = Transition(state=OrderState.REVOKED, seat=SeatPlace.NONE)
_EXPIRED = Transition(state=OrderState.EXPIRED, seat=SeatPlace.NONE)
_RETURNED = Transition(state=OrderState.RETURNED, seat=SeatPlace.NONE)
_REPLACED = Transition(state=OrderState.REPLACED, seat=SeatPlace.NONE)
_CANCELLED = Transition(state=OrderState.CANCELLED, seat=SeatPlace.NONE)
_BLOCKED = Transition(state=OrderState.BLOCKED)

OPENINGS: Mapping[Opening, Transition] = MappingProxyType(
    {
        Opening.REQUEST: Transition(state=OrderState.REQUESTED, seat=SeatPlace.RESERVED),
        # The old key goes on signing, and has the seat, until the new one is accepted.
        Opening.RENEW: Transition(state=OrderState.REQUESTED, seat=SeatPlace.AWAITED),
        # In the seat of the order that it replaces, in the same transaction.
        Opening.SUCCEED: Transition(state=OrderState.REQUESTED, seat=SeatPlace.RESERVED),
        # A key already held draws on nobody, then and later.
        Opening.REGISTER: Transition(state=OrderState.DELIVERED, seat=SeatPlace.NONE),
        # In the field before it was on record: live at once, above what is granted if need be.
        Opening.IMPORT: Transition(state=OrderState.DELIVERED, seat=SeatPlace.LIVE, purchase=Purchase.USED),
    }
)

TRANSITIONS: Mapping[tuple[OrderState, Step], Transition] = MappingProxyType(
    {
        (OrderState.REQUESTED, Step.APPROVE): Transition(state=OrderState.APPROVED),
        (OrderState.REQUESTED, Step.REPLACE): _REPLACED,
        (OrderState.REQUESTED, Step.CANCEL): _CANCELLED,
        (OrderState.APPROVED, Step.BUY): Transition(state=OrderState.APPROVED, purchase=Purchase.USED),
        (OrderState.APPROVED, Step.ISSUE): Transition(state=OrderState.PERSONALISED),
        (OrderState.APPROVED, Step.REPLACE): _REPLACED,
        (OrderState.APPROVED, Step.CANCEL): _CANCELLED,
        (OrderState.PERSONALISED, Step.CONFIRM): Transition(state=OrderState.DELIVERED),
        (OrderState.PERSONALISED, Step.BLOCK): _BLOCKED,
        (OrderState.PERSONALISED, Step.REVOKE): _REVOKED,
        (OrderState.PERSONALISED, Step.EXPIRE): _EXPIRED,
        (OrderState.PERSONALISED, Step.REPLACE): _REPLACED,
        # Its own seat goes from reserved to live; a renewal's comes from the key that it replaces, which ends here.
        (OrderState.DELIVERED, Step.ACTIVATE): Transition(state=OrderState.ACTIVE, seat=SeatPlace.LIVE),
        (OrderState.DELIVERED, Step.BLOCK): _BLOCKED,
        (OrderState.DELIVERED, Step.REVOKE): _REVOKED,
        (OrderState.DELIVERED, Step.EXPIRE): _EXPIRED,
        (OrderState.DELIVERED, Step.RETURN): _RETURNED,
        (OrderState.DELIVERED, Step.REPLACE): _REPLACED,
        (OrderState.ACTIVE, Step.BLOCK): _BLOCKED,
        (OrderState.ACTIVE, Step.REVOKE): _REVOKED,
        (OrderState.ACTIVE, Step.EXPIRE): _EXPIRED,
        (OrderState.ACTIVE, Step.RETURN): _RETURNED,
        (OrderState.ACTIVE, Step.REPLACE): _REPLACED,
        # The holder is back with a new PIN: to be accepted again, the seat where it was.
        (OrderState.BLOCKED, Step.UNLOCK): Transition(state=OrderState.DELIVERED),
        (OrderState.BLOCKED, Step.REVOKE): _REVOKED,
        (OrderState.BLOCKED, Step.EXPIRE): _EXPIRED,
        (OrderState.BLOCKED, Step.RETURN): _RETURNED,
        (OrderState.BLOCKED, Step.REPLACE): _REPLACED,
    }
)
"""Whatever is not here is refused. A seat that an ended order had is free, unless a replacement waits for it."""
