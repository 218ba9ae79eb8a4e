"""What a holder says yes to about his device, apart from signing: to present it, to unlock it, to erase it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TextIO

from hsm.agent.errors import AgentCode, AgentError


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentRequest:
    """A supplied device's certificates, beside the person whom the order is for."""

    environment: str
    origin: str
    holder: str
    """The order's, in Latin letters."""
    named: str
    """Whom the signature certificate names."""
    issuer: str
    ends: str
    """Last day of the signature certificate, ISO 8601."""
    device: str
    has_authentication: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlockRequest:
    """A locked device gets a new PIN, with a secret that two officers released for it."""

    environment: str
    origin: str
    holder: str
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WipeRequest:
    """Everything on a device is erased. To say yes, its label is typed."""

    label: str
    device: str
    holds: tuple[str, ...]
    """Whom its certificates name."""


class DeviceConsent(Protocol):
    """Asked before any PIN and any act. Saying nothing is not saying yes.

    Each method returns to say yes and raises `AgentError` `CONSENT` (`to_last_try`: `PIN_LAST_TRY`) otherwise.
    """

    def to_present(self, request: PresentRequest) -> None: ...
    def to_unlock(self, request: UnlockRequest) -> None: ...
    def to_wipe(self, request: WipeRequest) -> None: ...
    def to_last_try(self, device: str) -> None: ...
    def to_be_mine(self, named: str) -> None:
        """Return if the certificate that names `named` is this person's."""
        ...


def _typed(asked: str) -> str:
    sys.stderr.write(asked)
    sys.stderr.flush()
    return input()


class TerminalDeviceConsent:
    """Shows what is about to happen and waits for a typed word."""

    def __init__(self, *, ask: Callable[[str], str] = _typed, out: TextIO = sys.stderr) -> None:
        self._ask = ask
        self._out = out

    def to_present(self, request: PresentRequest) -> None:
        self._say(f"{request.origin} ({request.environment})")
        self._say(f"The order is for:     {request.holder}")
        self._say(f"The certificate says: {request.named}, issued by {request.issuer}, until {request.ends}")
        if not request.has_authentication:
            self._say("The device holds no authentication key: its use is proved by the first signature only.")
        self._require(f"Type YES if both are you, and {request.device} is yours: ", "YES")

    def to_unlock(self, request: UnlockRequest) -> None:
        self._say(f"{request.origin} ({request.environment})")
        self._say(f"{request.device} of {request.holder} gets a new PIN, with the secret that the officer tells you.")
        self._require("Type YES to go on: ", "YES")

    def to_wipe(self, request: WipeRequest) -> None:
        held = ", ".join(request.holds) or "nobody"
        self._say(f"{request.device} holds certificates of: {held}.")
        self._say("All keys and certificates on it are erased. Nobody can bring them back.")
        self._require(f"Type the device's label, {request.label}, to erase it: ", request.label)

    def to_last_try(self, device: str) -> None:
        asked = f"One try is left on {device}: a mistake locks it. Type LAST TRY to use it: "
        self._require(asked, "LAST TRY", AgentCode.PIN_LAST_TRY)

    def to_be_mine(self, named: str) -> None:
        self._require(f"The key is that of {named}. Type YES if that is you: ", "YES")

    def _say(self, line: str) -> None:
        self._out.write(line + "\n")

    def _require(self, asked: str, wanted: str, refusal: AgentCode = AgentCode.CONSENT) -> None:
        try:
            said = self._ask(asked).strip()
        except EOFError:
            said = ""
        if said != wanted:
            raise AgentError(refusal)
