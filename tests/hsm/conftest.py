"""What the room's tests share: SoftHSM devices in a folder of their own, and PIN sources that count."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hsm.cryptoki.module import Module
from hsm.cryptoki.provisioning import SOFTHSM_MODULE, initialise_softhsm_device, write_softhsm_conf
from hsm.keys import KeyKind, KeyRef
from hsm.pin import Pin

RIGHT = "73019284"
WRONG = "11112222"


@dataclass(slots=True)
class Typed:
    """A person who types what he is told to, one PIN after another (the last one for ever), and counts."""

    pins: list[str] = field(repr=False)
    asked: list[bool] = field(default_factory=list)
    """One entry a question: whether it was for the last try."""

    def pin(self, *, device_label: str, device_serial: str, last_try: bool) -> Pin:
        self.asked.append(last_try)
        return Pin(self.pins[min(len(self.asked), len(self.pins)) - 1])


@dataclass(slots=True, kw_only=True)
class Device:
    """A fresh SoftHSM device, alone in its folder; its PIN is `RIGHT`."""

    folder: Path
    conf: Path
    label: str
    serial: str
    pin_file: Path

    def typed(self, *pins: str) -> Typed:
        return Typed(list(pins) or [RIGHT])

    def module(self, *, timeout: float = 30.0) -> Module:
        return Module.open(SOFTHSM_MODULE, softhsm_conf=self.conf, timeout=timeout)

    def generate(self, module: Module, kind: KeyKind = KeyKind.EC_P256, *, always_authenticate: bool = False) -> KeyRef:
        ref, _ = module.generate_key_pair(
            device_label=self.label,
            device_serial=self.serial,
            kind=kind,
            label=kind.value,
            key_id=secrets.token_bytes(8),
            pins=self.typed(),
            always_authenticate=always_authenticate,
        )
        return ref


def make_device(folder: Path, label: str = "device") -> Device:
    conf = write_softhsm_conf(folder)
    serial = initialise_softhsm_device(conf, label=label, so_pin=Pin("so-" + secrets.token_hex(4)), pin=Pin(RIGHT))
    pin_file = folder / "pin"
    pin_file.touch(mode=0o600)
    pin_file.write_text(RIGHT + "\n", encoding="utf-8")
    return Device(folder=folder, conf=conf, label=label, serial=serial, pin_file=pin_file)


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Device:
    monkeypatch.setenv("SOFTHSM2_CONF", "")  # so that what the module's opening sets is put back
    return make_device(tmp_path / "softhsm")


@pytest.fixture
def module(device: Device) -> Iterator[Module]:
    with device.module() as opened:
        yield opened


@pytest.fixture(scope="module")
def shared_device(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    """One device for a whole test file, for what does not change it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", "")
        yield make_device(tmp_path_factory.mktemp("softhsm"))


Typist = Callable[..., Typed]


@pytest.fixture
def typed() -> Typist:
    return lambda *pins: Typed(list(pins) or [RIGHT])
