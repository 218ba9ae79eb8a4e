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
from typing import ClassVar, NamedTuple, Self, TypeVar

import pkcs11
from pkcs11._pkcs11 import lib as Library  # noqa: N812  (a class, in the driver's spelling)

from hsm.cryptoki import objects, pins
from hsm.cryptoki.device import Address, DeviceInfo, LoginNeeded, OpenDevice, public_session, token_at, tokens
from hsm.cryptoki.key import DeviceKey
from hsm.cryptoki.mechanisms import Way, ways
from hsm.cryptoki.objects import StoredCertificate
from hsm.cryptoki.owner import Owner
from hsm.cryptoki.translation import translated
from hsm.errors import DeviceError, DeviceTimeout, DeviceUnavailable, KeyNotFound, MechanismUnsupported, PinError
from hsm.keys import KeyKind, KeyRef, PublicKey, SignatureAlgorithm
from hsm.pin import PinSource

T = TypeVar("T")
GENERATION_SECONDS = 300.0
"""A card may take minutes for RSA-4096."""
PERSON_SECONDS = 180.0
"""How long one caller waits for another one's person at the PIN."""


class FoundKey(NamedTuple):
    """A private key of a device."""

    ref: KeyRef
    label: str
    public_key: PublicKey
    always_authenticate: bool


class Module:
    """A loaded module; safe for many threads. Open it once per process: opening it again shares it."""

    _open: ClassVar[dict[Path, "Module"]] = {}
    _opening: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, path: Path, *, timeout: float, load: Callable[[str], Library]) -> None:
        """For `open` only: two of these on one library would be two threads in it."""
        self.path = path
        self.timeout = timeout
        self._users = 1
        self._owner = Owner(path.name)
        self._at_the_pin = threading.Lock()
        # Owner's thread only:
        self._devices: dict[Address, OpenDevice] = {}
        self._refused = pins.RefusedPins()
        try:
            with translated("load the module"):
                self._library = self._owner.call(lambda: load(str(path)), act="load the module", timeout=timeout)
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
                shared = Module._open[path] = Module(path, timeout=timeout, load=load)
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
        return self._call(lambda: [info for _, info in tokens(self._library)], act="list the devices")

    def key(self, ref: KeyRef, pins: PinSource) -> DeviceKey:
        """Return the key as a `SigningKey`; logs in to its device unless that was done before.

        :raise DeviceUnavailable: the device is not there.
        :raise DeviceMismatch: another device of that label is.
        :raise PinError: one of its leaves.
        :raise KeyNotFound: no such key, or no public key to it.
        """

        def look(device: OpenDevice) -> tuple[PublicKey, dict[SignatureAlgorithm, Way], bool]:
            public_key = device.public_key(ref.key_id)
            always = device.always_authenticates(ref.key_id)
            return public_key, ways(public_key, device.mechanisms), always

        public_key, possible, always = self._logged_in(_address(ref), pins, look, act="find the key")
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

        return self._logged_in(device.address, pins, look, act="list the keys")

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

    def logout(self, device: DeviceInfo) -> None:
        """Log out of that device, if logged in; the next use of a key asks for the PIN again."""
        self._call(lambda: self._drop(device.address), act="log out")

    def sign_prepared(self, key: DeviceKey, way: Way, prepared: bytes) -> bytes:
        """For `DeviceKey` only, which knows what it is signing."""
        if key.always_authenticate:
            return self._sign_with_pin(key, way, prepared)
        ref, public_key = key.ref, key.public_key
        return self._logged_in(
            _address(ref), key.pins, lambda device: device.sign(ref.key_id, way, prepared, None, public_key), act="sign"
        )

    def _sign_with_pin(self, key: DeviceKey, way: Way, prepared: bytes) -> bytes:
        address = _address(key.ref)
        self._logged_in(address, key.pins, lambda _: None, act="log in")
        with self._person():
            info = self._call(lambda: self._token(address)[1], act="read the PIN flags", address=address)
            pin = pins.ask(info, key.pins)
            if pin is None:
                raise MechanismUnsupported(
                    "The key asks for its PIN before each signature, on the reader itself: the driver cannot do that. "
                    "Nothing was signed."
                )
            given = pin

            def sign() -> bytes:
                device = self._opened(address)
                with self._refused.one_try(address.serial, given):
                    return device.sign(key.ref.key_id, way, prepared, given, key.public_key)

            try:
                return self._call(sign, act="sign", address=address)
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
    ) -> T:
        """Run `function` on the open device; log in first if need be, which may ask a person."""
        for _ in range(2):
            with suppress(LoginNeeded):
                return self._call(lambda: function(self._opened(address)), act=act, address=address, timeout=timeout)
            self._log_in(address, source)
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
                token, _ = self._token(address)
                with self._refused.one_try(address.serial, pin):
                    self._devices[address] = OpenDevice(token, pin, protected_path=info.protected_path)

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
                    return function()
            except (DeviceUnavailable, PinError):
                if address is not None:
                    self._drop(address)
                raise

        return self._owner.call(run, act=act, timeout=self.timeout if timeout is None else timeout)

    def _opened(self, address: Address) -> OpenDevice:
        device = self._devices.get(address)
        if device is None:
            raise LoginNeeded
        return device

    def _token(self, address: Address) -> tuple[pkcs11.Token, DeviceInfo]:
        try:
            return token_at(self._library, address)
        except DeviceUnavailable:
            if self._devices:
                raise
            # SoftHSM sees a new device, or one that came back, only when initialised anew. That voids every session
            # of the module, so it is done only while nobody is logged in to another device.
            self._library.reinitialize()
            return token_at(self._library, address)

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
