"""Commands and answers as they cross the reader (ISO/IEC 7816-4, 5.1; NIST SP 800-73-4 Part 2, 2.4)."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

SHORT = 256
"""Bytes of the longest short answer."""
_CHAINED = 0x10
_GET_RESPONSE = 0xC0
_EXTENDED_LENGTH = 3


class Status(IntEnum):
    """Status words (SP 800-73-4 Part 2, table 1, and the commands' own tables)."""

    OK = 0x9000
    WRONG_LENGTH = 0x6700
    NOT_SATISFIED = 0x6982
    BLOCKED = 0x6983
    BAD_DATA = 0x6A80
    NOT_FOUND = 0x6A82
    BAD_PARAMETERS = 0x6A86
    NO_SUCH_REFERENCE = 0x6A88
    BAD_INSTRUCTION = 0x6D00
    NO_DIAGNOSIS = 0x6F00


class Refused(Exception):
    """The card's answer is this status word, without data."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{status:04x}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Command:
    """A whole command, its chain put together."""

    instruction: int
    p1: int
    p2: int
    data: bytes


@dataclass(frozen=True, slots=True)
class _Block:
    chained: bool
    command: Command
    expected: int
    """Ne, the most bytes that the host takes."""


def _block(sent: bytes) -> _Block:
    """Parse one command APDU, short or extended."""
    if len(sent) < 4:
        raise Refused(Status.WRONG_LENGTH)
    body, data, rest = sent[4:], b"", b""
    if not body:
        expected = SHORT
    elif len(body) == 1:
        expected = body[0] or SHORT
    elif body[0]:
        data, rest = body[1 : 1 + body[0]], body[1 + body[0] :]
        expected = (rest[0] if rest else 0) or SHORT
    elif len(body) == _EXTENDED_LENGTH:
        expected = int.from_bytes(body[1:]) or SHORT**2
    else:
        size = int.from_bytes(body[1:3])
        data, rest = body[3 : 3 + size], body[3 + size :]
        expected = (int.from_bytes(rest) or SHORT**2) if rest else SHORT
    return _Block(bool(sent[0] & _CHAINED), Command(sent[1], sent[2], sent[3], data), expected)


class Exchange:
    """Puts chained commands together and hands long answers out in pieces."""

    def __init__(self, answer: Callable[[Command], bytes]) -> None:
        """:param answer: the application: data of the answer, or `Refused`."""
        self._answer = answer
        self.clear()

    def clear(self) -> None:
        """Forget what is half said: the card lost its power, or was reset."""
        self._chain = b""
        self._pending = b""

    def transmit(self, sent: bytes) -> bytes:
        """Return the response APDU to one command APDU."""
        try:
            block = _block(sent)
            command = block.command
            if command.instruction == _GET_RESPONSE:
                return self._piece(self._pending, block.expected)
            self._pending = b""
            if block.chained:
                self._chain += command.data
                return Status.OK.to_bytes(2)
            whole, self._chain = self._chain + command.data, b""
            out = self._answer(Command(command.instruction, command.p1, command.p2, whole))
            return self._piece(out, block.expected)
        except Refused as refusal:
            self.clear()
            return refusal.status.to_bytes(2)

    def _piece(self, out: bytes, expected: int) -> bytes:
        self._pending = out[expected:]
        if not self._pending:
            return out + Status.OK.to_bytes(2)
        left = len(self._pending)
        return out[:expected] + bytes([0x61, left if left < SHORT else 0])
