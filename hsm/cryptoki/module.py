"""One PKCS#11 module of this process, behind one port: plain bytes in and out.

Everything that touches the module runs on its owner's thread, with a stated time-out. Where a device asks
for a PIN, the source is asked on the caller's thread, after the device's own flags were read; one try is
made, never a second. A device that went away raises `DeviceUnavailable`, and the next call opens it anew.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import ClassVar, Self, TypeVar

import pkcs11
from pkcs11._pkcs11 import lib as Library  # noqa: N812  (a class, in the driver's spelling)

from hsm.cryptoki import objects, pins
from hsm.cryptoki.device import LOST, LoginNeeded, OpenDevice, public_session, token_at, tokens
from hsm.cryptoki.factory import check_new
from hsm.cryptoki.found import FoundKey as FoundKey  # noqa: PLC0414  (asked for here too)
from hsm.cryptoki.found import StoredCertificate
from hsm.cryptoki.info import Address, DeviceInfo, KeyAttributes
from hsm.cryptoki.key import DeviceKey
from hsm.cryptoki.mechanisms import Way, ways
from hsm.cryptoki.native import Native
from hsm.cryptoki.owner import Owner
from hsm.cryptoki.personalising import Personalising
from hsm.cryptoki.refused import RefusedPins
from hsm.cryptoki.translation import translated
from hsm.errors import (
    DeviceError,
    DeviceTimeout,
    DeviceUnavailable,
    KeyNotFound,
    MechanismUnsupported,
    PinError,
)
from hsm.keys import KeyKind, KeyRef, PublicKey, SignatureAlgorithm
from hsm.pin import Pin, PinSource

T = TypeVar("T")
_FORGETFUL = "SoftHSM"
"""Sees a device that was added or taken away only when it is initialised anew (some 2 ms)."""
GENERATION_SECONDS = 300.0
"""A card may take minutes for RSA-4096."""
PERSON_SECONDS = 180.0
"""How long one caller waits for another one's person at the PIN."""


