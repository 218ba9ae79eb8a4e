"""Where the modules of this PC are, how each one stands, and whether a file can be loaded here at all."""

import platform
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class ModulePath:
    """A PKCS#11 module to load, in a process of its own."""

    path: Path
    softhsm_conf: Path | None = None
    """SoftHSM's configuration file; None for every other module."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to the process's small environment: PCSCLITE_CSOCK_NAME, OPENSC_CONF … Never a secret."""


class ModuleStanding(StrEnum):
    READY = "ready"
    MISSING = "missing"
    WRONG_ARCHITECTURE = "wrong-architecture"
    NOT_PKCS11 = "not-pkcs11"
    CRASHED = "crashed"
    HUNG = "hung"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleState:
    """How a module stands: as of its last call, or of the look at its file."""

    path: Path
    state: ModuleStanding
    said: str
    """One sentence for a person; empty when ready."""
    restarts: int
    """How often its process was started again."""


_ELF_MACHINES: Final = {3: "x86", 40: "ARM", 62: "x86-64", 183: "ARM64"}
_PE_MACHINES: Final = {0x14C: "x86", 0x8664: "x86-64", 0xAA64: "ARM64", 0x1C4: "ARM"}
_NARROW: Final = {"x86-64": "x86", "ARM64": "ARM"}
_PE_POINTER: Final = 0x3C
_FURTHEST_PE: Final = 0x1000
_HEAD: Final = 64


def this_machine() -> str:
    """Return the architecture of this very process: a 32-bit one on a 64-bit system is 32-bit."""
    name = platform.machine().lower()
    found = "ARM64" if name in {"aarch64", "arm64"} else "ARM" if name.startswith("arm") else "x86-64"
    return found if struct.calcsize("P") == 8 else _NARROW.get(found, found)  # noqa: PLR2004


def look_at(path: Path) -> tuple[ModuleStanding, str]:
    """Return what the file's own header says, without loading it.

    `READY` promises no more than that the system's loader may be asked.
    """
    try:
        system, machine = _header(path)
    except OSError as error:
        return ModuleStanding.MISSING, f"There is no driver module at {path} ({type(error).__name__})."
    if not system:
        return ModuleStanding.NOT_PKCS11, f"{path} is not a driver module: no program library at all."
    here = "Windows" if platform.system() == "Windows" else "Linux"
    if system != here:
        return ModuleStanding.WRONG_ARCHITECTURE, f"{path} is made for {system}; this is {here}."
    if machine != this_machine():
        ours = _words(this_machine())
        said = f"{path} is made for {_words(machine)}; this program is {ours}. Install the {ours} driver of the device."
        return ModuleStanding.WRONG_ARCHITECTURE, said
    return ModuleStanding.READY, ""


def _words(machine: str) -> str:
    bits = {"x86": "32-bit", "ARM": "32-bit", "x86-64": "64-bit", "ARM64": "64-bit"}.get(machine)
    return machine if bits is None else f"{bits} ({machine})"


def _header(path: Path) -> tuple[str, str]:
    """System and machine of a shared library (ELF, PE/COFF headers); two empty ones for any other file."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
        if head.startswith(b"\x7fELF") and len(head) == _HEAD:
            number = int.from_bytes(head[18:20], "little" if head[5] == 1 else "big")
            return "Linux", _ELF_MACHINES.get(number, f"machine {number}")
        if head.startswith(b"MZ") and len(head) == _HEAD:
            place = int.from_bytes(head[_PE_POINTER : _PE_POINTER + 4], "little")
            if place <= _FURTHEST_PE:
                file.seek(place)
                signature = file.read(6)
                if signature.startswith(b"PE\0\0"):
                    number = int.from_bytes(signature[4:6], "little")
                    return "Windows", _PE_MACHINES.get(number, f"machine {number}")
    return "", ""
