"""`khatam init`: an installation in one folder, ready to be served.

The folder carries a mark from its first instant. What fails on the way is taken away again, and a folder
that a killed `init` left half made is emptied and made anew; a finished installation is never touched.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from .voice import console, end, print_json

if TYPE_CHECKING:
    from api.settings import Settings
    from pki.journal.acts import Actor
    from pki.records import Records

MAKING, MADE = "making", "made"
CLIENT_ID = "permit-platform"
SECRETS = ("cin-encryption-key", "cin-hash-key", "check-key", "answers-key")
ROLES = {
    "root": "ec-p384",
    "issuing": "ec-p384",
    "ocsp": "ec-p256",
    "tsa": "ec-p256",
    "manifest": "ec-p256",
    "seal": "ec-p256",
}
"""The service's keys, each in a device of its own with a PIN of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InitChoices:
    """What the caller of `khatam init` chose."""

    rehearsal: bool
    organisation: str
    organisation_identifier: str | None
    public_url: str | None
    responders_url: str | None
    port: int
    responders_port: int
    database_url: str


class InitRefused(Exception):
    """The folder or the choices do not allow an installation. Nothing was made."""


def run_init(data: Path | None, choices: InitChoices, *, as_json: bool) -> None:
    """Make the installation and say where its things are."""
    from api.settings import SettingsRefused, data_folder

    voice = console(as_json=as_json)
    try:
        folder = data_folder(data)
        if _state(folder) == MADE:
            _tell(folder, as_json=as_json, made=False)
            return
        install(folder, choices, told=lambda said: voice.print(f"  {said}", markup=False))
    except (InitRefused, SettingsRefused) as refusal:
        end(str(refusal), as_json=as_json)
    _tell(folder, as_json=as_json, made=True)


def install(folder: Path, choices: InitChoices, *, told: Callable[[str], object]) -> None:
    """Make the installation in an empty folder; what fails on the way is taken away again.

    :param told: what is done next, in words.
    """
    with _made_or_gone(folder):
        for said, step in _steps(folder, choices):
            told(said)
            step()


def _state(folder: Path) -> str | None:
    """`made`, `making`, or None for a folder that is absent or empty.

    :raise InitRefused: it holds what is not ours.
    """
    from api.settings import MARK

    if not folder.exists() or not any(folder.iterdir()):
        return None
    mark = folder / MARK
    if not mark.is_file():
        raise InitRefused(f"{folder} holds files that are not an installation's. Nothing was made: choose another.")
    return mark.read_text(encoding="utf-8").strip()


def _steps(folder: Path, choices: InitChoices) -> Iterator[tuple[str, Callable[[], None]]]:
    """What is done, in order, each with its words."""
    making = _Making(folder, choices)
    yield "settings and secrets", making.write_settings
    yield "devices, each with a key and a PIN of its own", making.make_devices
    yield "database", making.make_database
    yield "territory", making.load_territory
    yield "authority: root, issuing, OCSP, time-stamps, manifests, seal", making.found_authority
    yield "first officer and first platform", making.appoint


