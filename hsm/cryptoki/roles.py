"""Which key of which device plays which role of the service, and a keyring over a module of this process.

Loads no driver: the processes that only ask for signatures read this file too.
"""

import json
import stat
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from hsm.cryptoki.errors import KeysConfigRefused
from hsm.errors import KeyNotFound, PinLastTry, PinRequired
from hsm.keys import KeyRef, SigningKey
from hsm.pin import Pin, PinFile, PinSource

MAX_SESSIONS = 64


class Source(Protocol):
    """Where keys come from: a `Module` of this process, or a `SessionPool`."""

    def key(self, ref: KeyRef, pins: PinSource, /) -> SigningKey: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleKey:
    """The key of one role, and the owner-only file that holds its device's PIN."""

    ref: KeyRef
    pin_file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysConfig:
    """What the keys process owns: one module, and a key by role (root, issuing, ocsp, tsa, manifest, seal)."""

    module: Path
    softhsm_conf: Path | None = None
    """SoftHSM's configuration file; None for every other module."""
    sessions: int = 1
    """Logged-in sessions, each a process of its own: more than one only for a device that signs in parallel."""
    roles: Mapping[str, RoleKey] = field(default_factory=dict)

    def dump(self) -> str:
        """Return the JSON that `load` reads, with absolute paths."""
        written: dict[str, Any] = {"module": str(self.module.absolute())}
        if self.softhsm_conf is not None:
            written["softhsm_conf"] = str(self.softhsm_conf.absolute())
        if self.sessions != 1:
            written["sessions"] = self.sessions
        written["roles"] = {
            role: {
                "label": key.ref.device_label,
                "serial": key.ref.device_serial,
                "key_id": key.ref.key_id.hex(),
                "pin_file": str(key.pin_file.absolute()),
            }
            for role, key in self.roles.items()
        }
        return json.dumps(written, indent=2, ensure_ascii=False) + "\n"

    @staticmethod
    def load(path: Path) -> "KeysConfig":
        """Read the file; relative paths in it start at its folder.

        :raise KeysConfigRefused: absent, not JSON, a field missing or unknown, or no role at all.
        """
        try:
            parsed = json.loads(path.read_text(encoding="utf-8"))
            top = _fields(parsed, required={"module", "roles"}, optional={"softhsm_conf", "sessions"})
            folder = path.absolute().parent
            conf = top.get("softhsm_conf")
            roles = {role: _role(folder, each) for role, each in top["roles"].items()}
            if not roles:
                raise ValueError("no role")
            sessions = top.get("sessions", 1)
            if type(sessions) is not int or not 1 <= sessions <= MAX_SESSIONS:
                raise ValueError(f"sessions: a number from 1 to {MAX_SESSIONS}")
            return KeysConfig(
                module=folder / top["module"],
                softhsm_conf=None if conf is None else folder / conf,
                sessions=sessions,
                roles=roles,
            )
        except (OSError, ValueError, AttributeError, TypeError) as error:
            raise KeysConfigRefused(f"{path} does not say which keys to use ({error}). No key was opened.") from error


def _fields(found: Any, *, required: set[str], optional: frozenset[str] | set[str] = frozenset()) -> dict[str, Any]:
    if not isinstance(found, dict) or not required <= found.keys() <= required | optional:
        raise ValueError(f"expected the fields {', '.join(sorted(required))}")
    return found


def _role(folder: Path, found: Any) -> RoleKey:
    each = _fields(found, required={"label", "serial", "key_id", "pin_file"})
    if not all(isinstance(value, str) for value in each.values()):
        raise TypeError("a role's fields are strings")
    ref = KeyRef(device_label=each["label"], device_serial=each["serial"], key_id=bytes.fromhex(each["key_id"]))
    return RoleKey(ref=ref, pin_file=folder / each["pin_file"])


class UnattendedPin:
    """The PIN of a service's device, where nobody sits: read from an owner-only file, never for a last try."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def pin(self, *, device_label: str, device_serial: str, last_try: bool) -> Pin:
        """Return the PIN.

        :raise PinLastTry: one try is left: a service does not risk it, a person unblocks the device.
        :raise PinRequired: the file is absent, empty, or readable by others.
        """
        if last_try:
            raise PinLastTry(
                f"Device {device_label!r} has one PIN try left. The PIN was not sent: enter it by hand, or unblock."
            )
        try:
            if self._path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise PinRequired(f"The PIN file {self._path} is open to others. It was not read: chmod 600.")
            return PinFile(self._path).pin(device_label=device_label, device_serial=device_serial, last_try=False)
        except (OSError, ValueError):
            raise PinRequired(f"The PIN file {self._path} cannot be read or is empty. Nothing was signed.") from None


class InProcessKeyring:
    """A keyring over a module of this process, or over its sessions: the keys process, tests, one-process mode."""

    def __init__(self, module: Source, roles: Mapping[str, RoleKey]) -> None:
        self._module = module
        self._roles = dict(roles)
        self._keys: dict[str, SigningKey] = {}
        self._lock = threading.Lock()

    def roles(self) -> tuple[str, ...]:
        return tuple(self._roles)

    def key(self, role: str) -> SigningKey:
        """Return the key of `role`; logs in to its device the first time.

        :raise KeyNotFound: no such role, or no such key on its device.
        :raise hsm.errors.HsmError: as `Module.key`.
        """
        found = self._keys.get(role)
        if found is not None:
            return found
        configured = self._roles.get(role)
        if configured is None:
            raise KeyNotFound(f"No key is configured for the role {role!r}. Nothing was signed.")
        key = self._module.key(configured.ref, UnattendedPin(configured.pin_file))
        with self._lock:
            return self._keys.setdefault(role, key)
