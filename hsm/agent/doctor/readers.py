"""The smart-card service of this PC and its readers, through PC/SC itself: no driver module, no session, no PIN.

On Linux the look runs as a program of its own (this very file, standard library only): libpcsclite reads the place of
its socket once per process, and a service that hangs must not hang the agent.
"""

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS = 8.0
NO_SERVICE = frozenset({0x8010001D, 0x8010001E, 0x80100014})
"""SCARD_E_NO_SERVICE, SCARD_E_SERVICE_STOPPED, SCARD_F_UNKNOWN_ERROR of a socket that nobody serves."""
NO_READERS = 0x8010002E
PRESENT, MUTE = 0x20, 0x200
_ENCODING = "mbcs" if sys.platform == "win32" else "utf-8"
"""Of readers' names: Windows' own code page for its A functions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A reader, or a USB token, which is a reader with its card soldered in."""

    name: str
    card: bool
    mute: bool
    """There is a card and it gives no answer to reset."""


class ServiceStopped(Exception):
    """Nobody serves smart cards on this PC."""


def readers(environment: Mapping[str, str] | None = None) -> list[Reader]:
    """The readers that the service knows, and what is in each.

    :param environment: added to the environment of the look: PCSCLITE_CSOCK_NAME.
    :raise ServiceStopped: the service does not run.
    :raise OSError: PC/SC is not installed, or gives an answer that is none.
    """
    if sys.platform == "win32":
        return _read(_look())
    command = [sys.executable, "-I", str(Path(__file__))]
    given = {"PATH": os.defpath, **(environment or {})}
    try:
        done = subprocess.run(  # noqa: S603  (our own interpreter and file)
            command, env=given, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        return _read(json.loads(done.stdout))
    except subprocess.TimeoutExpired:
        raise ServiceStopped from None
    except ValueError as error:
        raise OSError("no PC/SC") from error


def _read(found: dict[str, Any]) -> list[Reader]:
    if found["code"] in NO_SERVICE:
        raise ServiceStopped
    if found["code"]:
        raise OSError(f"PC/SC says {found['code']:08x}")
    return [Reader(name=name, card=bool(state & PRESENT), mute=bool(state & MUTE)) for name, state in found["readers"]]


def _look() -> dict[str, Any]:
    """`{code, readers: [[name, state], …]}`; a code other than 0 is PC/SC's own."""
    library = _library()
    word = ctypes.c_ulong  # DWORD on Windows, unsigned long in pcsc-lite
    letter = "A" if sys.platform == "win32" else ""
    list_readers = getattr(library, f"SCardListReaders{letter}")
    status_change = getattr(library, f"SCardGetStatusChange{letter}")

    class State(ctypes.Structure):
        """SCARD_READERSTATE; Windows pads the answer to reset."""

        _fields_ = (
            ("name", ctypes.c_char_p),
            ("user", ctypes.c_void_p),
            ("current", word),
            ("event", word),
            ("atr_length", word),
            ("atr", ctypes.c_ubyte * (36 if sys.platform == "win32" else 33)),
        )

    context = ctypes.c_size_t()
    code = _code(library.SCardEstablishContext(word(2), None, None, ctypes.byref(context)))
    if code:
        return {"code": code, "readers": []}
    try:
        length = word(0)
        code = _code(list_readers(context, None, None, ctypes.byref(length)))
        if code == NO_READERS or (not code and length.value <= 1):
            return {"code": 0, "readers": []}
        names = ctypes.create_string_buffer(length.value)
        code = code or _code(list_readers(context, None, names, ctypes.byref(length)))
        found = []
        for name in [each for each in names.raw.split(b"\0") if each]:
            state = State(name=name)
            code = code or _code(status_change(context, word(0), ctypes.byref(state), word(1)))
            found.append([name.decode(_ENCODING, errors="replace"), state.event])
        return {"code": code, "readers": found}
    finally:
        library.SCardReleaseContext(context)


def _library() -> Any:
    if sys.platform == "win32":
        return ctypes.WinDLL("winscard.dll")
    return ctypes.CDLL("libpcsclite.so.1")


def _code(value: int) -> int:
    return value & 0xFFFFFFFF


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_look()))
