"""Where a device stands, and where each step leads: pure, no database, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from uuid import UUID

from pki.quota.devices.kinds import Condition, Custody, CustodyStep, DeviceState
from pki.quota.kinds import OrderState

ENDED = frozenset(
    {OrderState.REVOKED, OrderState.EXPIRED, OrderState.RETURNED, OrderState.REPLACED, OrderState.CANCELLED}
)
"""States of an order after which there is no key that could sign."""
_IN_STORE = frozenset({Custody.STORE})
FROM: Mapping[CustodyStep, frozenset[Custody]] = MappingProxyType(
    {
        CustodyStep.SEND: _IN_STORE,
        CustodyStep.ARRIVE: frozenset({Custody.TRANSIT}),
        CustodyStep.REFUSE: frozenset({Custody.TRANSIT}),
        CustodyStep.MISS: frozenset({Custody.TRANSIT}),
        # With its holder: his next key is made in the device that he has.
        CustodyStep.PROMISE: frozenset({Custody.STORE, Custody.HOLDER}),
        CustodyStep.RELEASE: frozenset({Custody.STORE, Custody.TRANSIT, Custody.HOLDER}),
        # In transit: the holder was quicker than the receipt.
        CustodyStep.DELIVER: frozenset({Custody.STORE, Custody.TRANSIT, Custody.HOLDER}),
        CustodyStep.TAKE_BACK: frozenset({Custody.HOLDER}),
        CustodyStep.INITIALISE: _IN_STORE,
        CustodyStep.FAIL: _IN_STORE,
        CustodyStep.LOSE: frozenset({Custody.STORE, Custody.HOLDER}),
        CustodyStep.FIND: frozenset({Custody.LOST}),
        CustodyStep.TO_SUPPLIER: _IN_STORE,
        CustodyStep.FROM_SUPPLIER: frozenset({Custody.SUPPLIER}),
        CustodyStep.DESTROY: _IN_STORE,
    }
)
"""From whom each step takes a device. Whatever is not here is refused."""
ELSEWHERE: Mapping[Custody, DeviceState] = MappingProxyType(
    {
        Custody.TRANSIT: DeviceState.IN_TRANSIT,
        Custody.SUPPLIER: DeviceState.AT_SUPPLIER,
        Custody.LOST: DeviceState.LOST,
        Custody.DESTROYED: DeviceState.DESTROYED,
    }
)
UNFIT: Mapping[Condition, DeviceState] = MappingProxyType(
    {Condition.DEFECTIVE: DeviceState.DEFECTIVE, Condition.USED: DeviceState.RETURNED}
)
_FREE_ONLY = frozenset({CustodyStep.INITIALISE, CustodyStep.TO_SUPPLIER, CustodyStep.DESTROY})
"""Not with a device that is promised to an order."""
_SENT_BACK = frozenset({CustodyStep.REFUSE, CustodyStep.MISS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a device stands."""

    custody: Custody
    condition: Condition
    store: str
    """Code of the store whose figures it counts in: its own; on the way, the receiver's; else the last one's."""
    holder: UUID | None = None
    order: UUID | None = None
    """Whose key it holds, or held when it was lost."""
    promised: UUID | None = None
    """The order that it is to serve."""
    handover: int | None = None


def allowed(position: Position, step: CustodyStep, *, order_state: OrderState | None = None) -> bool:
    """Whether the step may be taken from there.

    :param order_state: of the order whose key the device holds; None: none.
    """
    if position.custody not in FROM.get(step, frozenset()) or (step in _FREE_ONLY and position.promised is not None):
        return False
    # THREAT: a device is written off or taken back while its key goes on signing.
    # DEFENCE: out of a holder's hands it goes only once its key ended; lost, once it is blocked at least.
    # TEST: tests/pki/quota/devices/test_upkeep.py::test_a_living_key_is_stopped_first
    if position.custody is Custody.HOLDER and step in (CustodyStep.LOSE, CustodyStep.TAKE_BACK):
        return order_state in ENDED or (step is CustodyStep.LOSE and order_state is OrderState.BLOCKED)
    match step:
        case CustodyStep.PROMISE:
            return position.promised is None and position.condition is Condition.SOUND
        case CustodyStep.DELIVER:
            return position.promised is not None
        case CustodyStep.INITIALISE:
            return position.condition is not Condition.SOUND
    return True


def received(store: str) -> Position:
    """Of a device that came from its supplier."""
    return Position(custody=Custody.STORE, condition=Condition.SOUND, store=store)


def sent(position: Position, *, to: str, handover: int) -> Position:
    """On the way."""
    return replace(position, custody=Custody.TRANSIT, store=to, handover=handover)


def closed(position: Position, step: CustodyStep, *, sender: str) -> Position:
    """What a receipt makes of a device that was on the way: arrived, refused or missing."""
    store = sender if step in _SENT_BACK else position.store
    if step is CustodyStep.MISS:
        return replace(position, custody=Custody.LOST, store=store, handover=None, promised=None)
    return replace(position, custody=Custody.STORE, store=store, handover=None)


def promised(position: Position, *, order: UUID) -> Position:
    """Where it was, for an order."""
    return replace(position, promised=order)


def released(position: Position) -> Position:
    """Where it was, for nobody."""
    return replace(position, promised=None)


def delivered(position: Position, *, order: UUID, holder: UUID, store: str) -> Position:
    """In the hands of an order's holder."""
    return replace(
        position, custody=Custody.HOLDER, store=store, holder=holder, order=order, promised=None, handover=None
    )


def settled(position: Position, step: CustodyStep, *, store: str | None = None) -> Position:
    """After a step that one officer records. `store`: where it is now; None: where it counted."""
    kept = replace(position, store=store or position.store)
    back = replace(kept, custody=Custody.STORE, condition=Condition.USED, holder=None, order=None, promised=None)
    match step:
        # THREAT: a device that was out of sight comes back with somebody's key in it, or with a trap.
        # DEFENCE: whatever comes back is used until an officer records that it was erased, and takes no key till then.
        # TEST: tests/pki/quota/devices/test_upkeep.py::test_what_comes_back_is_erased_first
        case CustodyStep.TAKE_BACK | CustodyStep.FIND | CustodyStep.FROM_SUPPLIER:
            return back
        case CustodyStep.INITIALISE:
            return replace(kept, condition=Condition.SOUND)
        case CustodyStep.FAIL:
            return replace(kept, condition=Condition.DEFECTIVE, promised=None)
        case CustodyStep.LOSE:
            return replace(kept, custody=Custody.LOST, holder=None, promised=None)
        case CustodyStep.TO_SUPPLIER:
            return replace(kept, custody=Custody.SUPPLIER)
        case CustodyStep.DESTROY:
            return replace(kept, custody=Custody.DESTROYED)
    raise ValueError(step)


def state_of(position: Position, order_state: OrderState | None) -> DeviceState:
    """As an officer sees it; the same as the statement in `reading` says.

    :param order_state: of the order whose key the device holds.
    """
    if position.custody is Custody.HOLDER:
        if order_state is OrderState.BLOCKED:
            return DeviceState.BLOCKED
        return DeviceState.DUE_BACK if order_state in ENDED else DeviceState.WITH_HOLDER
    if position.custody is Custody.STORE:
        in_stock = DeviceState.IN_STOCK if position.promised is None else DeviceState.PROMISED
        return UNFIT.get(position.condition, in_stock)
    return ELSEWHERE[position.custody]
