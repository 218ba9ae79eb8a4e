"""What a test tells the card to do wrong, and what the card counts meanwhile."""

import hashlib
import secrets
import threading
from dataclasses import dataclass, field


class Pulled(Exception):
    """The card is out of the reader: no answer, no power."""


@dataclass(slots=True)
class Faults:
    """The script, shared by the card's thread and the one that listens to the test; each test begins with none."""

    latency: float = 0.0
    """Seconds that each signature takes beyond the arithmetic."""
    pull_in: int | None = None
    """Pull in the middle of the signature that has this number, counted from 1 over the card's life."""
    pull_after: int | None = None
    """Pull once the signature of this number was answered."""
    garbled_answers: int = 0
    """So many answers to come are noise."""
    garbled_signatures: int = 0
    """So many signatures to come are well-formed answers with a wrong value."""
    begun: int = 0
    made: int = 0
    signed: list[str] = field(default_factory=list)
    """SHA-256, hexadecimal, of the block of each signature made, in order."""
    answers: int = 0
    silent: threading.Event = field(default_factory=threading.Event)
    """Set: the card keeps its answers."""
    spoke: threading.Event = field(default_factory=threading.Event)
    out: threading.Event = field(default_factory=threading.Event)
    """Set: the card is being pulled; whoever waits inside it gives up."""

    def in_signature(self, block: bytes) -> None:
        """Called when a signature begins; takes its time.

        :raise Pulled: by script, or by the test meanwhile.
        """
        self.begun += 1
        if self.begun == self.pull_in:
            self.out.wait(self.latency / 2)
            raise Pulled
        if self.latency and self.out.wait(self.latency):
            raise Pulled
        self.made += 1
        self.signed.append(hashlib.sha256(block).hexdigest())

    def value(self, value: bytes) -> bytes:
        """Return the value that the card gives: a wrong one of the same form while told so."""
        if not self.garbled_signatures:
            return value
        self.garbled_signatures -= 1
        return value[:-1] + bytes([value[-1] ^ 1])

    def answer(self, response: bytes) -> bytes:
        """Return what leaves the card; waits while the card is mute.

        :raise Pulled: meanwhile.
        """
        while self.silent.is_set() and not self.out.is_set():
            self.spoke.wait(1)
        if self.out.is_set():
            raise Pulled
        self.answers += 1
        if not self.garbled_answers:
            return response
        self.garbled_answers -= 1
        return secrets.token_bytes(1 + secrets.randbelow(40))

    @property
    def pull_now(self) -> bool:
        """Whether the answer that just left was the last one before a pull by script."""
        return self.pull_after is not None and self.made >= self.pull_after
