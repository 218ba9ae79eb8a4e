"""A virtual token in the hand of a test: plugged in, pulled out, told what to do wrong, asked what it did."""

import json
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.rig.card.link import FIRST_PORT

_SECONDS = 30.0
_LONGEST_SOCKET_NAME = 107


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a token counted since its program began; see `tests.rig.card`."""

    inserted: bool
    begun: int
    made: int
    """Signatures made inside the card; one that was pulled in mid-way is begun, not made."""
    answers: int
    signed: list[str]
    """SHA-256 of the block of each signature made, in order: two alike are one thing signed twice."""
    pin_tries: int
    puk_tries: int
    verify_right: int
    verify_wrong: int
    verify_locked: int
    verify_status: int
    pin_changes: int
    unblocks: int

    @property
    def pins_sent(self) -> int:
        """VERIFY commands that carried a PIN."""
        return self.verify_right + self.verify_wrong + self.verify_locked


class Card:
    """One token. What drives it is its control socket: `Card.at` gives the same from another process."""

    def __init__(self, name: str, control: Path, child: subprocess.Popen[str] | None = None) -> None:
        """For `start` and `at` only."""
        self.name = name
        self.control = control
        self._child = child
        self._reader = 0

    @classmethod
    def start(cls, name: str, state: Path, control: Path, enter: Sequence[str], root: Path) -> "Card":
        """Start the token's program.

        :param enter: command that puts it where the readers are.
        """
        if len(str(control)) > _LONGEST_SOCKET_NAME:
            raise ValueError(f"the name {name!r} is too long for a socket")
        control.unlink(missing_ok=True)
        child = subprocess.Popen(
            [*enter, sys.executable, "-m", "tests.rig.card", str(state), str(control)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=root,
        )
        assert child.stdout is not None
        if child.stdout.readline() != "ready\n":
            child.communicate(timeout=_SECONDS)
            raise RuntimeError(f"the token {name!r} did not start")
        return cls(name, control, child)

    @classmethod
    def at(cls, control: Path) -> Self:
        """Return the running token whose control socket that is."""
        return cls(control.stem, control)

    def plug(self, *, reader: int = 0) -> Self:
        """Put it into that reader (0 or 1). The host notices within half a second or so."""
        self._reader = reader
        self._act("insert", port=FIRST_PORT + reader)
        return self

    def replug(self) -> Self:
        """Put it back into the reader where it was."""
        return self.plug(reader=self._reader)

    def pull(self) -> None:
        """Pull it out now, in the middle of whatever it does."""
        self._act("pull")

    def pull_after(self, signatures: int) -> None:
        """It goes by itself once it answered so many more signatures."""
        self._act("script", pull_after=self.status.made + signatures)

    def pull_in(self, signature: int) -> None:
        """It goes by itself in the middle of the signature that has this number from now, 1 being the next."""
        self._act("script", pull_in=self.status.begun + signature)

    def takes(self, seconds: float) -> None:
        """Each signature takes that long from now on."""
        self._act("script", latency=seconds)

    def garble(self, *, answers: int = 0, signatures: int = 0) -> None:
        """So many answers to come are noise; so many signatures to come are wrong values of the right form."""
        self._act("script", garbled_answers=answers, garbled_signatures=signatures)

    def mute(self) -> None:
        """It answers nothing until `speak`."""
        self._act("mute")

    def speak(self) -> None:
        """It gives the answer it kept, and goes on."""
        self._act("speak")

    def tries(self, *, pin: int = 3, puk: int = 3) -> None:
        """Set the counters, as if wrong ones had been given."""
        self._act("tries", pin=pin, puk=puk)

    @property
    def status(self) -> Status:
        return Status(**self._act("status"))

    def stop(self) -> None:
        """End its program, by pid, pulling it out. Idempotent; only where it was started."""
        if self._child is not None:
            child, self._child = self._child, None
            child.communicate(timeout=_SECONDS)

    def _act(self, act: str, **given: Any) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX) as door:
            door.settimeout(_SECONDS)
            door.connect(str(self.control))
            door.sendall(json.dumps({"act": act, **given}).encode() + b"\n")
            with door.makefile("rb") as lines:
                answer: dict[str, Any] = json.loads(lines.readline())
        if "error" in answer:
            raise RuntimeError(f"the token {self.name!r} could not {act}: {answer['error']}")
        return answer
