"""What a new PIN must be: before it is sent to a device, on the holder's PC, in words that he can follow."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Self

from hsm.agent.errors import AgentCode, AgentError
from hsm.cryptoki.factory import FACTORY
from hsm.cryptoki.info import DeviceInfo
from hsm.pin import Pin

SHORTEST, LONGEST = 6, 32
"""Characters. The device's own bounds can only narrow these."""


class PinFault(StrEnum):
    """Why a new PIN is not taken."""

    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    ALPHABET = "alphabet"
    PUBLISHED = "published"
    ALL_EQUAL = "all-equal"
    SEQUENCE = "sequence"
    SAME = "same-as-before"
    DIFFERENT = "typed-differently"


SAID: dict[PinFault, str] = {
    PinFault.TOO_SHORT: "It has fewer than {shortest} characters",
    PinFault.TOO_LONG: "It has more than {longest} characters",
    PinFault.ALPHABET: "Only Latin letters, digits and signs, without spaces, can be typed on every keyboard",
    PinFault.PUBLISHED: "It is one that makers print in their manuals",
    PinFault.ALL_EQUAL: "All its characters are the same",
    PinFault.SEQUENCE: "Its characters follow one another",
    PinFault.SAME: "It is the one from before",
    PinFault.DIFFERENT: "The two entries differ",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PinRules:
    """The bounds of one device, both included, in characters (which are bytes here: ASCII)."""

    shortest: int = SHORTEST
    longest: int = LONGEST

    @classmethod
    def of(cls, device: DeviceInfo) -> Self:
        """The device's bounds (`pin_shortest`, `pin_longest`; 0: it says none), never wider than ours."""
        longest = min(device.pin_longest or LONGEST, LONGEST)
        return cls(shortest=min(max(device.pin_shortest, SHORTEST), longest), longest=longest)

    def fault(self, pin: Pin, *, before: Pin | None = None) -> PinFault | None:
        """What is wrong with `pin`; None when it may be set. `before` is the one that it replaces."""
        # THREAT: a device leaves the desk under the maker's own PIN, or one that three tries find.
        # DEFENCE: what may be set is bounded and is no default, no repetition and no sequence; nothing was sent before.
        # TEST: tests/hsm/agent/holder/test_pin_rules.py::test_what_may_not_be_set
        text = pin.reveal()
        wrong = {
            PinFault.ALPHABET: not (text.isascii() and text.isprintable()) or " " in text,
            PinFault.TOO_SHORT: len(text) < self.shortest,
            PinFault.TOO_LONG: len(text) > self.longest,
            PinFault.ALL_EQUAL: len(set(text)) == 1,
            PinFault.PUBLISHED: text.lower() in FACTORY,
            PinFault.SEQUENCE: _is_sequence(text),
            PinFault.SAME: before is not None and text == before.reveal(),
        }
        return next((fault for fault, found in wrong.items() if found), None)

    def refusal(self, fault: PinFault) -> AgentError:
        """The fault as an error; holds the bounds, never the PIN."""
        said = SAID[fault].format(shortest=self.shortest, longest=self.longest)
        return AgentError(
            AgentCode.PIN_RULE, what=said, fault=fault.value, shortest=self.shortest, longest=self.longest
        )

    def require(self, pin: Pin, *, before: Pin | None = None) -> None:
        """Refuse a PIN that may not be set.

        :raise AgentError: `PIN_RULE`; it was sent nowhere.
        """
        if (fault := self.fault(pin, before=before)) is not None:
            raise self.refusal(fault)


def _is_sequence(text: str) -> bool:
    """Whether each character follows the one before by one same step of one, up or down; after 9 comes 0."""
    codes = [int(each) for each in text] if text.isascii() and text.isdecimal() else [ord(each) for each in text]
    around = 10 if text.isascii() and text.isdecimal() else 0x110000
    steps = {(after - code) % around for code, after in pairwise(codes)}
    return steps in ({1}, {around - 1})
