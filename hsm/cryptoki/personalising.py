"""What is done to a whole device: initialise, set or change its PIN, unblock, wipe. One PIN try each.

Runs on the module's owner thread. No step leaves a half-made device silently: one that was initialised and has
no PIN yet says so in its own flags (`initialised`, not `pin_set`), and the same call, or `unblock`, finishes it.
"""

import contextlib
from collections.abc import Iterator

from pkcs11 import exceptions as driver
from pkcs11.types import Token

from hsm.cryptoki.errors import DeviceRefused
from hsm.cryptoki.info import DeviceInfo
from hsm.cryptoki.native import CKU_SO, Native
from hsm.cryptoki.refused import RefusedPins
from hsm.cryptoki.translation import translated
from hsm.errors import DeviceUnavailable, HsmError, PinLastTry, PinLocked
from hsm.pin import Pin

_NEW_PIN_REFUSED = (driver.PinLenRange, driver.PinInvalid, driver.PinTooWeak)


class Personalising:
    """One device under the hands of its holder or an officer. Nobody is logged in to it."""

    def __init__(self, native: Native, refused: RefusedPins, token: Token, info: DeviceInfo, *, last_try: bool) -> None:
        """:param last_try: somebody said yes to using a last try."""
        self._native = native
        self._refused = refused
        self._slot: int = token.slot.slot_id
        self._info = info
        self._last_try = last_try

    def initialise(self, label: str, so_pin: Pin, pin: Pin) -> None:
        """C_InitToken, then the PIN. Whatever was on the device is gone after the first.

        :raise DeviceUnavailable: the PIN was not set; the device is recognisable as unfinished.
        """
        self.wipe(label, so_pin)
        try:
            self._init_pin(so_pin, pin)
        except (driver.PKCS11Error, HsmError) as error:
            raise DeviceUnavailable(
                f"The device was initialised, and its PIN could not be set ({type(error).__name__}). "
                "It cannot be used yet: initialise it again, or unblock it with its SO PIN."
            ) from None

    def wipe(self, label: str, so_pin: Pin) -> None:
        """C_InitToken: no object and no PIN is left; an empty device takes `so_pin` as its own."""
        self._may_try_as_officer()
        # Sessions of other programs are not ours to close; ours would make the device refuse.
        with contextlib.suppress(driver.PKCS11Error):
            self._native.close_all(self._slot)
        with self._officers_try(so_pin) as sent, translated("initialise the device"):
            try:
                self._native.initialise(self._slot, sent, label)
            except driver.SessionExists:
                raise DeviceRefused(
                    "Another program uses the device. Nothing was done: close it and try again."
                ) from None

    def unblock(self, so_pin: Pin, new: Pin) -> None:
        """C_InitPIN as security officer."""
        self._may_try_as_officer()
        self._init_pin(so_pin, new)

    def change_pin(self, old: Pin, new: Pin) -> None:
        """C_SetPIN. On a PIN pad both are typed there."""
        info = self._info
        if info.pin_locked or not info.pin_set:
            raise PinLocked(f"The PIN of device {info.address} is locked or was never set. Nothing was sent to it.")
        if info.pin_final_try and not self._last_try:
            raise PinLastTry(f"Device {info.address} has one PIN try left. Nothing was sent to it.")
        if info.protected_path:
            with self._session() as session:
                self._native.set_pin(session, None, None)
            return
        with self._session() as session, self._refused.one_change(info.serial, old), translated("change the PIN"):
            try:
                self._native.set_pin(session, old.reveal().encode(), new.reveal().encode())
            except _NEW_PIN_REFUSED as error:
                raise _unfit(error) from None

    def change_so_pin(self, old: Pin, new: Pin) -> None:
        """C_SetPIN as security officer."""
        self._may_try_as_officer()
        with self._session() as session:
            with self._officers_try(old) as sent, translated("log in as security officer"):
                self._native.login(session, sent, user=CKU_SO)
            try:
                self._native.set_pin(session, sent, None if sent is None else new.reveal().encode())
            except _NEW_PIN_REFUSED as error:
                raise _unfit(error) from None
            finally:
                with contextlib.suppress(driver.PKCS11Error):
                    self._native.logout(session)

    def _init_pin(self, so_pin: Pin, new: Pin) -> None:
        with self._session() as session:
            with self._officers_try(so_pin) as sent, translated("log in as security officer"):
                self._native.login(session, sent, user=CKU_SO)
            try:
                self._native.init_pin(session, None if self._info.protected_path else new.reveal().encode())
            except _NEW_PIN_REFUSED as error:
                raise _unfit(error) from None
            finally:
                with contextlib.suppress(driver.PKCS11Error):
                    self._native.logout(session)
        self._refused.forget(self._info.serial)

    def _may_try_as_officer(self) -> None:
        if not self._info.initialised:
            return  # An empty device has no SO PIN yet, whatever its flags say (SoftHSM: locked).
        if self._info.so_pin_locked:
            raise PinLocked(f"The SO PIN of device {self._info.address} is locked. Nothing was sent to it.")
        if self._info.so_pin_final_try and not self._last_try:
            raise PinLastTry(f"Device {self._info.address} has one SO PIN try left. Nothing was sent to it.")

    @contextlib.contextmanager
    def _officers_try(self, so_pin: Pin) -> Iterator[bytes | None]:
        """Around the one call that sends the SO PIN: what it sends; None: it is typed on the device."""
        given = None if self._info.protected_path else so_pin
        with self._refused.one_try(f"SO of {self._info.serial}", given):
            yield None if given is None else given.reveal().encode()

    @contextlib.contextmanager
    def _session(self) -> Iterator[int]:
        session = self._native.open_writing(self._slot)
        try:
            yield session
        finally:
            with contextlib.suppress(driver.PKCS11Error):
                self._native.close(session)


def _unfit(error: driver.PKCS11Error) -> DeviceRefused:
    return DeviceRefused(
        f"The device does not take this new PIN: its length or characters ({type(error).__name__}). "
        "The old one, if there was one, still holds."
    )
