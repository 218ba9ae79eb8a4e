"""Devices as the module shows them, and one that we have logged in to.

Runs on the module's owner thread. Login belongs to the device and the process, not to a session: closing
the session that logged in logs out all the others. So one session logs in and stays; others are opened
without a PIN and closed before it.
"""

import contextlib
import functools
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, cast

from pkcs11 import Attribute, Mechanism, ObjectClass, TokenFlag
from pkcs11 import exceptions as driver
from pkcs11._pkcs11 import lib as Library  # noqa: N812  (a class, in the driver's spelling)
from pkcs11.types import PrivateKey, Session, Token

from hsm.cryptoki import objects
from hsm.cryptoki.info import Address, DeviceInfo
from hsm.cryptoki.mechanisms import Way, finish
from hsm.cryptoki.native import Native
from hsm.errors import DeviceMismatch, DeviceUnavailable
from hsm.keys import PublicKey
from hsm.pin import Pin

LOST = (
    driver.SessionHandleInvalid,
    driver.SessionClosed,
    driver.KeyHandleInvalid,
    driver.ObjectHandleInvalid,
    driver.UserNotLoggedIn,
)
"""How a module says that what we hold of it is void, before it did anything."""


_UNSEEN = {"Cc", "Cf", "Zl", "Zp"}
"""Unicode's categories of what is not seen itself, but changes how the rest is."""


class LoginNeeded(Exception):
    """The device is not logged in to, or no longer: nothing was done. Never leaves this room."""


class _HasHandle(Protocol):
    handle: int


class Calls(Protocol):
    """What of `native.Native` a device's session needs."""

    def login(self, session: int, pin: bytes | None) -> None: ...
    def context_login(self, session: int, pin: bytes | None) -> None: ...
    def logout(self, session: int) -> None: ...
    def sign_init(self, session: int, key: int, mechanism: int, parameters: tuple[int, ...] | None) -> None: ...
    def sign(self, session: int, data: bytes) -> bytes: ...


def info_of(token: Token, module: Path | None = None) -> DeviceInfo:
    """Return what `token` says of itself."""
    flags = token.flags
    shortest, longest = _pin_bounds(token, module)
    return DeviceInfo(
        label=_name(token.label),
        serial=_name(token.serial.decode("utf-8", errors="replace")),
        model=_name(token.model),
        manufacturer=_name(token.manufacturer_id),
        initialised=bool(flags & TokenFlag.TOKEN_INITIALIZED),
        pin_set=bool(flags & TokenFlag.USER_PIN_INITIALIZED),
        login_required=bool(flags & TokenFlag.LOGIN_REQUIRED),
        pin_count_low=bool(flags & TokenFlag.USER_PIN_COUNT_LOW),
        pin_final_try=bool(flags & TokenFlag.USER_PIN_FINAL_TRY),
        pin_locked=bool(flags & TokenFlag.USER_PIN_LOCKED),
        pin_to_be_changed=bool(flags & TokenFlag.USER_PIN_TO_BE_CHANGED),
        protected_path=bool(flags & TokenFlag.PROTECTED_AUTHENTICATION_PATH),
        write_protected=bool(flags & TokenFlag.WRITE_PROTECTED),
        so_pin_final_try=bool(flags & TokenFlag.SO_PIN_FINAL_TRY),
        so_pin_locked=bool(flags & TokenFlag.SO_PIN_LOCKED),
        so_pin_to_be_changed=bool(flags & TokenFlag.SO_PIN_TO_BE_CHANGED),
        pin_shortest=shortest,
        pin_longest=longest,
        hardware="{}.{}".format(*token.hardware_version),
        firmware="{}.{}".format(*token.firmware_version),
        module=module,
    )


def _pin_bounds(token: Token, module: Path | None) -> tuple[int, int]:
    """What python-pkcs11 reads and drops; not known where it cannot be asked again."""
    try:
        return (0, 0) if module is None else _native(module).pin_bounds(token.slot.slot_id)
    except driver.PKCS11Error:
        return 0, 0


@functools.cache
def _native(module: Path) -> Native:
    """Once a path: ctypes unloads nothing, so the addresses of the calls stay good."""
    return Native(module)


def _name(said: str) -> str:
    # THREAT: a device names itself so that a terminal, log or window shows something else (escapes, turned writing).
    # DEFENCE: control, format and line-breaking characters of a device's names are replaced where they come in.
    # TEST: tests/hsm/cryptoki/faulty/test_strange_names.py::test_a_device_with_a_strange_name_is_used_like_any_other
    name = said.rstrip("\0 ")
    return "".join("\ufffd" if unicodedata.category(each) in _UNSEEN else each for each in name)


