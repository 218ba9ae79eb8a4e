"""The per-machine configuration."""

from pathlib import Path

import pytest

from hsm.agent.config import read_config, require_server
from hsm.agent.errors import AgentCode, AgentError

GOOD = {
    "server": "https://signature.example.ma",
    "environment": "production",
    "manifest_anchor": "/a.pem",
    "module": "/m.so",
    "spool": "/s",
}


def written(folder: Path, values: dict[str, str]) -> Path:
    path = folder / "agent.toml"
    path.write_text("".join(f'{name} = "{value}"\n' for name, value in values.items()), encoding="utf-8")
    return path


def test_good_configuration_is_read(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, GOOD | {"softhsm_conf": "/c"}))
    assert config.server == "https://signature.example.ma"
    assert config.softhsm_conf == Path("/c")
    assert config.held_pin_policy is None


@pytest.mark.parametrize("name", sorted(GOOD))
def test_missing_entry_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(AgentError) as refused:
        read_config(written(tmp_path, {key: value for key, value in GOOD.items() if key != name}))
    assert refused.value.code is AgentCode.CONFIGURATION
    assert name in str(refused.value)


@pytest.mark.parametrize("change", [{"serveur": "x"}, {"environment": "staging"}, {"module": ""}])
def test_other_entries_are_refused(tmp_path: Path, change: dict[str, str]) -> None:
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
