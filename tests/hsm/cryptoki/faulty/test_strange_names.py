"""Devices whose label, serial, model or maker is no text: shown, used, and never the driver's end."""

from typing import Literal

import pytest

from hsm.cryptoki.info import DeviceInfo
from hsm.cryptoki.module import Module
from hsm.cryptoki.station import Station
from hsm.errors import DeviceUnavailable
from hsm.keys import KeyKind, KeyRef
from tests.hsm.conftest import Device
from tests.hsm.cryptoki.faulty.conftest import present, sign
from tests.rig.faulty.control import Faulty

Name = Literal["label", "serial", "model", "manufacturer"]
STRANGE = [
    b"\xff\xfe\x80card",  # not utf8
    "بطاقة".encode()[:-1],  # cut in a letter
    b"a\xed\xa0\x80b",  # surrogate
    b"\0" * 16,  # only nul
    b"ca\0rd",  # nul inside
    b" " * 16,  # only blanks
    b"\x1b[2Jcard\r\n\x07",  # controls
    "a\u202eb\u2066c".encode(),  # another direction
    "بطاقة".encode(),  # arabic
    b"\xc3\xa9" * 8,  # full
]


def generated(driver: Module | Station, device: Device, info: DeviceInfo, number: int) -> KeyRef:
    ref, _ = driver.generate_key_pair(
        device_label=info.label,
        device_serial=info.serial,
        kind=KeyKind.EC_P256,
        label="key",
        key_id=bytes([number + 1]),
        pins=device.typed(),
    )
    return ref


@pytest.mark.parametrize("name", ["label", "serial", "model", "manufacturer"])
def test_a_device_with_a_strange_name_is_used_like_any_other(
    device: Device, module: Module, faulty: Faulty, name: Name
) -> None:
    for number, value in enumerate(STRANGE):
        faulty.write("hide-empty")
        faulty.string(name, value)
        info = present(module)
        said: str = getattr(info, name)
        assert said == said.rstrip("\0 "), "padding is no part of a name"
        for text in (said, f"{info.address}"):
            text.encode()
            assert text.isprintable()
        sign(module.key(generated(module, device, info, number), device.typed()))
        module.logout(info)


def test_strange_names_cross_to_a_station_and_back(device: Device, station: Station, faulty: Faulty) -> None:
    names: tuple[Name, ...] = ("label", "serial", "model", "manufacturer")
    for number, value in enumerate(STRANGE):
        faulty.write("hide-empty")
        for name in names:
            faulty.string(name, value)
        info = present(station)
        ref = generated(station, device, info, number)
        sign(station.key(ref, device.typed()))
        station.logout(info)
        faulty.write("hide-empty")
        with pytest.raises(DeviceUnavailable) as missing:
            station.key(ref, device.typed())
        assert str(missing.value).isprintable()


def test_names_that_differ_only_in_what_is_no_text_are_one_name(device: Device, module: Module, faulty: Faulty) -> None:
    """What cannot be told apart when shown is not told apart: the key's own public half still is."""
    faulty.string("serial", b"\xff\x01")
    first = present(module)
    faulty.write()
    faulty.string("serial", b"\xfe\x01")
    assert present(module).address == first.address
    assert first.serial != device.serial
