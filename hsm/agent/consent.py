"""The consent port: who says yes, and to what. A window will be one more implementation of it."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TextIO

from .errors import AgentCode, AgentError


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDocument:
    """One document as it is shown before the yes: all of it was checked."""

    reference: str
    kind: str
    title: str
    pages_sha256: str
    """SHA-256 of the file shown, computed here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningRequest:
    """What the signer says yes to."""

    environment: str
    origin: str
    match_code: str
    signer: str
    capacity: str
    device: str
    documents: tuple[ListedDocument, ...]
    pin_warning: str | None
    """None, or what the device says of earlier PIN tries."""
    last_try: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentRequest:
    """What the holder says yes to: key pairs made in his own device."""

    environment: str
    origin: str
    holder: str
    device: str
    key_kind: str
    purposes: tuple[str, ...]


class Consent(Protocol):
    """Asked before any PIN. Saying nothing is not saying yes: what is not a return is a refusal."""

    def to_sign(self, request: SigningRequest) -> None:
        """Return to say yes.

        :raise AgentError: `CONSENT` or `ENVIRONMENT`.
        """
        ...

    def to_pin_entries(self, count: int) -> None:
        """Return to go on with a device that asks its PIN for each of `count` signatures."""
        ...

    def to_last_try(self, device: str) -> None:
        """Return to risk the last PIN try of that device.

        :raise AgentError: `PIN_LAST_TRY`.
        """
        ...

    def to_enrol(self, request: EnrolmentRequest) -> None:
        """Return to say yes to new key pairs."""
        ...


def _typed(asked: str) -> str:
    """A line from the terminal. The question goes to standard error: standard output is for the answer."""
    sys.stderr.write(asked)
    sys.stderr.flush()
    return input()


class TerminalConsent:
    """Shows the list at a terminal and waits for a typed word."""

    def __init__(self, *, ask: Callable[[str], str] = _typed, out: TextIO = sys.stderr) -> None:
        self._ask = ask
        self._out = out

    def to_sign(self, request: SigningRequest) -> None:
        count = len(request.documents)
        self._say(f"{request.origin} ({request.environment}) — code {request.match_code}")
        self._say(f"{request.signer}, {request.capacity}; device {request.device}")
        for document in request.documents:
            self._say(f"  {document.reference}  {document.kind}  {document.title}")
        if request.pin_warning:
            self._say(request.pin_warning)
        self._require(f"Type {count} to sign these {count} documents: ", str(count), AgentCode.CONSENT)

    def to_pin_entries(self, count: int) -> None:
        self._require(f"This key asks its PIN {count} times. Type {count} to go on: ", str(count), AgentCode.CONSENT)

    def to_last_try(self, device: str) -> None:
        asked = f"One PIN try is left on {device}: a mistake locks it. Type LAST TRY to use it: "
        self._require(asked, "LAST TRY", AgentCode.PIN_LAST_TRY)

    def to_enrol(self, request: EnrolmentRequest) -> None:
        self._say(f"{request.origin} ({request.environment})")
        kinds = " and ".join(request.purposes)
        self._say(f"New {request.key_kind} keys ({kinds}) for {request.holder}, made in device {request.device}")
        self._require("Type YES to make them: ", "YES", AgentCode.CONSENT)

    def _say(self, line: str) -> None:
        self._out.write(line + "\n")

    def _require(self, asked: str, wanted: str, refusal: AgentCode) -> None:
        try:
            said = self._ask(asked)
        except EOFError:
            said = ""
        if said.strip() != wanted:
            raise AgentError(refusal)
