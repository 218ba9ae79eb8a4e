"""A PC with smart-card readers of its own: pcscd, vpcd and virtual tokens, seen by nobody else.

pcscd runs in a private network and mount namespace, so vpcd's ports listen to this estate alone and the
machine's own pcscd is untouched. Clients stay outside: they reach it by the unix socket, whose path goes in their
environment (`Estate.environment`). libpcsclite reads it once, at its first use in a process.
"""

import contextlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Self

from tests.rig.card.link import FIRST_PORT
from tests.rig.estates.missing import RigMissing
from tests.rig.estates.token import Card
from tests.rig.namespaces import unshare

MODULE = Path("/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so")
_VPCD = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
READERS = 2
"""Tokens that can be plugged in at once: vpcd gives two slots."""
_LONGEST_SOCKET_NAME = 100
_SECONDS = 20.0
_ROOM = Path(__file__).with_name("room.py")
_ROOT = Path(__file__).parents[3]

_READER_CONF = f"""FRIENDLYNAME "Virtual PCD"
DEVICENAME   /dev/null:0x{FIRST_PORT:04X}
LIBPATH      {_VPCD}
CHANNELID    0x{FIRST_PORT:04X}
"""

_OPENSC_CONF = """app default {
	# Nothing remembered from one test to the next; no PIN unless the test says so: what asks, asks the card.
	framework pkcs15 {
		use_file_caching = no;
		use_pin_caching = %s;
		pin_cache_ignore_user_consent = %s;
	}
}
"""


class PinCaching(Enum):
    """What OpenSC may do with a PIN that it has seen: use_pin_caching, pin_cache_ignore_user_consent."""

    NONE = ("false", "false")
    DEFAULT = ("true", "false")
    """As OpenSC comes: for keys that do not ask each time."""
    EVERY_KEY = ("true", "true")
    """Also for keys that ask each time."""


class Estate:
    """A running pcscd with two readers, and the tokens that were made for it. A context manager."""

    def __init__(self, folder: Path, *, pin_caching: PinCaching = PinCaching.NONE) -> None:
        """For `start` only."""
        self.folder = folder
        self.module = MODULE
        self._sockets = _short(folder / "pcscd")
        self._conf = folder / "opensc.conf"
        self._conf.write_text(_OPENSC_CONF % pin_caching.value, encoding="ascii")
        self._cards: dict[str, Card] = {}
        self._log = (folder / "room.log").open("ab")
        (folder / "readers").mkdir()
        (folder / "readers" / "vpcd").write_text(_READER_CONF, encoding="ascii")
        self._room = subprocess.Popen(
            [*unshare(), "--net", sys.executable, "-I", _ROOM, self._sockets, folder / "readers"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    @classmethod
    def start(cls, folder: Path, *, pin_caching: PinCaching = PinCaching.NONE) -> "Estate":
        """Start pcscd for tests that keep their files in `folder`; back once it takes connections.

        :raise RigMissing: a program or right is missing on this machine.
        """
        needed = {"pcscd": shutil.which("pcscd"), "vsmartcard-vpcd": _VPCD.exists(), "opensc-pkcs11": MODULE.exists()}
        for package, found in needed.items():
            if not found:
                raise RigMissing(f"The virtual token needs the Debian package {package}: make setup-test installs it.")
        folder.mkdir(parents=True, exist_ok=True)
        estate = cls(folder, pin_caching=pin_caching)
        try:
            estate._answered("make a room of its own for pcscd: be root, where namespaces are allowed")
            estate.start_pcscd()
        except BaseException:
            estate.stop()
            raise
        return estate

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process needs in its environment before it loads `module`."""
        return {"PCSCLITE_CSOCK_NAME": str(self._sockets / "pcscd.comm"), "OPENSC_CONF": str(self._conf)}

    def start_pcscd(self) -> None:
        """Start pcscd again after `stop_pcscd`; tokens must be plugged in again."""
        self._order("start")
        deadline = time.monotonic() + _SECONDS
        while not self._reachable():
            if time.monotonic() > deadline:
                raise RigMissing(f"pcscd did not answer within {_SECONDS:g} s: {self._said()}")
            time.sleep(0.01)

    def stop_pcscd(self) -> None:
        """End pcscd, under whatever sessions are open."""
        for card in self._cards.values():
            card.pull()
        self._order("stop")

    def card(self, name: str) -> Card:
        """Return the token of that name; its file is `card_file(name)`, a new one if nobody made it. Not plugged in."""
        if name not in self._cards:
            enter = ["nsenter", f"--net=/proc/{self._room.pid}/ns/net"]
            self._cards[name] = Card.start(name, self.card_file(name), self._sockets / f"{name}.sock", enter, _ROOT)
        return self._cards[name]

    def card_file(self, name: str) -> Path:
        """Where the token of that name is kept."""
        return self.folder / f"{name}.json"

    def forget(self, name: str) -> None:
        """End the token of that name, pulling it out first."""
        card = self._cards.pop(name, None)
        if card is not None:
            card.stop()

    def stop(self) -> None:
        """End tokens and pcscd, by pid. Idempotent."""
        for name in list(self._cards):
            self.forget(name)
        if self._room.poll() is None:
            with contextlib.suppress(BrokenPipeError):
                self._room.communicate("end\n", timeout=_SECONDS)
        for pipe in (self._room.stdin, self._room.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self._room.wait(_SECONDS)
        self._log.close()
        if self._sockets.parent != self.folder:
            shutil.rmtree(self._sockets, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _order(self, word: str) -> None:
        assert self._room.stdin is not None
        self._room.stdin.write(word + "\n")
        self._room.stdin.flush()
        self._answered(word)

    def _answered(self, act: str) -> None:
        assert self._room.stdout is not None
        if self._room.stdout.readline() != "ok\n":
            raise RigMissing(f"The virtual token's room could not {act}. {self._said()}")

    def _said(self) -> str:
        logs = (self.folder / "room.log", self._sockets / "pcscd.log")
        return " ".join(log.read_text(errors="replace")[-2000:] for log in logs if log.exists())

    def _reachable(self) -> bool:
        with socket.socket(socket.AF_UNIX) as door, contextlib.suppress(OSError):
            door.connect(self.environment["PCSCLITE_CSOCK_NAME"])
            return True
        return False


def _short(folder: Path) -> Path:
    """Return `folder`, or a shorter one of its own where a socket's name would not fit."""
    if len(str(folder)) + len("/some-card-of-mine.sock") <= _LONGEST_SOCKET_NAME:
        folder.mkdir()
        return folder
    return Path(tempfile.mkdtemp(prefix="pcsc-"))


@contextmanager
def started(folder: Path, *, pin_caching: PinCaching = PinCaching.NONE) -> Iterator[Estate]:
    """An estate, stopped at the end."""
    with Estate.start(folder, pin_caching=pin_caching) as estate:
        yield estate
