"""Settings: production by default, cross-checked, no unknown key."""

from pathlib import Path

import pytest

from api.settings import Clock, Environment, Secret, Settings, SettingsRefused, load_settings

REHEARSAL = 'environment = "rehearsal"\npublic_url = "http://127.0.0.1:1"\nresponders_url = "http://127.0.0.1:2"\n'
PRODUCTION = 'public_url = "https://sign.example.ma"\nresponders_url = "http://status.example.ma"\n'


def load(folder: Path, text: str) -> Settings:
    (folder / "khatam.toml").write_text(text)
    return load_settings(folder)


def test_production_is_the_default(tmp_path: Path) -> None:
    settings = load(tmp_path, PRODUCTION)
    assert settings.environment is Environment.PRODUCTION
    assert settings.clock is Clock.GUARDED
    assert settings.data == tmp_path


@pytest.mark.parametrize("line", ['keys_at = "software"', 'clock = "unguarded"', 'public_url = "http://127.0.0.1:1"'])
def test_production_refuses_what_suits_a_rehearsal(tmp_path: Path, line: str) -> None:
    name = line.split(" ", maxsplit=1)[0]
    kept = "\n".join(each for each in PRODUCTION.splitlines() if not each.startswith(name))
    with pytest.raises(SettingsRefused, match="production"):
        load(tmp_path, f"{kept}\n{line}\n")


def test_plain_http_only_to_loopback_in_rehearsal(tmp_path: Path) -> None:
    assert load(tmp_path, REHEARSAL).rehearsal
    with pytest.raises(SettingsRefused, match="https"):
        load(tmp_path, REHEARSAL.replace("127.0.0.1:1", "sign.example.ma"))


def test_mail_leaves_encrypted(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="starttls"):
        load(tmp_path, REHEARSAL + 'smtp_host = "mail.example.ma"\nsmtp_starttls = false\n')
    assert not load(tmp_path, REHEARSAL + 'smtp_host = "127.0.0.1"\nsmtp_starttls = false\n').smtp_starttls


def test_the_mail_servers_credential_is_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "smtp"
    settings = load(tmp_path, REHEARSAL + f'smtp_credentials_file = "{path}"\n')
    path.write_text("khatam:pass:word\n")
    path.chmod(0o644)
    with pytest.raises(SettingsRefused, match="readable by others"):
        settings.smtp_credentials()
    path.chmod(0o600)
    user, password = settings.smtp_credentials()
    assert password is not None
    assert (user, password.reveal(), "pass" in repr(password)) == ("khatam", b"pass:word", False)
    path.write_text("khatam\n")
    with pytest.raises(SettingsRefused, match="user:password"):
        settings.smtp_credentials()
    assert load(tmp_path, REHEARSAL).smtp_credentials() == (None, None)


def test_unknown_key_in_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="prot"):
        load(tmp_path, REHEARSAL + "prot = 1\n")


def test_unknown_key_in_the_environment_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHATAM_PROT", "1")
    with pytest.raises(SettingsRefused, match="KHATAM_PROT"):
        load(tmp_path, REHEARSAL)


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHATAM_PORT", "9999")
    assert load(tmp_path, REHEARSAL + "port = 1234\n").port == 9999


def test_the_folder_named_wins_over_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHATAM_DATA", "/elsewhere")
    assert load(tmp_path, REHEARSAL).data == tmp_path


def test_a_folder_without_installation_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="khatam init"):
        load_settings(tmp_path)


def test_secrets_are_masked_and_owner_only(tmp_path: Path) -> None:
    settings = load(tmp_path, REHEARSAL)
    settings.secrets.mkdir()
    path = settings.secrets / "check-key"
    path.write_text("00ff" * 16)
    path.chmod(0o600)
    secret = settings.secret("check-key")
    assert secret.reveal() == bytes.fromhex("00ff" * 16)
    assert "00ff" not in f"{secret} {secret!r}"
    path.chmod(0o644)
    with pytest.raises(SettingsRefused, match="readable by others"):
        settings.secret("check-key")


def test_a_secret_cannot_be_pickled() -> None:
    import pickle

    with pytest.raises(TypeError):
        pickle.dumps(Secret(b"x"))


def test_an_officers_variables_are_no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KHATAM_TOKEN", "x")
    monkeypatch.setenv("KHATAM_SERVER", "https://sign.example.ma")
    assert load(tmp_path, REHEARSAL).rehearsal
    monkeypatch.setenv("KHATAM_TOKENS", "x")
    with pytest.raises(SettingsRefused, match="KHATAM_TOKENS"):
        load(tmp_path, REHEARSAL)
