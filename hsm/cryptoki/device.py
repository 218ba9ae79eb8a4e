"""Devices as the module shows them, and one that we have logged in to.

Runs on the module's owner thread. Login belongs to the device and the process, not to a session: closing
the session that logged in logs out all the others. So one session logs in and stays; others are opened
without a PIN and closed before it.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pkcs11 import PROTECTED_AUTH, Attribute, Mechanism, ObjectClass, TokenFlag
from pkcs11 import exceptions as driver
from pkcs11._pkcs11 import lib as Library  # noqa: N812  (a class, in the driver's spelling)
from pkcs11.types import PrivateKey, Session, SignMixin, Token

from hsm.cryptoki import objects
from hsm.cryptoki.mechanisms import Way, finish
from hsm.errors import DeviceMismatch, DeviceUnavailable
from hsm.keys import PublicKey
from hsm.pin import Pin


class LoginNeeded(Exception):
    """The device is not logged in to. Never leaves this room."""


@dataclass(frozen=True, slots=True)
class Address:
    """Which device is meant: never by slot, whose number changes."""

    label: str
    serial: str

    def __str__(self) -> str:
        return f"{self.label!r} (serial {self.serial})"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceInfo:
    """A device that is present, and what it says of its PIN; read without login, as of now."""

    label: str
    serial: str
    model: str
    manufacturer: str
    initialised: bool
    """False: an empty device, without label or PIN."""
    pin_set: bool
    login_required: bool
    pin_count_low: bool
    """A wrong PIN was entered since the last good one."""
    pin_final_try: bool
    """One more wrong PIN locks it."""
    pin_locked: bool
    protected_path: bool
    """The PIN is typed on the device or its reader, not here."""
    write_protected: bool
    so_pin_to_be_changed: bool = False
    """The SO PIN is the one that the device came with."""
    pin_shortest: int = 0
    pin_longest: int = 0
    """Bounds of a PIN in bytes, both included; 0: not known."""

    @property
    def address(self) -> Address:
        return Address(self.label, self.serial)


def info_of(token: Token) -> DeviceInfo:
    """Return what `token` says of itself."""
    flags = token.flags
    return DeviceInfo(
        label=token.label.rstrip("\0 "),
        serial=token.serial.decode("utf-8", errors="replace").rstrip("\0 "),
        model=token.model,
        manufacturer=token.manufacturer_id,
        initialised=bool(flags & TokenFlag.TOKEN_INITIALIZED),
        pin_set=bool(flags & TokenFlag.USER_PIN_INITIALIZED),
        login_required=bool(flags & TokenFlag.LOGIN_REQUIRED),
        pin_count_low=bool(flags & TokenFlag.USER_PIN_COUNT_LOW),
        pin_final_try=bool(flags & TokenFlag.USER_PIN_FINAL_TRY),
        pin_locked=bool(flags & TokenFlag.USER_PIN_LOCKED),
        protected_path=bool(flags & TokenFlag.PROTECTED_AUTHENTICATION_PATH),
        write_protected=bool(flags & TokenFlag.WRITE_PROTECTED),
        so_pin_to_be_changed=bool(flags & TokenFlag.SO_PIN_TO_BE_CHANGED),
    )


_GOING = (
    driver.TokenNotPresent,
    driver.TokenNotRecognised,
    driver.DeviceRemoved,
    driver.DeviceError,
    driver.GeneralError,
    driver.FunctionFailed,
)
"""What a slot says while its device goes away; it must not hide the others."""


def tokens(library: Library) -> list[tuple[Token, DeviceInfo]]:
    """Return every device present; one that goes away meanwhile is left out."""
    found = []
    for slot in library.get_slots(token_present=True):
        with contextlib.suppress(*_GOING):
            token = slot.get_token()
            found.append((token, info_of(token)))
    return found


def token_at(library: Library, address: Address) -> tuple[Token, DeviceInfo]:
    """Return the one device with that label and serial.

    :raise DeviceUnavailable: it is not there.
    :raise DeviceMismatch: one of that label is there, with another serial; or two answer to both.
    """
    present = [(token, info) for token, info in tokens(library) if info.label == address.label]
    found = [(token, info) for token, info in present if info.serial == address.serial]
    if len(found) == 1:
        return found[0]
    if present:
        raise DeviceMismatch(f"The device present is not {address}, or there are two of it. Nothing was done.")
    raise DeviceUnavailable(f"The device {address} is not there. Nothing was done: connect it and try again.")


@contextlib.contextmanager
def public_session(token: Token, *, writing: bool = False) -> Iterator[Session]:
    """A session without PIN of its own, closed at the end (it shares the device's login, if there is one)."""
    session = token.open(rw=writing)
    try:
        yield session
    finally:
        # It may be gone together with the device.
        with contextlib.suppress(driver.PKCS11Error):
            session.close()


class OpenDevice:
    """A device that we logged in to, with the handles found since."""

    def __init__(self, token: Token, pin: Pin | None, *, protected_path: bool) -> None:
        """Log in, with exactly one PIN try.

        :param pin: None: nothing to log in with, or the PIN is typed on the device (`protected_path`).
        """
        self.token = token
        self.mechanisms: frozenset[Mechanism | int] = frozenset(token.slot.get_mechanisms())
        self._private_keys: dict[bytes, PrivateKey] = {}
        try:
            if pin is not None:
                self._session = token.open(user_pin=pin.reveal())
            else:
                self._session = token.open(user_pin=PROTECTED_AUTH if protected_path else None)
        except driver.UserAlreadyLoggedIn:
            # This process still counts as logged in: the logout of an earlier session failed with its device.
            self._session = token.open()

    def close(self) -> None:
        """Log out and close; a device that is gone makes no noise."""
        self._private_keys.clear()
        with contextlib.suppress(driver.PKCS11Error):
            self._session.close()

    def private_key(self, key_id: bytes) -> PrivateKey:
        """Return the handle of a private key, searched once.

        :raise KeyNotFound: none or several.
        """
        if key_id not in self._private_keys:
            self._private_keys[key_id] = objects.private_key(self._session, key_id)
        return self._private_keys[key_id]

    def always_authenticates(self, key_id: bytes) -> bool:
        """Whether the key asks for its PIN before each signature (CKA_ALWAYS_AUTHENTICATE)."""
        return bool(objects.value_of(self.private_key(key_id), Attribute.ALWAYS_AUTHENTICATE, default=False))

    def public_key(self, key_id: bytes) -> PublicKey:
        return objects.public_key(self._session, key_id)

    def key_ids(self) -> list[tuple[bytes, str]]:
        """Return id and label of every private key."""
        found = objects.find(self._session, ObjectClass.PRIVATE_KEY)
        return [
            (objects.value_of(each, Attribute.ID, b""), objects.value_of(each, Attribute.LABEL, "")) for each in found
        ]

    def sign(self, key_id: bytes, way: Way, prepared: bytes, pin: Pin | None, key: PublicKey) -> bytes:
        """Sign what `way` prepared; `pin` is for this one signature, for a key that asks each time."""
        handle = self.private_key(key_id)
        assert isinstance(handle, SignMixin)
        given: dict[str, Any] = {"mechanism": way.mechanism}
        if way.parameters is not None:
            given["mechanism_param"] = way.parameters
        value = handle.sign(prepared, **given) if pin is None else handle.sign(prepared, pin=pin.reveal(), **given)
        return finish(value, key)
