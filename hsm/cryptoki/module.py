"""One PKCS#11 module of this process, behind one port: plain bytes in and out.

Everything that touches the module runs on its owner's thread, with a stated time-out. Where a device asks
for a PIN, the source is asked on the caller's thread, after the device's own flags were read; one try is
made, never a second. A device that went away raises `DeviceUnavailable`, and the next call opens it anew.
"""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, Self

import pkcs11
from pkcs11._pkcs11 import lib as Library  # noqa: N812  (a class, in the driver's spelling)

from hsm.cryptoki import objects
from hsm.cryptoki.attended import address_of
from hsm.cryptoki.device import public_session
from hsm.cryptoki.found import FoundKey as FoundKey  # noqa: PLC0414  (asked for here too)
from hsm.cryptoki.found import StoredCertificate
from hsm.cryptoki.info import DeviceInfo, KeyAttributes
from hsm.cryptoki.key import DeviceKey
from hsm.cryptoki.mechanisms import Way, ways
from hsm.cryptoki.native import Native
from hsm.cryptoki.opened import OpenDevice
from hsm.cryptoki.patience import GENERATION_SECONDS
from hsm.cryptoki.upkeep import PersonalisingModule
from hsm.errors import DeviceError, DeviceUnavailable, KeyNotFound, MechanismUnsupported
from hsm.keys import KeyKind, KeyRef, PublicKey, SignatureAlgorithm
from hsm.pin import PinSource


class Module(PersonalisingModule):
    """A loaded module; safe for many threads. Open it once per process: opening it again shares it."""

    _open: ClassVar[dict[Path, "Module"]] = {}
    _opening: ClassVar[threading.Lock] = threading.Lock()
    _users = 1

    @staticmethod
    def open(
        path: Path,
        *,
        timeout: float = 30.0,
        softhsm_conf: Path | None = None,
        load: Callable[[str], Library] = pkcs11.lib,
        native: Callable[[Path, Library], Native] = Native,
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
            token, _ = self._token(address_of(ref))
            with public_session(token) as session:
                public_key = objects.public_key(session, ref.key_id)
            return public_key, ways(public_key, frozenset(token.slot.get_mechanisms())), True

        if always_authenticate:
            public_key, possible, always = self._call(look_from_outside, act="find the key")
        else:
            public_key, possible, always = self._logged_in(
                address_of(ref), pins, look, act="find the key", reading=True
            )
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
        return ref, self._logged_in(address_of(ref), pins, make, act=act, timeout=max(GENERATION_SECONDS, self.timeout))

    def write_certificate(self, ref: KeyRef, der: bytes, *, label: str, pins: PinSource) -> None:
        """Store the certificate of that key beside it; the very same one again is no act.

        :raise DeviceRefused: it is not that key's certificate, or the device is full or write-protected.
        """

        def write(device: OpenDevice) -> None:
            with public_session(device.token, writing=True) as session:
                objects.write_certificate(session, der, key_id=ref.key_id, label=label)

        self._logged_in(address_of(ref), pins, write, act="write the certificate")

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
            address_of(ref),
            pins,
            lambda device: objects.key_attributes(device.private_key(ref.key_id)),
            act="read the key's attributes",
            reading=True,
        )

    def logout(self, device: DeviceInfo) -> None:
        """Log out of that device, if logged in; the next use of a key asks for the PIN again."""
        self._call(lambda: self._drop(device.address), act="log out")
