"""The per-machine configuration."""

import json
from pathlib import Path
from typing import Any

import pytest

from hsm.agent.config import read_config, require_server
from hsm.agent.errors import AgentCode, AgentError

GOOD: dict[str, Any] = {
    "server": "https://signature.example.ma",
    "environment": "production",
    "manifest_anchor": "/a.pem",
    "modules": ["/m.so"],
}


def written(folder: Path, values: dict[str, Any]) -> Path:
    path = folder / "agent.toml"
    text = "".join(f"{name} = {_toml(value)}\n" for name, value in values.items())
    path.write_text(text, encoding="utf-8")
    return path


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {json.dumps(each)}" for name, each in value.items()) + "}"
    return json.dumps(value)


def test_good_configuration_is_read(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, GOOD | {"softhsm_conf": "/c"}))
    assert config.server == "https://signature.example.ma"
    assert config.softhsm_conf == Path("/c")
    assert config.modules == (Path("/m.so"),)
    assert config.held_pin_policy is None
    assert (config.pin_documents, config.pin_minutes) == (200, 30)
    assert (config.requester, config.help_phone, config.language) == (None, None, None)


def test_what_is_optional_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/mayor")
    given = {
        "modules": ["/a.so", "/b.so"],
        "spool": "~/spool",
        "requester": "Rokhas.ma",
        "help_phone": "+212 5",
        "language": "ar",
        "pin_documents": 1,
        "pin_minutes": 480,
        "held_pin_policy": "Policy 7 of 2026",
        "module_environment": {"OPENSC_CONF": "/etc/o.conf"},
    }
    config = read_config(written(tmp_path, GOOD | given))
    assert config.modules == (Path("/a.so"), Path("/b.so"))
    assert config.spool == Path("/home/mayor/spool")
    assert (config.requester, config.help_phone, config.language) == ("Rokhas.ma", "+212 5", "ar")
    assert (config.pin_documents, config.pin_minutes) == (1, 480)
    assert config.held_pin_policy == "Policy 7 of 2026"
    assert config.module_environment == {"OPENSC_CONF": "/etc/o.conf"}


def test_each_user_has_a_spool_of_his_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/mayor")
    assert read_config(written(tmp_path, GOOD)).spool == Path("/home/mayor/.local/state/khatam")


@pytest.mark.parametrize("name", sorted(GOOD))
def test_missing_entry_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(AgentError) as refused:
        read_config(written(tmp_path, {key: value for key, value in GOOD.items() if key != name}))
    assert refused.value.code is AgentCode.CONFIGURATION
    assert name in str(refused.value)


@pytest.mark.parametrize(
    "change",
    [
        {"serveur": "x"},
        {"module": "/m.so"},
        {"environment": "staging"},
        {"modules": []},
        {"modules": [""]},
        {"modules": "/m.so"},
        {"modules": ["/m.so", "/m.so"]},
        {"modules": [f"/{each}.so" for each in range(9)]},
        {"language": "es"},
        {"requester": ""},
        {"pin_documents": 0},
        {"pin_documents": 501},
        {"pin_minutes": True},
        {"pin_minutes": "30"},
        {"module_environment": "x"},
        {"module_environment": {"A": 1}},
    ],
)
def test_other_entries_are_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    with pytest.raises(AgentError):
        read_config(written(tmp_path, GOOD | change))


def test_unreadable_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_bytes(b"\xff = [")
    for path in (tmp_path / "bad.toml", tmp_path / "none.toml"):
        with pytest.raises(AgentError):
            read_config(path)


@pytest.mark.parametrize("server", ["https://a.ma", "https://a.ma:8443", "http://127.0.0.1:80", "http://[::1]:8080"])
def test_servers_of_a_rehearsal(server: str) -> None:
    require_server(server, "rehearsal")


@pytest.mark.parametrize(
    ("server", "environment"),
    [
        ("http://127.0.0.1:8000", "production"),
        ("http://10.0.0.1", "rehearsal"),
        ("http://localhost.example.ma", "rehearsal"),
        ("http://127.0.0.1.example.ma", "rehearsal"),
        ("ftp://a.ma", "production"),
        ("https://a.ma/path", "production"),
        ("https://user@a.ma", "production"),
        ("https://a.ma?x=1", "production"),
        ("a.ma", "production"),
        ("https://", "production"),
    ],
)
def test_plain_http_is_for_loopback_in_rehearsal(server: str, environment: str) -> None:
    with pytest.raises(AgentError):
        require_server(server, environment)
