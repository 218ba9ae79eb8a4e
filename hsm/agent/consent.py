"""The consent port: who says yes, to what, and what he is told meanwhile. A window and a terminal implement it.

`Signing.run()` calls every method on its own thread (a window runs it in one) and waits for the answer.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from .errors import AgentError
from .report import ItemReport


class PinState(StrEnum):
    """What the device says of its PIN."""

    FINE = "fine"
    LOW = "low"
    """A wrong PIN was entered since the last good one."""
    FINAL_TRY = "final-try"
    """One more wrong PIN locks it."""
    LOCKED = "locked"
    TO_BE_CHANGED = "to-be-changed"
    """The PIN is the one it was delivered with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPower:
    """The recorded act by which he signs in another's place. `kind` and `principal` are codes."""

    kind: str
    number: str
    since: str
    """Civil day, YYYY-MM-DD."""
    principal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCapacity:
    """In which office, for which body. `function` is a code, such as "president"."""

    function: str
    body_code: str
    body_fr: str
    body_ar: str
    power: ShownPower | None = None
    """None: by his own office."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDocument:
    """One document as it is shown before the yes: all of it was checked."""

    id: str
    reference: str
    kind: str
    """As the service names kinds: licence, opinion, minutes, …"""
    title: str
    """From the data that the file itself carries; the manifest's where it carries none."""
    beneficiary: str | None
    """From the data that the file itself carries; None where it carries none."""
    base_sha256: str
    prepared_sha256: str
    """Both computed here, in lower-case hexadecimal."""
    content: bytes = field(repr=False)
    """The prepared file: it begins with the base, byte for byte. The very bytes that were hashed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningRequest:
    """What the signer says yes to."""

    environment: str
    origin: str
    requester: str
    """Who asks, as this PC's configuration names it; else the origin's host."""
    match_code: str
    signer_ar: str
    signer_latin: str
    capacity: ShownCapacity
    device: str
    pin_state: PinState
    protected_path: bool
    """The PIN is typed on the device or its reader."""
    pin_entries: int | None
    """None: known only once the key is open. 0: none. `len(documents)` for a key that asks its PIN each time; else
    1, or more where the list is longer than one PIN may serve."""
    held_policy: str | None
    """The document that lets the agent hold the PIN of a key that asks each time; None where none does."""
    documents: tuple[ListedDocument, ...]
    already_kept: int
    """Documents of this ceremony that this run had kept before this list."""
    present: Callable[[], bool] = field(default=lambda: True, repr=False, compare=False)
    """Whether the device is plugged in, as last seen; returns at once, on any thread, until the answer is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Yes:
    """The answer: how many of the list, from its beginning, to sign in this sitting (1 to all)."""

    opened: frozenset[str]
    """Ids of the documents that were opened."""
    count: int
    language: str
    """In which the list was shown: "ar", "fr" or "en"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentRequest:
    """What the holder says yes to: key pairs made in his own device."""

    environment: str
    origin: str
    holder: str
    device: str
    key_kind: str
    purposes: tuple[str, ...]


class InterruptionKind(StrEnum):
    """What stopped the sitting for now."""

    DEVICE_ABSENT = "device-absent"
    OTHER_DEVICE = "other-device"
    DEVICE_REMOVED = "device-removed"
    SEVERAL_DEVICES = "several-devices"
    SERVER = "server"
    PIN_REFUSED = "pin-refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interruption:
    """Something that a person can put right while the agent waits."""

    kind: InterruptionKind
    error: AgentError
    kept: int
    count: int
    over: Callable[[], bool]
    """Whether the cause is gone, as last seen; returns at once, on any thread. Always true for `PIN_REFUSED`: only a
    person decides to try another PIN."""


class Consent(Protocol):
    """Asked before any PIN. Saying nothing is not saying yes: what is not a return is a refusal."""

    def to_sign(self, request: SigningRequest) -> Yes:
        """Return to say yes.

        :raise AgentError: `CONSENT` or `ENVIRONMENT`.
        """
        ...

    def to_pin_entries(self, count: int) -> int:
        """Return how many to sign now (1 to `count`) with a key that turns out to ask its PIN for each.

        :raise AgentError: `CONSENT`.
        """
        ...

    def to_last_try(self, device: str) -> None:
        """Return to risk the last PIN try of that device.

        :raise AgentError: `PIN_LAST_TRY`.
        """
        ...

    def to_enrol(self, request: EnrolmentRequest) -> None:
        """Return to say yes to new key pairs."""
        ...

    def to_wait(self, interruption: Interruption) -> None:
        """Return to go on trying; what was kept is kept.

        :raise AgentError: `interruption.error`, to leave.
        """
        ...

    def stop_wanted(self) -> bool:
        """Whether to stop after the document at hand; asked between documents, returns at once."""
        ...


class Phase(StrEnum):
    """Where a sitting is."""

    CONNECTING = "connecting"
    READING = "reading"
    ASKING = "asking"
    OPENING = "opening"
    SIGNING = "signing"
    SENDING = "sending"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What just happened: `done` of `count` are kept. Told on the run's threads; the listener returns at once."""

    phase: Phase
    done: int
    count: int
    item: ItemReport | None = None
    """The document that changed its state."""
    pin_entry: int | None = None
    """k: the next PIN question is for signature k of this sitting."""
