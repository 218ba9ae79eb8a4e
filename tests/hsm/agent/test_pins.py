"""Where a PIN comes from."""

import os
from pathlib import Path

import pytest

from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.pins import FilePins, TerminalPins, read_pin_file
from hsm.agent.terminal import TerminalConsent
from hsm.agent.unattended import Unattended


def pin_file(folder: Path, content: bytes = b"1234\n", mode: int = 0o600) -> Path:
    path = folder / "pin"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def refused(path: Path) -> AgentError:
    with pytest.raises(AgentError) as found:
        read_pin_file(path)
    assert found.value.code is AgentCode.PIN_FILE
    assert "1234" not in str(found.value)
    return found.value


def test_owner_only_file_is_read(tmp_path: Path) -> None:
    assert read_pin_file(pin_file(tmp_path)) == "1234"
    assert read_pin_file(pin_file(tmp_path, mode=0o400)) == "1234"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o610])
def test_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    refused(pin_file(tmp_path, mode=mode))


def test_what_is_not_a_plain_file_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(pin_file(tmp_path))
    refused(link)
    refused(tmp_path)
    refused(tmp_path / "none")
    os.mkfifo(tmp_path / "fifo", 0o600)
    holder = os.open(tmp_path / "fifo", os.O_RDWR)
    refused(tmp_path / "fifo")
    os.close(holder)


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe1234"])
def test_file_without_a_pin_is_refused(tmp_path: Path, content: bytes) -> None:
    refused(pin_file(tmp_path, content))


def test_last_try_needs_an_explicit_yes(tmp_path: Path) -> None:
    asked = {"device_label": "d", "device_serial": "1", "last_try": True}
    path = pin_file(tmp_path)
    with pytest.raises(AgentError) as found:
        FilePins(path, Unattended()).pin(**asked)  # type: ignore[arg-type]
    assert found.value.code is AgentCode.PIN_LAST_TRY
    yes = TerminalConsent(ask=lambda _: "LAST TRY")
    assert FilePins(path, yes).pin(**asked).reveal() == "1234"  # type: ignore[arg-type]


def test_terminal_is_needed_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    pins = TerminalPins(Unattended(), ask=lambda _: "1234")
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    with pytest.raises(AgentError) as found:
        pins.pin(device_label="d", device_serial="1", last_try=False)
    assert found.value.code is AgentCode.PIN_NEEDED
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    assert pins.pin(device_label="d", device_serial="1", last_try=False).reveal() == "1234"
    with pytest.raises(AgentError):
        TerminalPins(Unattended(), ask=lambda _: "").pin(device_label="d", device_serial="1", last_try=False)
