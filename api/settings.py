"""The settings of one installation: the only module that reads the environment.

Values come from `KHATAM_*` variables, then from `khatam.toml` in the installation's folder, then from the
defaults below. An unknown key in either stops the start. Without a word to the contrary an installation
is `production`, and in production what only suits a rehearsal is refused here, before anything is opened.
"""

from __future__ import annotations

import os
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Self, final
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from hsm.keys import KeyKind

CONFIGURATION = "khatam.toml"
MARK = ".khatam-installation"
"""A file of this name says that a folder was made by `khatam init`."""

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
OFFICER_VARIABLES = ("KHATAM_SERVER", "KHATAM_TOKEN")
"""Of an officer's own command line; no setting of an installation."""
MEGABYTE = 1024 * 1024


class SettingsRefused(Exception):
    """The configuration cannot be used. Nothing was started."""


class Environment(StrEnum):
    """Every installation is one of the two."""

    PRODUCTION = "production"
    REHEARSAL = "rehearsal"


class KeysAt(StrEnum):
    """Where the service's own keys are."""

    DEVICE = "device"
    SOFTWARE = "software"


class Clock(StrEnum):
    """What vouches for the clock of the time-stamp authority."""

    GUARDED = "guarded"
    UNGUARDED = "unguarded"


@final
class Secret:
    """Bytes that are never printed, logged or pickled."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = value

    def reveal(self) -> bytes:
        """Return the bytes: for the cipher's or the hash's call, nowhere else."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(****)"

    __str__ = __repr__

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a secret does not leave its process")


class Settings(BaseSettings):
    """One installation, checked and frozen."""

    model_config = SettingsConfigDict(env_prefix="KHATAM_", frozen=True, extra="forbid", validate_default=True)

    data: Path
    """The installation's folder."""
    environment: Environment = Environment.PRODUCTION
    organisation: str = "Khatam"
    """Organisation named in the certificates of the service."""

    host: str = "127.0.0.1"
    port: int = 8080
    responders_host: str = "127.0.0.1"
    responders_port: int = 8081
    public_url: str = "https://khatam.invalid"
    """Origin (scheme, host, port) under which clients, agents and readers of a QR code reach the API."""
    responders_url: str = "https://status.khatam.invalid"
    """Origin written into certificates: OCSP, CRL, time-stamps."""

    database_url: str = ""
    """SQLAlchemy URL. Empty: SQLite in the installation's folder."""
    keys_at: KeysAt = KeysAt.DEVICE
    holder_key_kind: KeyKind = KeyKind.RSA_2048
    """What a holder's own device is asked to make."""
    minimum_agent: str = Field(default="0.1.0", pattern=r"^[0-9]{1,6}(\.[0-9]{1,6}){0,3}$")
    """Agents older than this are sent away."""
    require_display_receipt: bool = True
    """Whether a signature value is refused until its agent said, under its own key, what it had shown."""
    known_unlock_secrets_may_stay: bool = False
    """Whether a key goes on whose device could not change a secret that two officers had released (decision 13)."""
    four_eyes_above: int = Field(default=5, ge=0)
    """Transfers and extras of more seats than this need a second officer above both; 0: all of them."""
    regular_use_licences: int = Field(default=4, ge=1)
    """So many signed licences in `regular_use_days` are called regular use of a commune's keys."""
    regular_use_days: int = Field(default=30, ge=1)
    release_key_file: Path | None = None
    """RSA private key, PEM, to which unlock secrets are encrypted. None: in the secrets folder."""
    module: Path = Path("/usr/lib/softhsm/libsofthsm2.so")
    clock: Clock = Clock.GUARDED
    tsa_policy_oid: str = "2.25.310184722950713260548617035925842617"
    fonts: Path = Path("/usr/share/fonts")
    workers: int = 2
    """Processes that read foreign PDF files."""

    smtp_host: str = ""
    """Server that takes notices. Empty: nothing is sent, messages wait."""
    smtp_port: int = 587
    smtp_starttls: bool = True
    smtp_from: str = "no-reply@khatam.invalid"
    smtp_credentials_file: Path | None = None
    """One line `user:password`, readable by its owner only. None: the server asks for none."""

    max_json_bytes: int = MEGABYTE
    max_dossier_pdf_bytes: int = 50 * MEGABYTE
    max_verification_bytes: int = 100 * MEGABYTE
    max_verifications_at_once: int = Field(default=8, ge=1)
    """Foreign files inside at a time; the next one is told to come back."""
    max_der_bytes: int = 16 * 1024

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What `checked_settings` gathered, and nothing else: the folder named wins over KHATAM_DATA."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    @model_validator(mode="after")
    def _agree(self) -> Self:
        """Cross-check: what only a rehearsal may do stops a production start."""
        public, responders = urlsplit(self.public_url), urlsplit(self.responders_url)
        for url in (public, responders):
            if url.scheme not in {"http", "https"} or not url.hostname or url.path or url.query:
                raise ValueError(f"an origin has a scheme, a host and nothing after: {url.geturl()}")
        # THREAT: the credential of the mail server, or a notice, read on the way.
        # DEFENCE: without STARTTLS only to this machine.
        # TEST: tests/api/test_settings.py::test_mail_leaves_encrypted
        if self.smtp_host and not self.smtp_starttls and self.smtp_host not in LOOPBACK:
            raise ValueError("smtp_starttls = false is for this machine only")
        if self.rehearsal:
            # THREAT: a ticket or a token read on the way.
            # DEFENCE: plain http only in a rehearsal, only to this machine.
            # TEST: tests/api/test_settings.py::test_plain_http_only_to_loopback_in_rehearsal
            if public.scheme == "http" and public.hostname not in LOOPBACK:
                raise ValueError("plain http is for this machine only: public_url needs https")
            return self
        if public.scheme != "https":
            raise ValueError("production: public_url needs https")
        if self.keys_at is KeysAt.SOFTWARE:
            raise ValueError("production: keys live in a device, keys_at = software is refused")
        if self.clock is Clock.UNGUARDED:
            raise ValueError("production: the time-stamp authority needs a guarded clock")
        return self

    @property
    def rehearsal(self) -> bool:
        """Whether everything made here is marked as without legal value."""
        return self.environment is Environment.REHEARSAL

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in use."""
        return self.database_url or f"sqlite+pysqlite:///{self.data / 'records.sqlite'}"

    @property
    def secrets(self) -> Path:
        """Folder of the secret files, owner-only."""
        return self.data / "secrets"

    @property
    def release_key(self) -> Path:
        """File of the key that opens unlock secrets."""
        return self.release_key_file or self.secrets / "release-key.pem"

    @property
    def files(self) -> Path:
        """Folder of the documents, by content."""
        return self.data / "files"

    @property
    def run(self) -> Path:
        """Folder of what the running processes say of themselves."""
        return self.data / "run"

    @property
    def devices(self) -> Path:
        """Folder of the software devices, when the module is SoftHSM."""
        return self.data / "devices"

    @property
    def keys_configuration(self) -> Path:
        """JSON file that says which key plays which role."""
        return self.data / "keys.json"

    @property
    def keys_socket(self) -> Path:
        """Socket of the keys process."""
        return self.run / "keys.sock"

    def secret(self, name: str) -> Secret:
        """Read one secret file: hexadecimal.

        :raise SettingsRefused: absent, empty, or readable by others than its owner.
        """
        return Secret(bytes.fromhex(self._read_secret(self.secrets / name).decode()))

    def smtp_credentials(self) -> tuple[str | None, Secret | None]:
        """User and password for the mail server, if it asks for them.

        :raise SettingsRefused: the file is absent, readable by others, or not `user:password`.
        """
        if self.smtp_credentials_file is None:
            return None, None
        user, colon, password = self._read_secret(self.smtp_credentials_file).decode(errors="replace").partition(":")
        if not user or not colon or not password:
            raise SettingsRefused(f"{self.smtp_credentials_file} is not one line user:password. Nothing was started.")
        return user, Secret(password.encode())

    @staticmethod
    def _read_secret(path: Path) -> bytes:
        try:
            mode, value = path.stat().st_mode, path.read_bytes().strip()
        except OSError as error:
            raise SettingsRefused(f"The secret file {path} cannot be read: {error.strerror}.") from error
        if mode & 0o077:
            raise SettingsRefused(f"The secret file {path} is readable by others. Nothing was started: chmod 600 it.")
        if not value:
            raise SettingsRefused(f"The secret file {path} is empty. Nothing was started.")
        return value


def officer_environment() -> tuple[str | None, Secret | None]:
    """Where an officer's service is, and his token, as KHATAM_SERVER and KHATAM_TOKEN say: of `khatam call` alone."""
    server, token = (os.environ.get(name) or None for name in OFFICER_VARIABLES)
    return server, None if token is None else Secret(token.strip().encode())


