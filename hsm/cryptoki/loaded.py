"""A module that this process has loaded: its owner's thread, and the devices that are open on it."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pkcs11
from pkcs11._pkcs11 import lib as Library  # noqa: N812  (a class, in the driver's spelling)

from hsm.cryptoki.desk import PinDesk
from hsm.cryptoki.device import token_at, tokens
from hsm.cryptoki.info import Address, DeviceInfo
from hsm.cryptoki.native import Native
from hsm.cryptoki.opened import LoginNeeded, OpenDevice
from hsm.cryptoki.owner import Owner
from hsm.cryptoki.translation import translated
from hsm.errors import DeviceUnavailable, PinError
from hsm.pin import Pin

T = TypeVar("T")
_FORGETFUL = "SoftHSM"
"""Sees a device that was added or taken away only when it is initialised anew (some 2 ms)."""


class LoadedModule:
    """The library, the one thread that may touch it, and what is open. `_call` alone is for other threads."""

    def __init__(
        self, path: Path, *, timeout: float, load: Callable[[str], Library], native: Callable[[Path, Library], Native]
    ) -> None:
        """Load it. Two of these on one library would be two threads in it: `Module.open` sees to that."""
        self.path = path
        self.timeout = timeout
        self._owner = Owner(path.name)
        self._desk = PinDesk()
        # Owner's thread only:
        self._devices: dict[Address, OpenDevice] = {}
        self._refused = self._desk.refused
        try:
            with translated("load the module"):
                self._library = self._owner.call(lambda: load(str(path)), act="load the module", timeout=timeout)
                self._native = self._owner.call(
                    lambda: native(path, self._library), act="load the module", timeout=timeout
                )
        except BaseException:
            self._owner.close()
            raise

    def _call(
        self, function: Callable[[], T], *, act: str, address: Address | None = None, timeout: float | None = None
    ) -> T:
        """Hand `function` to the owner; whatever breaks on an open device closes it, so that the next call reopens."""

        def run() -> T:
            try:
                with translated(act):
                    if not self._library.initialized:  # an earlier attempt to initialise it anew failed half-way
                        self._library.initialize()
                    return function()
            except (DeviceUnavailable, PinError, LoginNeeded):
                if address is not None:
                    self._drop(address)
                raise

        return self._owner.call(run, act=act, timeout=self.timeout if timeout is None else timeout)

    def _opened(self, address: Address) -> OpenDevice:
        device = self._devices.get(address)
        if device is None:
            raise LoginNeeded
        return device

    def _open_device(self, address: Address, pin: Pin | None, info: DeviceInfo) -> OpenDevice:
        token, _ = self._token(address)
        login = info.login_required or info.protected_path or pin is not None
        self._devices[address] = device = OpenDevice(token, self._native, pin, login=login)
        return device

    def _present(self) -> list[DeviceInfo]:
        if self._library.manufacturer_id.startswith(_FORGETFUL) and not self._devices:
            self._library.reinitialize()
        return [info for _, info in tokens(self._library, self.path)]

    def _token(self, address: Address, *, model: str | None = None) -> tuple[pkcs11.Token, DeviceInfo]:
        try:
            return token_at(self._library, address, self.path, model=model)
        except DeviceUnavailable:
            if self._devices:
                raise
            # SoftHSM sees a new device, or one that came back, only when initialised anew. That voids every session
            # of the module, so it is done only while nobody is logged in to another device.
            self._library.reinitialize()
            return token_at(self._library, address, self.path, model=model)

    def _drop(self, address: Address) -> None:
        device = self._devices.pop(address, None)
        if device is not None:
            device.close()

    def _leave(self) -> None:
        for address in list(self._devices):
            self._drop(address)
        self._library.finalize()
