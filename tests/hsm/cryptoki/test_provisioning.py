"""Fresh SoftHSM devices."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from hsm.cryptoki.errors import DeviceRefused
from hsm.cryptoki.provisioning import initialise_softhsm_device, write_softhsm_conf
from hsm.errors import DeviceTimeout
from hsm.pin import Pin
from tests.hsm.conftest import Device


def test_the_folder_is_the_owners_alone(device: Device) -> None:
    assert (device.folder.stat().st_mode & 0o777, device.conf.stat().st_mode & 0o777) == (0o700, 0o600)
    assert len(device.serial) == 16


def test_pins_are_not_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    run = subprocess.run

    def spy(command: list[str], **options: Any) -> Any:
        seen.extend([*command, *options["env"].items()])
        return run(command, **options)

    monkeypatch.setattr(subprocess, "run", spy)
    conf = write_softhsm_conf(tmp_path)
    initialise_softhsm_device(conf, label="canary", so_pin=Pin("so-canary-771"), pin=Pin("canary-772"))
    assert seen
    assert "canary-77" not in str(seen)


@pytest.mark.parametrize("label", ["", "x" * 33, "é" * 17])
def test_a_label_that_does_not_fit_is_refused(tmp_path: Path, label: str) -> None:
    with pytest.raises(DeviceRefused, match="label"):
        initialise_softhsm_device(write_softhsm_conf(tmp_path), label=label, so_pin=Pin("12345678"), pin=Pin("1234"))


def test_what_the_module_refuses_is_said_without_the_pin(tmp_path: Path) -> None:
    conf = write_softhsm_conf(tmp_path)
    with pytest.raises(DeviceRefused, match="C_InitToken: 0x") as caught:
        initialise_softhsm_device(conf, label="short", so_pin=Pin("1"), pin=Pin("canary-773"))
    assert "canary" not in str(caught.value)


def test_no_module_no_device(tmp_path: Path) -> None:
    conf = write_softhsm_conf(tmp_path)
    with pytest.raises(DeviceRefused, match="exit code") as caught:
        initialise_softhsm_device(
            conf, label="x", so_pin=Pin("12345678"), pin=Pin("canary-774"), module=tmp_path / "none.so"
        )
    assert "canary" not in str(caught.value)


def test_a_module_that_hangs_is_a_time_out(tmp_path: Path) -> None:
    with pytest.raises(DeviceTimeout):
        initialise_softhsm_device(
            write_softhsm_conf(tmp_path), label="x", so_pin=Pin("12345678"), pin=Pin("1234"), timeout=0.001
        )