def token_in(path: Path) -> Secret:
    """An officer's token, from a file of his own.

    :raise SettingsRefused: absent, empty, or readable by others than its owner.
    """
    return Secret(Settings._read_secret(path))  # noqa: SLF001 - of this module


def data_folder(named: Path | None) -> Path:
    """The installation's folder: the one named on the command line, else KHATAM_DATA.

    :raise SettingsRefused: neither is given.
    """
    folder = named or (Path(os.environ["KHATAM_DATA"]) if os.environ.get("KHATAM_DATA") else None)
    if folder is None:
        raise SettingsRefused("No installation named: give --data DIR or set KHATAM_DATA.")
    return folder.expanduser().absolute()


def load_settings(data: Path) -> Settings:
    """Read the settings of the installation in `data`.

    :raise SettingsRefused: no such installation, an unknown key, or values that do not agree.
    """
    path = data / CONFIGURATION
    try:
        with path.open("rb") as file:
            written = tomllib.load(file)
    except FileNotFoundError as error:
        raise SettingsRefused(f"{data} holds no installation: run `khatam init --data {data}` first.") from error
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsRefused(f"{path} cannot be read: {error}") from error
    return checked_settings(data, written)


def checked_settings(data: Path, written: dict[str, object]) -> Settings:
    """Check what was read from the file together with the environment."""
    known = {f"KHATAM_{name.upper()}" for name in Settings.model_fields}
    known |= set(OFFICER_VARIABLES)
    strangers = sorted(name for name in os.environ if name.upper().startswith("KHATAM_") and name.upper() not in known)
    if strangers:
        raise SettingsRefused(f"Unknown setting in the environment: {', '.join(strangers)}. Nothing was started.")
    try:
        # The folder named is the folder used, whatever KHATAM_DATA says.
        return Settings.model_validate(_merged(written) | {"data": data})
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, part['loc'])) or 'settings'}: {part['msg']}" for part in error.errors())
        raise SettingsRefused(f"The settings of {data} are refused. Nothing was started. {said}") from error


def _merged(written: dict[str, object]) -> dict[str, object]:
    said = {
        name: os.environ[f"KHATAM_{name.upper()}"]
        for name in Settings.model_fields
        if f"KHATAM_{name.upper()}" in os.environ
    }
    return {**written, **said}
