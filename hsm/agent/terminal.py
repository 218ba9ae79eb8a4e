"""The consent at a terminal: the list, and a typed word."""

import sys
import time
from collections.abc import Callable
from typing import TextIO

from .consent import EnrolmentRequest, Interruption, InterruptionKind, PinState, SigningRequest, Yes
from .errors import AgentCode, AgentError

PIN_WARNINGS = {
    PinState.LOW: "A wrong PIN was entered recently. Type slowly.",
    PinState.FINAL_TRY: "One PIN try is left: a mistake locks the device.",
}
POLL_SECONDS = 0.2
LANGUAGE = "en"


def _typed(asked: str) -> str:
    """A line from the terminal. The question goes to standard error: standard output is for the answer."""
    sys.stderr.write(asked)
    sys.stderr.flush()
    return input()


def wait_for(
    interruption: Interruption,
    seconds: float,
    *,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Wait so long, at most, for the cause to go. A refused PIN is never waited for: the next one is a person's.

    :raise AgentError: the interruption's own.
    """
    end = clock() + seconds
    while interruption.kind is not InterruptionKind.PIN_REFUSED and clock() < end:
        if interruption.over():
            return
        pause(POLL_SECONDS)
    raise interruption.error


class TerminalConsent:
    """Shows the list at a terminal and waits for a typed word."""

    def __init__(
        self, *, ask: Callable[[str], str] = _typed, out: TextIO = sys.stderr, wait_seconds: float = 0.0
    ) -> None:
        self._ask = ask
        self._out = out
        self._wait_seconds = wait_seconds

    def to_sign(self, request: SigningRequest) -> Yes:
        count = len(request.documents)
        capacity = request.capacity
        self._say(f"{request.requester}, {request.origin} ({request.environment}) — code {request.match_code}")
        self._say(f"{request.signer_latin}, {capacity.function} of {capacity.body_fr}; device {request.device}")
        if capacity.power is not None:
            power = capacity.power
            self._say(f"  by {power.kind} no. {power.number} of {power.since}, for: {power.principal or '-'}")
        for document in request.documents:
            said = f"  {document.reference}  {document.kind}  {document.title}"
            self._say(f"{said}  {document.beneficiary}" if document.beneficiary else said)
        if request.pin_state in PIN_WARNINGS:
            self._say(PIN_WARNINGS[request.pin_state])
        if request.held_policy:
            self._say(f"The PIN is held for this list, as {request.held_policy} allows.")
        elif request.pin_entries is not None and request.pin_entries > 1:
            self._say(f"The PIN will be asked {request.pin_entries} times.")
        asked = f"Type {count} to sign these {count} documents, or less for the first ones only: "
        return Yes(opened=frozenset(), count=self._number(asked, count), language=LANGUAGE)

    def to_pin_entries(self, count: int) -> int:
        return self._number(f"This key asks its PIN for each of {count}. Type how many to sign now: ", count)

    def to_last_try(self, device: str) -> None:
        asked = f"One PIN try is left on {device}: a mistake locks it. Type LAST TRY to use it: "
        self._require(asked, "LAST TRY", AgentCode.PIN_LAST_TRY)

    def to_enrol(self, request: EnrolmentRequest) -> None:
        self._say(f"{request.origin} ({request.environment})")
        kinds = " and ".join(request.purposes)
        self._say(f"New {request.key_kind} keys ({kinds}) for {request.holder}, made in device {request.device}")
        self._require("Type YES to make them: ", "YES", AgentCode.CONSENT)

    def to_wait(self, interruption: Interruption) -> None:
        if self._wait_seconds:
            self._say(str(interruption.error))
        wait_for(interruption, self._wait_seconds)

    def stop_wanted(self) -> bool:
        return False

    def _say(self, line: str) -> None:
        self._out.write(line + "\n")

    def _number(self, asked: str, most: int) -> int:
        said = self._answer(asked)
        if not (said.isascii() and said.isdecimal() and 1 <= int(said) <= most):
            raise AgentError(AgentCode.CONSENT)
        return int(said)

    def _require(self, asked: str, wanted: str, refusal: AgentCode) -> None:
        if self._answer(asked) != wanted:
            raise AgentError(refusal)

    def _answer(self, asked: str) -> str:
        try:
            return self._ask(asked).strip()
        except EOFError:
            return ""
