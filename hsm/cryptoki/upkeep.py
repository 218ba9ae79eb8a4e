"""What is done to a whole device through a loaded module: initialised, its PINs changed, unblocked, wiped."""

from collections.abc import Callable
from typing import TypeVar

from hsm.cryptoki.attended import AttendedModule
from hsm.cryptoki.device import tokens
from hsm.cryptoki.factory import check_new
from hsm.cryptoki.info import DeviceInfo
from hsm.cryptoki.patience import PERSON_SECONDS
from hsm.cryptoki.personalising import Personalising
from hsm.errors import DeviceUnavailable
from hsm.pin import Pin

T = TypeVar("T")


class PersonalisingModule(AttendedModule):
    """Takes a device in hand: nobody is logged in to it meanwhile, and each call has one PIN try."""

    def initialise(
        self, device: DeviceInfo, *, label: str, so_pin: Pin, pin: Pin, last_try: bool = False
    ) -> DeviceInfo:
        """Make an empty device ready, or one that is being wiped: all that is on it is lost. Sets SO PIN and PIN.

        A device that takes PINs on itself asks for its PIN there. It can be called again after any failure.

        :param last_try: somebody said yes to using the last try of the SO PIN.
        :raise DeviceRefused: a published default, a label that does not fit, or the device says no.
        :raise PinRefused: it has another SO PIN.
        """
        check_new(label, so_pin=so_pin, pin=pin)

        def make(hands: Personalising, slot: int) -> DeviceInfo:
            hands.initialise(label, so_pin, pin)
            for token, info in tokens(self._library, self.path):
                if token.slot.slot_id == slot:
                    return info
            raise DeviceUnavailable("The device was initialised, and is gone. Put it back.")

        return self._personalise(device, make, act="initialise the device", last_try=last_try)

    def change_pin(self, device: DeviceInfo, *, old: Pin, new: Pin, last_try: bool = False) -> None:
        """Change the PIN: one try. On a PIN pad both are typed there, and what is given here is not used.

        :raise DeviceRefused: `new` is a published default, or the device does not take it; `old` still holds.
        """
        check_new(None, so_pin=None, pin=new)
        self._personalise(device, lambda hands, _: hands.change_pin(old, new), act="change the PIN", last_try=last_try)

    def change_so_pin(self, device: DeviceInfo, *, old: Pin, new: Pin, last_try: bool = False) -> None:
        """Change the SO PIN, with one try of `old` (C_SetPIN as security officer).

        :raise DeviceRefused: `new` is a published default, or the device does not take it; `old` still holds.
        """
        check_new(None, so_pin=new, pin=None)
        self._personalise(
            device, lambda hands, _: hands.change_so_pin(old, new), act="change the SO PIN", last_try=last_try
        )

    def unblock(self, device: DeviceInfo, *, so_pin: Pin, new: Pin, last_try: bool = False) -> None:
        """Set a new PIN as security officer, with one try of the SO PIN (C_InitPIN), or of the device's unlock code.

        :raise DeviceRefused: the driver takes no unlock code, or not now. Nothing was done.
        """
        check_new(None, so_pin=None, pin=new)
        self._personalise(
            device, lambda hands, _: hands.unblock(so_pin, new), act="unblock the device", last_try=last_try
        )

    def wipe(self, device: DeviceInfo, *, so_pin: Pin, last_try: bool = False) -> None:
        """Erase keys, certificates and PIN, with one try of the SO PIN. Label and SO PIN stay (C_InitToken)."""
        self._personalise(
            device, lambda hands, _: hands.wipe(device.label, so_pin), act="wipe the device", last_try=last_try
        )

    def _personalise(
        self, device: DeviceInfo, function: Callable[[Personalising, int], T], *, act: str, last_try: bool
    ) -> T:
        def run() -> T:
            self._drop(device.address)
            token, info = self._token(device.address, model=device.model)
            maker = self._library.manufacturer_id
            hands = Personalising(self._native, self._refused, token, info, maker=maker, last_try=last_try)
            return function(hands, token.slot.slot_id)

        with self._desk.person():
            seconds = max(PERSON_SECONDS, self.timeout) if device.protected_path else self.timeout
            return self._call(run, act=act, timeout=seconds)
