"""A keys process to talk to, and a module in Python that obeys the test."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pkcs11 import Mechanism, TokenFlag
from pkcs11 import exceptions as driver

from hsm.cryptoki.module import Module
from hsm.cryptoki.roles import KeysConfig

USUAL = TokenFlag.LOGIN_REQUIRED | TokenFlag.USER_PIN_INITIALIZED | TokenFlag.TOKEN_INITIALIZED

PROGRAM = """
import logging, sys
from pathlib import Path
from hsm.cryptoki.process import serve
from hsm.cryptoki.roles import KeysConfig
logging.basicConfig(level=logging.DEBUG)
serve(Path(sys.argv[1]), KeysConfig.load(Path(sys.argv[2])), ready=lambda: print("ready", flush=True))
"""


@dataclass(slots=True)
class KeysProcess:
    """A real keys process in a child, which the test may end and start again."""

    folder: Path
    child: subprocess.Popen[str] | None = None

    @property
    def socket(self) -> Path:
        return self.folder / "keys.sock"

    @property
    def output(self) -> str:
        return (self.folder / "keys.log").read_text(encoding="utf-8")

    def start(self, config: KeysConfig | None = None) -> None:
        path = self.folder / "keys.json"
        if config is not None:
            path.write_text(config.dump(), encoding="utf-8")
        with (self.folder / "keys.log").open("a") as log:
            self.child = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, str(self.socket), str(path)],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=Path(__file__).parents[3],
            )
        assert self.child.stdout is not None
        assert self.child.stdout.readline() == "ready\n", self.output

    def alive(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def kill(self) -> None:
        assert self.child is not None
        self.child.kill()
        self._gone()

    def stop(self) -> int:
        assert self.child is not None
        self.child.terminate()
        return self._gone()

    def _gone(self) -> int:
        assert self.child is not None
        code = self.child.wait(timeout=20)
        assert self.child.stdout is not None
        self.child.stdout.close()
        self.child = None
        return code


@pytest.fixture
def keys_process(tmp_path: Path) -> Iterator[KeysProcess]:
    process = KeysProcess(tmp_path)
    yield process
    if process.child is not None:
        process.stop()


@dataclass
class FakeDevice:
    """Slot, token and session of a module in Python; it does what the test says and counts what it is asked."""

    label: str = "fake"
    serial: bytes = b"0001"
    model: str = "fake"
    manufacturer_id: str = "tests"
    flags: TokenFlag = USUAL
    right: str = "73019284"
    sent: list[object] = field(default_factory=list)
    """Every PIN that reached the device."""
    pause: Callable[[], None] = lambda: None
    """Run in every listing of slots."""
    refusal: type[Exception] = driver.PinIncorrect
    opened: int = 0
    closed: int = 0

    handle: int = 1
    slot_id: int = 1
    hardware_version: tuple[int, int] = (1, 0)
    firmware_version: tuple[int, int] = (2, 1)

    # The library
    initialized = True

    def get_slots(self, token_present: bool = False) -> list[Any]:
        self.pause()
        return [self]

    def reinitialize(self) -> None: ...

    def finalize(self) -> None: ...

    # The slot
    def get_token(self) -> "FakeDevice":
        return self

    @property
    def slot(self) -> "FakeDevice":
        return self

    def get_mechanisms(self) -> set[Mechanism]:
        return {Mechanism.ECDSA}

    # The token
    def open(self, rw: bool = False, attribute_mapper: object = None) -> "FakeDevice":
        self.opened += 1
        return self

    # The calls beside python-pkcs11
    def login(self, session: int, pin: bytes | None) -> None:
        self.sent.append(pin if pin is None else pin.decode())
        if pin is not None and pin.decode() != self.right:
            raise self.refusal

    def logout(self, session: int) -> None: ...

    # The session
    def close(self) -> None:
        self.closed += 1

    def get_objects(self, attributes: object = None) -> Iterator[Any]:
        return iter(())


@pytest.fixture
def fake() -> FakeDevice:
    return FakeDevice()


@pytest.fixture
def fake_module(fake: FakeDevice, tmp_path: Path) -> Iterator[Module]:
    with Module.open(tmp_path / "fake.so", timeout=0.4, load=lambda _: fake, native=lambda *_: fake) as opened:  # type: ignore[arg-type, return-value]
        yield opened


def wait_until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