_GOING = (
    driver.TokenNotPresent,
    driver.TokenNotRecognised,
    driver.DeviceRemoved,
    driver.DeviceError,
    driver.GeneralError,
    driver.FunctionFailed,
)
"""What a slot says while its device goes away; it must not hide the others."""


def tokens(library: Library, module: Path | None = None) -> list[tuple[Token, DeviceInfo]]:
    """Return every device present; one that goes away meanwhile is left out."""
    found = []
    for slot in library.get_slots(token_present=True):
        with contextlib.suppress(*_GOING):
            token = slot.get_token()
            found.append((token, info_of(token, module)))
    return found


def token_at(
    library: Library, address: Address, module: Path | None = None, *, model: str | None = None
) -> tuple[Token, DeviceInfo]:
    """Return the one device with that label and serial.

    :raise DeviceUnavailable: it is not there.
    :raise DeviceMismatch: one of that label is there, with another serial; or two answer to both.
    """
    present = [(token, info) for token, info in tokens(library, module) if info.label == address.label]
    found = [(token, info) for token, info in present if info.serial == address.serial and model in {None, info.model}]
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

    def __init__(self, token: Token, calls: Calls, pin: Pin | None, *, login: bool) -> None:
        """Log in, with exactly one PIN try.

        :param pin: None: the PIN is typed on the device, or there is nothing to log in with (`login` false).
        """
        self.token = token
        self.mechanisms: frozenset[Mechanism | int] = frozenset(token.slot.get_mechanisms())
        self._calls = calls
        self._private_keys: dict[bytes, PrivateKey] = {}
        self._login = login
        # The session is opened without the PIN, so that it can be closed when the PIN is refused.
        self._session = token.open(attribute_mapper=objects.mapper())
        self._handle = _handle(self._session)
        if not login:
            return
        try:
            # Nobody is logged in here. If the module still thinks so (its device was pulled), it would not check the
            # PIN at all.
            with contextlib.suppress(driver.PKCS11Error):
                calls.logout(self._handle)
            calls.login(self._handle, None if pin is None else pin.reveal().encode())
        except BaseException:
            self._end()
            raise

    def close(self) -> None:
        """Log out and close; a device that is gone makes no noise."""
        self._private_keys.clear()
        if self._login:
            with contextlib.suppress(driver.PKCS11Error):
                self._calls.logout(self._handle)
        self._end()

    def _end(self) -> None:
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

    def allowed(self, key_id: bytes) -> frozenset[Mechanism | int]:
        """Return the mechanisms that the slot offers and the key does not forbid (CKA_ALLOWED_MECHANISMS)."""
        named = objects.allowed_mechanisms(self.private_key(key_id))
        return self.mechanisms if not named else frozenset(each for each in self.mechanisms if int(each) in named)

    def key_ids(self) -> list[tuple[bytes, str]]:
        """Return id and label of every private key."""
        found = objects.find(self._session, ObjectClass.PRIVATE_KEY)
        return [
            (objects.value_of(each, Attribute.ID, b""), objects.value_of(each, Attribute.LABEL, "")) for each in found
        ]

    def sign(self, key_id: bytes, way: Way, prepared: bytes, key: PublicKey) -> bytes:
        """Sign what `way` prepared.

        :raise LoginNeeded: the session was lost before the device began; nothing was signed.
        """
        self._begin(key_id, way)
        return finish(self._calls.sign(self._handle, prepared), key)

    def sign_with_pin(self, key_id: bytes, way: Way, prepared: bytes, pin: Pin | None, key: PublicKey) -> bytes:
        """Sign with a key that asks its PIN each time; None: it is typed on the device."""
        self._begin(key_id, way)
        self._calls.context_login(self._handle, None if pin is None else pin.reveal().encode())
        return finish(self._calls.sign(self._handle, prepared), key)

    def _begin(self, key_id: bytes, way: Way) -> None:
        try:
            self._calls.sign_init(self._handle, _handle(self.private_key(key_id)), way.mechanism, way.parameters)
        except LOST as lost:
            raise LoginNeeded from lost


def _handle(found: object) -> int:
    """The number under which the module knows it; python-pkcs11 has it, its stubs do not."""
    return cast(_HasHandle, found).handle