class Module:
    """A loaded module; safe for many threads. Open it once per process: opening it again shares it."""

    _open: ClassVar[dict[Path, "Module"]] = {}
    _opening: ClassVar[threading.Lock] = threading.Lock()

    def __init__(
        self, path: Path, *, timeout: float, load: Callable[[str], Library], native: Callable[[Path], Native]
    ) -> None:
        """For `open` only: two of these on one library would be two threads in it."""
        self.path = path
        self.timeout = timeout
        self._users = 1
        self._owner = Owner(path.name)
        self._at_the_pin = threading.Lock()
        # Owner's thread only:
        self._devices: dict[Address, OpenDevice] = {}
        self._refused = RefusedPins()
        try:
            with translated("load the module"):
                self._library = self._owner.call(lambda: load(str(path)), act="load the module", timeout=timeout)
                self._native = self._owner.call(lambda: native(path), act="load the module", timeout=timeout)
        except BaseException:
            self._owner.close()
            raise

    @staticmethod
    def open(
        path: Path,
        *,
        timeout: float = 30.0,
        softhsm_conf: Path | None = None,
        load: Callable[[str], Library] = pkcs11.lib,
        native: Callable[[Path], Native] = Native,
    ) -> "Module":
        """Load the module at `path`, or share it if this process has it open.

        :param timeout: seconds for each call into the module (key generation apart).
        :param softhsm_conf: SoftHSM's configuration file. SoftHSM reads SOFTHSM2_CONF while it is initialised, so
            it is put into this process's environment here, before that; it holds for the whole process.
        :raise DeviceUnavailable: the file is absent or no PKCS#11 module, or is open with another configuration.
        """
        path = path.resolve()
        with Module._opening:
            shared = Module._open.get(path)
            if softhsm_conf is not None:
                if shared is not None and os.environ.get("SOFTHSM2_CONF") != str(softhsm_conf):
                    raise DeviceUnavailable(
                        "SoftHSM is open in this process with another configuration. Nothing was done."
                    )
                os.environ["SOFTHSM2_CONF"] = str(softhsm_conf)
            if shared is None:
                shared = Module._open[path] = Module(path, timeout=timeout, load=load, native=native)
            else:
                shared._users += 1
            return shared

    def close(self) -> None:
        """Log out everywhere and leave the module, once all who opened it did so. Idempotent."""
        with self._opening:
            self._users -= 1
            if self._users or self._open.get(self.path) is not self:
                return
            del self._open[self.path]
            try:
                self._call(self._leave, act="close the module")
            except DeviceError:
                pass  # A module that hangs is left alone: finalising under a running call crashes the process.
            finally:
                self._owner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def devices(self) -> list[DeviceInfo]:
        """Return the devices present, with their PIN flags. Needs no login, asks for no PIN."""
        return self._call(self._present, act="list the devices")

    def key(self, ref: KeyRef, pins: PinSource, *, always_authenticate: bool | None = None) -> DeviceKey:
        """Return the key as a `SigningKey`; logs in to its device unless that was done before.

        :param always_authenticate: what is known of the key from before. True: nobody logs in here, the public half
            is read from its certificate or public key object, and each signature asks one PIN, for its login and
            itself. None: logs in to read it.

        :raise DeviceUnavailable: the device is not there.
        :raise DeviceMismatch: another device of that label is.
        :raise PinError: one of its leaves.
        :raise KeyNotFound: no such key, or no public key to it.
        """

        def look(device: OpenDevice) -> tuple[PublicKey, dict[SignatureAlgorithm, Way], bool]:
            public_key = device.public_key(ref.key_id)
            always = device.always_authenticates(ref.key_id) if always_authenticate is None else always_authenticate
            return public_key, ways(public_key, device.allowed(ref.key_id)), always

        def look_from_outside() -> tuple[PublicKey, dict[SignatureAlgorithm, Way], bool]:
            token, _ = self._token(_address(ref))
            with public_session(token) as session:
                public_key = objects.public_key(session, ref.key_id)
            return public_key, ways(public_key, frozenset(token.slot.get_mechanisms())), True

        if always_authenticate:
            public_key, possible, always = self._call(look_from_outside, act="find the key")
        else:
            public_key, possible, always = self._logged_in(_address(ref), pins, look, act="find the key", reading=True)
        return DeviceKey(self, ref, pins, public_key=public_key, possible=possible, always_authenticate=always)

    def find_keys(self, device: DeviceInfo, pins: PinSource) -> list[FoundKey]:
        """Return every signing key of a device; logs in, as private keys are not seen otherwise.

        Keys that do not sign, or that could not be told from another by their id, are left out.
        """

        def look(opened: OpenDevice) -> list[FoundKey]:
            found = []
            for key_id, label in opened.key_ids():
                ref = KeyRef(device_label=device.label, device_serial=device.serial, key_id=key_id)
                with suppress(KeyNotFound, MechanismUnsupported):
                    always = opened.always_authenticates(key_id)
                    found.append(FoundKey(ref, label, opened.public_key(key_id), always))
            return found

        return self._logged_in(device.address, pins, look, act="list the keys", reading=True)

    def generate_key_pair(
        self,
        *,
        device_label: str,
        device_serial: str,
        kind: KeyKind,
        label: str,
        key_id: bytes,
        pins: PinSource,
        always_authenticate: bool = False,
    ) -> tuple[KeyRef, PublicKey]:
        """Make a key pair inside the device: sensitive, not extractable.

        :raise DeviceRefused: the id is taken, the device is full or write-protected.
        """
        ref = KeyRef(device_label=device_label, device_serial=device_serial, key_id=key_id)

        def make(device: OpenDevice) -> PublicKey:
            with public_session(device.token, writing=True) as session:
                objects.generate(session, kind, key_id=key_id, label=label, always_authenticate=always_authenticate)
                return objects.public_key(session, key_id)

        act = "make a key pair"
        return ref, self._logged_in(_address(ref), pins, make, act=act, timeout=max(GENERATION_SECONDS, self.timeout))

    def write_certificate(self, ref: KeyRef, der: bytes, *, label: str, pins: PinSource) -> None:
        """Store the certificate of that key beside it; the very same one again is no act.

        :raise DeviceRefused: it is not that key's certificate, or the device is full or write-protected.
        """

        def write(device: OpenDevice) -> None:
            with public_session(device.token, writing=True) as session:
                objects.write_certificate(session, der, key_id=ref.key_id, label=label)

        self._logged_in(_address(ref), pins, write, act="write the certificate")

    def read_certificates(self, device: DeviceInfo) -> list[StoredCertificate]:
        """Return the certificates on a device, unverified. Needs no login, asks for no PIN."""

        def read() -> list[StoredCertificate]:
            token, _ = self._token(device.address)
            with public_session(token) as session:
                return objects.certificates(session)

        return self._call(read, act="read the certificates")

    def key_attributes(self, ref: KeyRef, pins: PinSource) -> KeyAttributes:
        """Return what the device says of a private key; logs in unless that was done before. Evidence, as claimed."""
        return self._logged_in(
            _address(ref),
            pins,
            lambda device: objects.key_attributes(device.private_key(ref.key_id)),
            act="read the key's attributes",
            reading=True,
        )

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
        """Set a new PIN as security officer, with one try of the SO PIN (C_InitPIN)."""
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
            hands = Personalising(self._native, self._refused, token, info, last_try=last_try)
            return function(hands, token.slot.slot_id)

        with self._person():
            seconds = max(PERSON_SECONDS, self.timeout) if device.protected_path else self.timeout
            return self._call(run, act=act, timeout=seconds)

    def logout(self, device: DeviceInfo) -> None:
        """Log out of that device, if logged in; the next use of a key asks for the PIN again."""
        self._call(lambda: self._drop(device.address), act="log out")

    def sign_prepared(self, key: DeviceKey, way: Way, prepared: bytes) -> bytes:
        """For `DeviceKey` only, which knows what it is signing."""
        if key.always_authenticate:
            return self._sign_with_pin(key, way, prepared)
        ref, public_key = key.ref, key.public_key
        return self._logged_in(
            _address(ref), key.pins, lambda device: device.sign(ref.key_id, way, prepared, public_key), act="sign"
        )

    def _sign_with_pin(self, key: DeviceKey, way: Way, prepared: bytes) -> bytes:
        """One question, one PIN: for the login if it is needed, and for this one signature."""
        address = _address(key.ref)
        with self._person():
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
        with self._person():
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

    @contextmanager
    def _person(self) -> Iterator[None]:
        """One caller at a time where a person may be asked; the others wait `PERSON_SECONDS` at most."""
        if not self._at_the_pin.acquire(timeout=PERSON_SECONDS):
            raise DeviceTimeout(
                f"Someone else was at the PIN for {PERSON_SECONDS:g} s. This call never reached the device, "
                "nothing was done."
            )
        try:
            yield
        finally:
            self._at_the_pin.release()

    # What follows runs on the owner's thread.

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


def _address(ref: KeyRef) -> Address:
    return Address(ref.device_label, ref.device_serial)
