"""A module with a person beside it: logs in where a call needs it, asking for the PIN once, on the caller's thread."""

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from hsm.cryptoki import pins
from hsm.cryptoki.info import Address
from hsm.cryptoki.key import DeviceKey
from hsm.cryptoki.loaded import LoadedModule
from hsm.cryptoki.mechanisms import Way
from hsm.cryptoki.opened import LOST, LoginNeeded, OpenDevice
from hsm.cryptoki.patience import PERSON_SECONDS
from hsm.cryptoki.translation import translated
from hsm.errors import DeviceUnavailable
from hsm.keys import KeyRef
from hsm.pin import PinSource

T = TypeVar("T")


class AttendedModule(LoadedModule):
    """Signs, and runs what needs a login. One caller at a time where a person may be asked."""

    def sign_prepared(self, key: DeviceKey, way: Way, prepared: bytes) -> bytes:
        """For `DeviceKey` only, which knows what it is signing."""
        if key.always_authenticate:
            return self._sign_with_pin(key, way, prepared)
        ref, public_key = key.ref, key.public_key
        return self._logged_in(
            address_of(ref), key.pins, lambda device: device.sign(ref.key_id, way, prepared, public_key), act="sign"
        )

    def _sign_with_pin(self, key: DeviceKey, way: Way, prepared: bytes) -> bytes:
        """One question, one PIN: for the login if it is needed, and for this one signature."""
        address = address_of(key.ref)
        with self._desk.person():
            info = self._call(lambda: self._token(address)[1], act="read the PIN flags", address=address)
            pin = pins.ask(info, key.pins, each_time=True)

            def sign() -> bytes:
                device = self._devices.get(address)
                with self._refused.one_try(address.serial, pin), translated("sign"):
                    if device is not None:
                        # Lost before the PIN was sent: the device is opened anew, with the PIN just given.
                        with suppress(LoginNeeded):
                            return device.sign_with_pin(key.ref.key_id, way, prepared, pin, key.public_key)
                        self._drop(address)
                    device = self._open_device(address, pin, info)
                    return device.sign_with_pin(key.ref.key_id, way, prepared, pin, key.public_key)

            def sign_or_close() -> bytes:
                # After any failure the device may count as logged out, with a signature begun: nothing of it is kept.
                try:
                    return sign()
                except BaseException:
                    self._drop(address)
                    raise

            try:
                return self._call(
                    sign_or_close, act="sign", address=address, timeout=PERSON_SECONDS if info.protected_path else None
                )
            except LoginNeeded:
                raise DeviceUnavailable("The device was logged out meanwhile. Nothing was signed: try again.") from None

    def _logged_in(
        self,
        address: Address,
        source: PinSource,
        function: Callable[[OpenDevice], T],
        *,
        act: str,
        timeout: float | None = None,
        reading: bool = False,
    ) -> T:
        """Run `function` on the open device; log in first if need be, which may ask a person.

        A session that was lost before anything was done is opened anew, once, with a PIN that is asked anew.

        :param reading: `function` changes nothing: it may run again after its session was lost.
        """

        def run() -> T:
            try:
                return function(self._opened(address))
            except LOST as lost:
                if reading:
                    raise LoginNeeded from lost
                raise

        for _ in range(2):
            with suppress(LoginNeeded):
                return self._call(run, act=act, address=address, timeout=timeout)
            self._log_in(address, source)
        with suppress(LoginNeeded):
            return self._call(run, act=act, address=address, timeout=timeout)
        raise DeviceUnavailable(f"The device {address} was logged out meanwhile. Nothing was done ({act}): try again.")

    def _log_in(self, address: Address, source: PinSource) -> None:
        """Ask for the PIN and log in once. Only one caller at a time: the others find it done."""
        with self._desk.person():
            info = self._call(
                lambda: None if address in self._devices else self._token(address)[1], act="find the device"
            )
            if info is None:
                return
            pin = pins.ask(info, source)

            def login() -> None:
                if address in self._devices:
                    return
                with self._refused.one_try(address.serial, pin), translated("log in"):
                    self._open_device(address, pin, info)

            self._call(login, act="log in", timeout=PERSON_SECONDS if info.protected_path else None)


def address_of(ref: KeyRef) -> Address:
    """The device of that key."""
    return Address(ref.device_label, ref.device_serial)
