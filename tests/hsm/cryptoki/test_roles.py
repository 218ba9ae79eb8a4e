"""The file that says which key plays which role, and the PIN where nobody sits."""

import json
from pathlib import Path
from typing import Any

import pytest

from hsm.cryptoki.errors import KeysConfigRefused
from hsm.cryptoki.roles import KeysConfig, RoleKey, UnattendedPin
from hsm.errors import PinLastTry, PinRequired
from hsm.keys import KeyRef

ROLE = {"label": "l", "serial": "s", "key_id": "0a", "pin_file": "secrets/pin"}
GOOD: dict[str, Any] = {"module": "/m.so", "roles": {"ocsp": ROLE}}


def written(folder: Path, content: object) -> Path:
    path = folder / "keys.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_what_is_dumped_is_loaded(tmp_path: Path) -> None:
    ref = KeyRef(device_label="l", device_serial="s", key_id=b"\n")
    config = KeysConfig(
        module=Path("/m.so"), softhsm_conf=Path("/c"), roles={"ocsp": RoleKey(ref=ref, pin_file=Path("/p"))}
    )
    assert KeysConfig.load(written(tmp_path, config.dump())) == config


def test_relative_paths_start_at_the_file(tmp_path: Path) -> None:
    config = KeysConfig.load(written(tmp_path, GOOD | {"softhsm_conf": "devices/softhsm2.conf"}))
    assert config.softhsm_conf == tmp_path / "devices/softhsm2.conf"
    assert config.roles["ocsp"].pin_file == tmp_path / "secrets/pin"
    assert config.module == Path("/m.so")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "not json",
        [],
        {},
        {"module": "/m.so"},
        GOOD | {"roles": {}},
        GOOD | {"roles": []},
        GOOD | {"module": 3},
        GOOD | {"unknown": 1},
        GOOD | {"roles": {"ocsp": {**ROLE, "pin": "1234"}}},
        GOOD | {"roles": {"ocsp": {**ROLE, "key_id": "xyz"}}},
        GOOD | {"roles": {"ocsp": {"label": "l"}}},
        GOOD | {"roles": {"ocsp": {**ROLE, "label": 3}}},
    ],
)
def test_anything_else_is_refused(tmp_path: Path, content: object) -> None:
    with pytest.raises(KeysConfigRefused, match="No key was opened"):
        KeysConfig.load(written(tmp_path, content))


def test_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeysConfigRefused):
        KeysConfig.load(tmp_path / "keys.json")


def ask(path: Path, *, last_try: bool = False) -> str:
    return UnattendedPin(path).pin(device_label="l", device_serial="s", last_try=last_try).reveal()


def test_a_pin_file_must_be_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "pin"
    with pytest.raises(PinRequired):
        ask(path)
    path.touch(mode=0o600)
    with pytest.raises(PinRequired, match="empty"):
        ask(path)
    path.write_text("4711\n", encoding="utf-8")
    assert ask(path) == "4711"
    path.chmod(0o640)
    with pytest.raises(PinRequired, match="open to others"):
        ask(path)


def test_a_service_never_uses_the_last_try(tmp_path: Path) -> None:
    path = tmp_path / "pin"
    path.touch(mode=0o600)
    path.write_text("4711", encoding="utf-8")
    with pytest.raises(PinLastTry):
        ask(path, last_try=True)
