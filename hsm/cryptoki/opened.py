"""A device that we logged in to.

Runs on the module's owner thread. Login belongs to the device and the process, not to a session: closing
the session that logged in logs out all the others. So one session logs in and stays; others are opened
without a PIN and closed before it.
"""

import contextlib
from typing import Protocol, cast

from pkcs11 import Attribute, Mechanism, ObjectClass
from pkcs11 import exceptions as driver
from pkcs11.types import PrivateKey, Token

from hsm.cryptoki import objects
from hsm.cryptoki.mechanisms import Way, finish
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