class _Making:
    """The steps of one installation."""

    def __init__(self, folder: Path, choices: InitChoices) -> None:
        self._folder = folder
        self._choices = choices
        self._opened: Settings | None = None

    @property
    def _settings(self) -> Settings:
        assert self._opened is not None
        return self._opened

    def write_settings(self) -> None:
        """`khatam.toml` and the secret files. The settings are checked before anything else is made."""
        from api.release import new_release_key
        from api.settings import CONFIGURATION, checked_settings, load_settings

        written = _configuration(self._choices)
        checked_settings(self._folder, dict(written))
        lines = [f"{name} = {json.dumps(value)}" for name, value in written.items()]
        _write(self._folder / CONFIGURATION, "\n".join(lines))
        for name in SECRETS:
            _write(self._folder / "secrets" / name, secrets.token_hex(32))
        _write(self._folder / "secrets" / "release-key.pem", new_release_key())
        self._opened = load_settings(self._folder)
        for path in (self._settings.run, self._settings.files):
            path.mkdir(mode=0o700)

    def make_devices(self) -> None:
        """One software device a role, its PIN file, its key; `keys.json` says which is which."""
        from hsm.cryptoki.module import Module
        from hsm.cryptoki.provisioning import initialise_softhsm_device, write_softhsm_conf
        from hsm.cryptoki.roles import KeysConfig, RoleKey
        from hsm.keys import KeyKind
        from hsm.pin import Pin, PinFile

        settings = self._settings
        conf = write_softhsm_conf(settings.devices)
        pins = {role: settings.secrets / "pins" / role for role in ROLES}
        serials = {}
        for role, path in pins.items():
            _write(path, f"{secrets.randbelow(10**12):012d}")
            pin = Pin(path.read_text(encoding="utf-8").strip())
            serials[role] = initialise_softhsm_device(
                conf, label=role, so_pin=Pin(secrets.token_hex(12)), pin=pin, module=settings.module
            )
        roles = {}
        with Module.open(settings.module, softhsm_conf=conf) as module:
            for role, kind in ROLES.items():
                ref, _ = module.generate_key_pair(
                    device_label=role,
                    device_serial=serials[role],
                    kind=KeyKind(kind),
                    label=role,
                    key_id=secrets.token_bytes(8),
                    pins=PinFile(pins[role]),
                )
                roles[role] = RoleKey(ref=ref, pin_file=pins[role])
        keys = KeysConfig(module=settings.module, softhsm_conf=conf, roles=roles)
        _write(settings.keys_configuration, keys.dump())

    def make_database(self) -> None:
        """Our tables by their migrations, DBOS's by its own."""
        from api.jobs.later import make_queue_tables
        from api.migrations.history import upgrade
        from pki.records import Records

        records = Records.open(self._settings.database)
        try:
            upgrade(records)
        finally:
            records.close()
        make_queue_tables(self._settings.database)

    def load_territory(self) -> None:
        """The official territory."""
        from pki.registration.territory import load_territory

        with self._records() as records:
            load_territory(records, at=_now(), by=_operator())

    def found_authority(self) -> None:
        """The authority's certificates, the first revocation lists, and what agents need to know."""
        from .foundation import found

        found(
            self._settings,
            organisation=self._choices.organisation,
            organisation_identifier=self._choices.organisation_identifier,
            by=_operator(),
            at=_now(),
        )

    def appoint(self) -> None:
        """The first central officer and the first platform; their credentials in one owner-only file."""
        from api.auth.clients import SCOPES, register_client
        from api.auth.officers import appoint_officer
        from api.auth.tables import OfficerRole
        from api.auth.tokens import new_token

        secret = new_token("client") if self._choices.rehearsal else None
        private, public = (None, None) if self._choices.rehearsal else _client_keys()
        with self._records() as records:
            officer = appoint_officer(
                records, name="First officer", role=OfficerRole.CENTRAL, province_code=None, by=_operator(), at=_now()
            )
            register_client(
                records,
                client_id=CLIENT_ID,
                name="First permit platform",
                scopes=SCOPES,
                secret=secret,
                public_keys=public,
                by=_operator(),
                at=_now(),
            )
        client: dict[str, object] = {"client_id": CLIENT_ID, "token_url": f"{self._settings.public_url}/oauth/token"}
        client |= {"client_secret": secret} if secret else {"private_key": private}
        credentials = {"officer": {"id": str(officer.id), "token": officer.token}, "client": client}
        _write(self._settings.secrets / "first-credentials.json", json.dumps(credentials, indent=1))

    @contextlib.contextmanager
    def _records(self) -> Iterator[Records]:
        from pki.records import Records

        records = Records.open(self._settings.database)
        try:
            yield records
        finally:
            records.close()


def _configuration(choices: InitChoices) -> dict[str, object]:
    """What stands in `khatam.toml`."""
    if not choices.rehearsal and (choices.public_url is None or choices.responders_url is None):
        raise InitRefused("Production needs --public-url and --responders-url. Nothing was made.")
    return {
        "environment": "rehearsal" if choices.rehearsal else "production",
        "organisation": choices.organisation,
        "port": choices.port,
        "responders_port": choices.responders_port,
        "public_url": choices.public_url or f"http://127.0.0.1:{choices.port}",
        "responders_url": choices.responders_url or f"http://127.0.0.1:{choices.responders_port}",
        "clock": "unguarded" if choices.rehearsal else "guarded",
        **({"database_url": choices.database_url} if choices.database_url else {}),
    }


def _client_keys() -> tuple[dict[str, object], str]:
    """A new P-256 key of the platform (private JWK) and the JWK Set that the records keep."""
    from joserfc.jwk import ECKey

    key = ECKey.generate_key("P-256")
    return dict(key.as_dict(private=True)), json.dumps({"keys": [key.as_dict(private=False)]})


def _operator() -> Actor:
    from pki.journal.acts import Actor, ActorKind

    return Actor(kind=ActorKind.SYSTEM, id="init")


def _now() -> datetime:
    return datetime.now(UTC)


@contextlib.contextmanager
def _made_or_gone(folder: Path) -> Iterator[None]:
    """Owner-only, marked; emptied again when the block fails."""
    from api.settings import MARK

    before = os.umask(0o077)
    try:
        _empty(folder)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        _write(folder / MARK, MAKING)
        yield
        _write(folder / MARK, MADE)
    except BaseException:
        _empty(folder)
        raise
    finally:
        os.umask(before)


def _empty(folder: Path) -> None:
    if not folder.exists():
        return
    for each in folder.iterdir():
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        else:
            each.unlink()


def _write(path: Path, text: str) -> None:
    """Write an owner-only file whole."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    handle = os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text if text.endswith("\n") else text + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _tell(folder: Path, *, as_json: bool, made: bool) -> None:
    credentials = folder / "secrets" / "first-credentials.json"
    if as_json:
        print_json({"ok": True, "made": made, "data": str(folder), "credentials": str(credentials)})
        return
    voice = console(as_json=False)
    said = "Installation made" if made else "Already an installation, nothing was changed"
    voice.print(f"{said}: {folder}", markup=False, soft_wrap=True)
    voice.print(f"  first officer and platform: {credentials}", markup=False, soft_wrap=True)
    voice.print(f"  next: khatam serve --data {folder}", markup=False, soft_wrap=True)
