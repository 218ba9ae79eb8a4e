"""Where a device is, how it is, and what may happen to it."""

from __future__ import annotations

from enum import StrEnum


class StoreKind(StrEnum):
    """Who keeps devices in stock."""

    CENTRE = "centre"
    REGION = "region"
    BODY = "body"
    """A prefecture or province, a commune, a service."""


class Custody(StrEnum):
    """Who has a device. Exactly one of these at any instant."""

    STORE = "store"
    TRANSIT = "transit"
    """Sent by one store, not received by the other: in neither's stock."""
    HOLDER = "holder"
    SUPPLIER = "supplier"
    LOST = "lost"
    DESTROYED = "destroyed"


class Condition(StrEnum):
    """What a device is good for."""

    SOUND = "sound"
    """Empty: it may take a key."""
    USED = "used"
    """Came back, or was out of sight: to be initialised again before it takes another key."""
    DEFECTIVE = "defective"


class CustodyStep(StrEnum):
    """What may happen to a device: one row of its chain each."""

    RECEIVE = "receive"
    """From its supplier, with a batch."""
    SEND = "send"
    ARRIVE = "arrive"
    REFUSE = "refuse"
    """Not taken by the receiver: back in the sender's stock."""
    MISS = "miss"
    """Not in what arrived."""
    PROMISE = "promise"
    """An order is to be served with it."""
    RELEASE = "release"
    """That order ended, or took another device."""
    DELIVER = "deliver"
    """An order's key is in its holder's hands, and so is the device."""
    TAKE_BACK = "take-back"
    INITIALISE = "initialise"
    """It was erased: good for another key."""
    FAIL = "fail"
    LOSE = "lose"
    FIND = "find"
    TO_SUPPLIER = "to-supplier"
    FROM_SUPPLIER = "from-supplier"
    DESTROY = "destroy"


class DeviceState(StrEnum):
    """What an officer sees: follows from custody, condition and the order whose key the device holds."""

    IN_STOCK = "in-stock"
    PROMISED = "promised"
    """In stock, for an order."""
    IN_TRANSIT = "in-transit"
    WITH_HOLDER = "with-holder"
    BLOCKED = "blocked"
    """With its holder; its key is blocked."""
    DUE_BACK = "due-back"
    """With its holder, whose key ended: to be given back."""
    RETURNED = "returned"
    """In stock, to be initialised again."""
    DEFECTIVE = "defective"
    LOST = "lost"
    AT_SUPPLIER = "at-supplier"
    DESTROYED = "destroyed"
