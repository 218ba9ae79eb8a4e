"""Orders to a faulty module, from any process: `Faulty` writes its script and reads what was called.

Calls are counted over all processes. `at=3` means the third call from now; what was ordered before stays.
"""

import shutil
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.rig.faulty.building import build, functions
from tests.rig.faulty.codes import CKR

SOFTHSM_MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
ANY = "any"
"""Stands for every function: its number counts all calls."""
Moment = Literal["before", "during", "after"]
Flag = Literal[
    "user-low", "user-final", "user-locked", "user-to-be-changed", "user-set",
    "so-low", "so-final", "so-locked", "so-to-be-changed",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One finished call, as `calls.log` has it."""

    total: int
    process: int
    function: str
    number: int
    result: str
    """A CKR_ name, a number in hexadecimal, or how it ended: segv, abort, exit, hang."""
    performed: bool
    """Whether the wrapped module was asked."""
    user: int | None = None
    """0 the security officer, 1 the user, 2 for one signature (C_Login)."""
    pin: str | None = None
    """given, pad or none (functions that take a PIN)."""
    mechanism: int | None = None
    """What C_SignInit was asked for."""


class Faulty:
    """A faulty module with a folder of its own; `path` is to be given to whoever loads modules."""

    def __init__(self, folder: Path, *, wrapped: Path = SOFTHSM_MODULE) -> None:
        """Make the folder, or attach to one that is in use: its script stays as it is."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder = folder
        # Its own file: a process that loads two of them must get two.
        self.path = folder / "faulty.so"
        self.wrapped = wrapped
        self._script = folder / "script"
        self._index = {name: place for place, name in enumerate([*functions(), ANY, "pad"])}
        if not self.path.exists():
            shutil.copyfile(build(), self.path)
        self._lines = self._script.read_text(encoding="utf-8").splitlines() if self._script.exists() else []

    @property
    def environment(self) -> Mapping[str, str]:
        """What the process that loads the module needs; without it, SoftHSM is wrapped and the folder is the file's."""
        return {"FAULTY_DIR": str(self.folder), "FAULTY_MODULE": str(self.wrapped)}

    # What goes wrong.

    def remove_after(self, function: str, count: int, *, code: CKR | None = None) -> None:
        """Pull the device out once `count` more calls of `function` were answered."""
        self._removal(code)
        self._add("remove", function, self._number(function, count), "after")

    def remove(self, function: str = ANY, *, at: int = 1, moment: Moment = "before", code: CKR | None = None) -> None:
        """Pull the device out at that call: before it does anything, or having done it ("during": unanswered)."""
        self._removal(code)
        self._add("remove", function, self._number(function, at), moment)

    def put_back(self) -> None:
        """Insert the device again; its logins and sessions are gone."""
        seen = [line for line in self._lines if line.startswith("inserted ")]
        kept = [line for line in self._lines if not line.startswith(("remove ", "inserted "))]
        self._write([*kept, f"inserted {int(seen[-1].split()[1]) + 1 if seen else 1}"])

    def answer(
        self, function: str, value: CKR, *, at: int | None = None, since: int | None = None, performed: bool = False
    ) -> None:
        """Answer `value` at that call, since that call, or always; `performed`: having done it."""
        self._add("answer", function, self._when(function, at, since), value, *["performed"] * performed)

    def delay(self, function: str, milliseconds: int, *, at: int | None = None) -> None:
        self._add("delay", function, self._when(function, at, None), milliseconds)

    def hang(self, function: str, *, at: int | None = None) -> None:
        """Never return from that call."""
        self._add("hang", function, self._when(function, at, None))

    def crash(
        self,
        function: str,
        how: Literal["segv", "abort", "exit"] = "segv",
        *,
        at: int | None = None,
        performed: bool = False,
    ) -> None:
        """End the process at that call."""
        self._add("crash", function, self._when(function, at, None), how, *["performed"] * performed)

    def log_out(self, function: str, *, at: int) -> None:
        """Have the device forget its login before that call."""
        self._add("logout", function, self._when(function, at, None))

    def spoil(self, how: Literal["flip", "short", "long", "zero"], *, at: int | None = None) -> None:
        """Damage the value that C_Sign returns."""
        self._add("value", self._when("C_Sign", at, None), how)

    # What the device is.

    def pin(self, flag: Flag, *, on: bool = True) -> None:
        self._add("pin", flag, *[] if on else ["off"])

    def tries(self, *, user: int | None = None, so: int | None = None) -> None:
        """Count wrong PINs like a card: low after one, final before the last, locked after so many."""
        for name, count in (("user-tries", user), ("so-tries", so)):
            if count is not None:
                self._add(name, count)

    def always_authenticate(self, key_id: bytes | None = None) -> None:
        """Show that key (or each) as CKA_ALWAYS_AUTHENTICATE, and demand its PIN for each signature."""
        self._add("always-authenticate", *[] if key_id is None else [key_id.hex()])

    def pad(self, *, user: str | None = None, so: str | None = None, new: str | None = None) -> None:
        """Have a PIN pad, on which these are typed whenever it asks; what is not given is cancelled."""
        kept = [line for line in self._lines if line != "pad" and not line.startswith("pad-types ")]
        typed = [f"pad-types {kind} * {pin}" for kind, pin in (("user", user), ("so", so), ("new", new)) if pin]
        self._write([*kept, "pad", *typed])

    def mechanisms(self, *, only: Sequence[str] = (), without: Sequence[str] = ()) -> None:
        """Offer only these (CKM_ names), or all but these; instead of what was chosen before."""
        kept = [line for line in self._lines if not line.startswith("mechanisms ")]
        self._write([*kept, " ".join(["mechanisms", *(["only", *only] if only else ["without", *without])])])

    def string(self, name: Literal["label", "manufacturer", "model", "serial"], value: str | bytes) -> None:
        self._add("string", name, (value.encode() if isinstance(value, str) else value).hex())

    def version(self, name: Literal["hardware", "firmware"], version: str) -> None:
        self._add(name, version)

    def attribute(self, name: str, *, told: bool | None) -> None:
        """Tell this of every private key; None: the device does not say."""
        self._add("attribute", name, "absent" if told is None else str(told).lower())

    def make(self, name: str, *, really: bool) -> None:
        """Make private keys with this attribute, whatever is asked."""
        self._add("make", name, str(really).lower())

    def hide(self, label: str) -> None:
        """Pull out the device of that (true) label alone."""
        self._write([*self._lines, f"hide {label}"])

    def show(self, label: str) -> None:
        self._write([line for line in self._lines if line != f"hide {label}"])

    def hide_empty(self) -> None:
        """Leave out SoftHSM's slot that waits for a new device."""
        self._add("hide-empty")

    def write(self, *lines: str) -> None:
        """Write these lines of script instead of what is there (README.md has the grammar)."""
        self._write(list(lines))

    def mend(self) -> None:
        """Take back every order; a device that was pulled out is put back first."""
        self.put_back()
        self._write([line for line in self._lines if line.startswith("inserted ")])

    # What was called.

    def calls(self, function: str | None = None, *, result: CKR | None = None) -> list[Call]:
        """Return the finished calls of all processes, oldest first."""
        log = self.folder / "calls.log"
        found = [_call(line) for line in log.read_text(encoding="ascii").splitlines()] if log.exists() else []
        return [
            each
            for each in found
            if function in (None, each.function) and (result is None or each.result == f"CKR_{result.name}")
        ]

    def counted(self, function: str = ANY) -> int:
        """Return how many calls of `function` began, in all processes ("pad": how often the pad asked)."""
        counters = self.folder / "counters"
        place = self._index[function] * 8
        found = counters.read_bytes()[place : place + 8] if counters.exists() else b""
        return int(struct.unpack("=Q", found)[0]) if len(found) == 8 else 0

    def pins_sent(self) -> list[Call]:
        """Return the calls of C_Login that carried a PIN, or had it typed on the pad."""
        return [each for each in self.calls("C_Login") if each.pin in {"given", "pad"}]

    def complaint(self) -> str:
        """Return what the module said of its script; empty: nothing."""
        said = self.folder / "complaint"
        return said.read_text(encoding="ascii") if said.exists() else ""

    def _number(self, function: str, at: int) -> int:
        return self.counted(function) + at

    def _when(self, function: str, at: int | None, since: int | None) -> str:
        if at is not None:
            return str(self._number(function, at))
        return "*" if since is None else f"{self._number(function, since)}-"

    def _removal(self, code: CKR | None) -> None:
        if code is not None:
            self._add("removal", code)

    def _add(self, *words: str | int) -> None:
        said = [f"CKR_{word.name}" if isinstance(word, CKR) else str(word) for word in words]
        self._write([*self._lines, " ".join(said)])

    def _write(self, lines: list[str]) -> None:
        self._lines = lines
        half = self._script.with_suffix(".new")
        half.touch(mode=0o600)
        half.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        half.replace(self._script)


def _call(line: str) -> Call:
    total, process, function, number, result, performed, *more = line.split(" ")
    told = dict(each.split("=") for each in more)
    return Call(
        total=int(total),
        process=int(process),
        function=function,
        number=int(number),
        result=result,
        performed=performed == "performed",
        user=int(told["user"]) if "user" in told else None,
        pin=told.get("pin"),
        mechanism=int(told["mechanism"], 16) if "mechanism" in told else None,
    )
