"""What the engine's thread may ask the window, each answered once, from the window's own thread."""

import threading
from dataclasses import dataclass
from typing import Generic, TypeVar

from hsm.agent.consent import EnrolmentRequest, Interruption, PinState, SigningRequest, Yes
from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.holder.pin_rules import PinRules
from hsm.pin import Pin

Answer = TypeVar("Answer")


class Question(Generic[Answer]):
    """One question. The asking thread waits in `reply`; the first of `answer` and `refuse` counts."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._given: list[Answer] = []
        self._error: AgentError | None = None

    @property
    def open(self) -> bool:
        """Nobody answered yet."""
        return not self._done.is_set()

    def answer(self, value: Answer) -> None:
        """Let the asking thread go on with `value`."""
        with self._lock:
            if self.open:
                self._given.append(value)
                self._done.set()

    def refuse(self, error: AgentError | None = None) -> None:
        """Make `reply` raise `error`; without one, what refusing this question means."""
        with self._lock:
            if self.open:
                self._error = error or self.refusal()
                self._done.set()

    def refusal(self) -> AgentError:
        """What a refusal of this question is to the engine."""
        return AgentError(AgentCode.CONSENT)

    def wait(self, seconds: float) -> bool:
        """Whether it was answered within so many seconds."""
        return self._done.wait(seconds)

    def reply(self) -> Answer:
        """Block until answered.

        :raise AgentError: refused.
        """
        self._done.wait()
        if self._error is not None:
            raise self._error
        return self._given.pop()


class ToSign(Question[Yes]):
    """The closed list."""

    def __init__(self, request: SigningRequest) -> None:
        super().__init__()
        self.request = request


class ToPinEntries(Question[int]):
    """How many to sign now with a key that asks its PIN each time; found out after it was opened."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count


class ToLastTry(Question[None]):
    """The last PIN try of a device."""

    def __init__(self, device: str) -> None:
        super().__init__()
        self.device = device

    def refusal(self) -> AgentError:
        return AgentError(AgentCode.PIN_LAST_TRY)


class ToEnrol(Question[None]):
    """New key pairs in the holder's own device."""

    def __init__(self, request: EnrolmentRequest) -> None:
        super().__init__()
        self.request = request


class ToWait(Question[None]):
    """An interruption: it ends by itself, or its reader leaves."""

    def __init__(self, interruption: Interruption) -> None:
        super().__init__()
        self.interruption = interruption

    def refusal(self) -> AgentError:
        return self.interruption.error


class ForPin(Question[Pin]):
    """A PIN, asked at the moment the device needs it."""

    def __init__(self, *, device: str, last_try: bool, entry: int | None, count: int) -> None:
        super().__init__()
        self.device = device
        self.last_try = last_try
        self.entry = entry
        """Signature number of a key that asks for each; None: one PIN for all."""
        self.count = count

    def refusal(self) -> AgentError:
        if self.last_try:
            return AgentError(AgentCode.PIN_LAST_TRY)
        if self.entry is not None and self.entry > 1:  # what is signed stays signed, the rest may follow
            return AgentError(
                AgentCode.STOPPED, kept=self.entry - 1, count=self.count, left=self.count - self.entry + 1
            )
        return AgentError(AgentCode.CONSENT)


class ToBeMine(Question[None]):
    """Whether the certificate of that name is this person's."""

    def __init__(self, named: str) -> None:
        super().__init__()
        self.named = named


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPin:
    """What a form gave; both None at a PIN pad. `risked`: the last try of the present one may be used."""

    present: Pin | None
    new: Pin | None
    risked: bool


class ForNewPin(Question[NewPin]):
    """A new PIN beside what opens its change: the present PIN, or the unlock secret where none was ever set."""

    def __init__(
        self,
        *,
        device: str,
        rules: PinRules,
        state: PinState,
        pad: bool,
        is_set: bool,
        delivered: bool,
        refused: AgentError | None,
    ) -> None:
        super().__init__()
        self.device = device
        self.rules = rules
        self.state = state
        """Of the present PIN, or of the unlock secret."""
        self.pad = pad
        self.is_set = is_set
        """False: the device never had a PIN, its unlock secret is typed."""
        self.delivered = delivered
        """It still has the PIN that it was delivered with."""
        self.refused = refused
        """Why the try before this one came to nothing."""
