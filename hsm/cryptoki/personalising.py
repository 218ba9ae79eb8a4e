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
from hsm.errors import DeviceUnavailable, HsmError, MechanismUnsupported, PinLastTry, PinLocked
from hsm.pin import Pin

_NEW_PIN_REFUSED = (driver.PinLenRange, driver.PinInvalid, driver.PinTooWeak)
_OFFICERLESS = "OpenSC"
"""Answers CKR_GENERAL_ERROR, and sends nothing, where a device has an unlock code (PUK) and no security officer."""


class _NoOfficer(Exception):
    """The driver knows no security officer of this device. Nothing was sent."""


class Personalising:
    """One device under the hands of its holder or an officer. Nobody is logged in to it."""

    def __init__(
        self, native: Native, refused: RefusedPins, token: Token, info: DeviceInfo, *, maker: str, last_try: bool
    ) -> None:
        """:param maker: of the module, as it says itself.

        :param last_try: somebody said yes to using a last try.
        """
        self._officerless = maker.startswith(_OFFICERLESS)
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
        except (driver.PKCS11Error, HsmError, _NoOfficer) as error:
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
        """C_InitPIN as security officer; with an unlock code (PUK) where the driver knows no officer."""
        self._may_try_as_officer()
        try:
            self._init_pin(so_pin, new)
        except _NoOfficer:
            self._unblock_with_puk(so_pin, new)

    def _unblock_with_puk(self, puk: Pin, new: Pin) -> None:
        """C_SetPIN while nobody is logged in (OpenSC, with `user_pin_unblock_style = set_pin_in_unlogged_session`).

        Set otherwise, OpenSC would send the code as the old PIN: on a locked device that costs no try.
        """
        if not self._info.pin_locked:
            raise DeviceRefused(
                f"The PIN of device {self._info.address} is not locked, and its driver takes an unlock code on a "
                "locked device only. Nothing was sent to it."
            )
        with self._session() as session, self._officers_try(puk) as sent, translated("unblock the device"):
            try:
                self._native.set_pin(session, sent, None if sent is None else new.reveal().encode())
            except _NEW_PIN_REFUSED as error:
                raise _unfit(error) from None
            except driver.PinLocked:
                raise DeviceRefused(
                    "The device did not take the unlock code: the code is locked too, or the driver OpenSC is not set "
                    "to take one (opensc.conf: user_pin_unblock_style = set_pin_in_unlogged_session). "
                    "The PIN is locked as before."
                ) from None
        self._refused.forget(self._info.serial)

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
        """C_SetPIN as security officer.

        :raise MechanismUnsupported: the driver knows no officer; or it is typed on the device, so that `new` would not
            be what is set.
        """
        # THREAT: a secret that was never set is kept as the device's unlock secret: nobody can unlock the device.
        # DEFENCE: where the person types it on a pad, no program claims to have changed it.
        # TEST: tests/hsm/cryptoki/faulty/test_strict.py::test_an_so_pin_typed_on_a_pad_is_not_changed_from_here
        if self._info.protected_path:
            raise MechanismUnsupported(
                "The SO PIN of this device is typed on its pad. Nothing was done: change it with its maker's program."
            )
        self._may_try_as_officer()
        with self._session() as session:
            try:
                self._log_in_as_officer(session, old)
            except _NoOfficer:
                raise MechanismUnsupported(
                    "The driver knows no security officer of this device: its unlock code is changed with its maker's "
                    "own program. Nothing was done."
                ) from None
            try:
                self._native.set_pin(session, old.reveal().encode(), new.reveal().encode())
            except _NEW_PIN_REFUSED as error:
                raise _unfit(error) from None
            finally:
                with contextlib.suppress(driver.PKCS11Error):
                    self._native.logout(session)

    def _init_pin(self, so_pin: Pin, new: Pin) -> None:
        with self._session() as session:
            self._log_in_as_officer(session, so_pin)
            try:
                self._native.init_pin(session, None if self._info.protected_path else new.reveal().encode())
            except _NEW_PIN_REFUSED as error:
                raise _unfit(error) from None
            finally:
                with contextlib.suppress(driver.PKCS11Error):
                    self._native.logout(session)
        self._refused.forget(self._info.serial)

    def _log_in_as_officer(self, session: int, so_pin: Pin) -> None:
        """One try of the SO PIN.

        :raise _NoOfficer: there is none to log in as; nothing was sent.
        """
        with self._officers_try(so_pin) as sent, translated("log in as security officer"):
            try:
                self._native.login(session, sent, user=CKU_SO)
            except driver.GeneralError:
                if self._officerless:
                    raise _NoOfficer from None
                raise

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
