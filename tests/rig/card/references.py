"""PIN and PUK: comparison, counters, change, unblock (NIST SP 800-73-4 Part 2, 2.4.3, 3.2.1 to 3.2.3)."""

import hmac
from dataclasses import dataclass
from enum import IntEnum

from tests.rig.card.apdu import Command, Refused, Status
from tests.rig.card.state import CardState

LENGTH = 8
"""Bytes of a PIN or PUK on the wire, padded with FF (SP 800-73-4 Part 2, 2.4.3)."""
SHORTEST = 6
_LOG_OUT = 0xFF


class Reference(IntEnum):
    """Key references of secrets (SP 800-73-4 Part 1, table 4)."""

    PIN = 0x80
    PUK = 0x81


@dataclass(slots=True)
class Counts:
    """How often each was asked since the card's program began. A test proves with them what was not done."""

    verify_right: int = 0
    verify_wrong: int = 0
    """With a PIN, and not the right one; the try that locked it too."""
    verify_locked: int = 0
    """With a PIN, on a card that was locked before."""
    verify_status: int = 0
    """Without a PIN: the host asks for the counter."""
    pin_changes: int = 0
    unblocks: int = 0


class References:
    """The PIN of a card and its PUK, and whether the PIN was verified since power came."""

    def __init__(self, state: CardState, counts: Counts) -> None:
        self._state = state
        self.counts = counts
        self.clear()

    def clear(self) -> None:
        """Power was lost: nobody is known any more."""
        self.verified = False
        self.fresh = False
        """Verified by the very command before: what "PIN always" asks for (SP 800-73-4 Part 1, table 4)."""

    def verify(self, command: Command) -> bytes:
        """VERIFY (SP 800-73-4 Part 2, 3.2.1)."""
        if command.p2 != Reference.PIN:
            raise Refused(Status.NO_SUCH_REFERENCE)
        if command.p1 == _LOG_OUT:
            self.clear()
            return b""
        if not command.data:
            self.counts.verify_status += 1
            if self.verified:
                return b""
            raise Refused(self._tries_left(Reference.PIN))
        if self._state.pin_tries == 0:
            self.counts.verify_locked += 1
        self.clear()
        before = self._state.pin_tries
        try:
            self._compare(Reference.PIN, command.data)
        except Refused:
            self.counts.verify_wrong += before > 0
            raise
        self.counts.verify_right += 1
        self.verified = self.fresh = True
        return b""

    def change(self, command: Command) -> bytes:
        """CHANGE REFERENCE DATA (SP 800-73-4 Part 2, 3.2.2)."""
        if command.p2 not in tuple(Reference):
            raise Refused(Status.NO_SUCH_REFERENCE)
        which = Reference(command.p2)
        self._compare(which, command.data[:LENGTH])
        self._set(which, command.data[LENGTH:])
        self.counts.pin_changes += 1
        return b""

    def unblock(self, command: Command) -> bytes:
        """RESET RETRY COUNTER, by the PUK (SP 800-73-4 Part 2, 3.2.3)."""
        if command.p2 != Reference.PIN:
            raise Refused(Status.NO_SUCH_REFERENCE)
        self._compare(Reference.PUK, command.data[:LENGTH])
        self._set(Reference.PIN, command.data[LENGTH:])
        self.counts.unblocks += 1
        return b""

    def _tries(self, which: Reference) -> int:
        return self._state.pin_tries if which is Reference.PIN else self._state.puk_tries

    def _tries_left(self, which: Reference) -> int:
        left = self._tries(which)
        return 0x63C0 | left if left else Status.BLOCKED

    def _put_tries(self, which: Reference, tries: int) -> None:
        if which is Reference.PIN:
            self._state.pin_tries = tries
        else:
            self._state.puk_tries = tries
        self._state.save()

    def _compare(self, which: Reference, given: bytes) -> None:
        left = self._tries(which)
        if left == 0:
            raise Refused(Status.BLOCKED)
        kept = self._state.pin if which is Reference.PIN else self._state.puk
        # Counted before it is compared: power cut in between costs a try, it never gives one.
        self._put_tries(which, left - 1)
        if not hmac.compare_digest(given, kept.encode().ljust(LENGTH, b"\xff")):
            raise Refused(self._tries_left(which))
        self._put_tries(which, self._state.max_tries)

    def _set(self, which: Reference, padded: bytes) -> None:
        characters = padded.rstrip(b"\xff")
        if len(padded) != LENGTH or len(characters) < SHORTEST:
            raise Refused(Status.BAD_DATA)
        if which is Reference.PIN:
            self._state.pin = characters.decode("latin-1")
        else:
            self._state.puk = characters.decode("latin-1")
        self._put_tries(which, self._state.max_tries)
