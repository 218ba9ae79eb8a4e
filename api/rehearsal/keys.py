"""Where the pairs of the rehearsal's people are made: in memory, or for some of them in a device of their own."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from hsm.agent.holder.certification_request import certification_request
from hsm.agent.holder.enrolling import key_id
from hsm.cryptoki.info import DeviceInfo
from hsm.cryptoki.provisioning import initialise_softhsm_device, write_softhsm_conf
from hsm.cryptoki.standing import ModulePath
from hsm.cryptoki.station import Station
from hsm.errors import KeyNotFound
from hsm.keys import KeyKind, KeyRef, default_algorithm, verify
from hsm.pin import Pin, PinFile
from hsm.prepared.enrolment import EnrolmentSubject, KeyPurpose
from pki.quota.requests import DeviceClaim
from pki.records import OrderId

from .country import Person

_KEY_BITS = KeyKind.RSA_2048


class Keys(Protocol):
    """What a person's PC does at an order."""

    def request(self, person: Person, order: OrderId) -> tuple[bytes, DeviceClaim]:
        """Make the pair, or find it; return its request (DER PKCS#10), and the device it is in."""
        ...

    def keep(self, person: Person, order: OrderId, der: bytes) -> None:
        """Put the certificate beside its key."""
        ...


class InMemory:
    """P-256 pairs, forgotten at once: the rehearsal signs no document with them."""

    def request(self, person: Person, order: OrderId) -> tuple[bytes, DeviceClaim]:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, person.name_latin)])
        request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
        return request.public_bytes(Encoding.DER), DeviceClaim(
            label=person.cin, serial=str(order)[:8], model="rehearsal, in software"
        )

    def keep(self, person: Person, order: OrderId, der: bytes) -> None:
        """There is nowhere to put it."""


class InDevices:
    """RSA pairs, each in its holder's own SoftHSM device, through a worker as on his PC."""

    def __init__(self, folder: Path, owners: Sequence[Person], *, module: Path) -> None:
        """Make the devices that are not there yet: one for each owner, labelled with his number."""
        self._pins = folder / "pins"
        self._pins.mkdir(parents=True, exist_ok=True, mode=0o700)
        conf = write_softhsm_conf(folder)
        paths = [ModulePath(path=module, softhsm_conf=conf)]
        with Station(paths) as before:
            made = {device.label for device in before.devices()}
        for owner in owners:
            if owner.cin not in made:
                self._make(conf, owner.cin, module)
        # Opened after they were made: a module that is loaded sees no device made since.
        self._station = Station(paths)
        self._devices: dict[str, DeviceInfo] = {each.label: each for each in self._station.devices()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._station.close()

    def owned_by(self, person: Person) -> bool:
        """He has a device."""
        return person.cin in self._devices

    def request(self, person: Person, order: OrderId) -> tuple[bytes, DeviceClaim]:
        device, ref, pin = self._at(person.cin, order)
        try:
            key = self._station.key(ref, pin)
        except KeyNotFound:
            self._station.generate_key_pair(
                device_label=device.label,
                device_serial=device.serial,
                kind=_KEY_BITS,
                label="Khatam signature",
                key_id=ref.key_id,
                pins=pin,
            )
            key = self._station.key(ref, pin)
        subject = EnrolmentSubject(common_name=person.name_latin, given_name="", surname="")
        claim = DeviceClaim(label=device.label, serial=device.serial, model=device.model)
        return certification_request(key, subject), claim

    def keep(self, person: Person, order: OrderId, der: bytes) -> None:
        _, ref, pin = self._at(person.cin, order)
        self._station.write_certificate(ref, der, label="Khatam signature", pins=pin)

    @property
    def labels(self) -> list[str]:
        """The devices."""
        return list(self._devices)

    def signs(self, label: str, order: OrderId, certificate: bytes) -> None:
        """Let the order's key sign something, and check that by its certificate (DER), as the device has it.

        :raise cryptography.exceptions.InvalidSignature: another key, or the certificate is not in the device.
        """
        device, ref, pin = self._at(label, order)
        if (ref.key_id, certificate) not in {
            (each.key_id, each.der) for each in self._station.read_certificates(device)
        }:
            raise InvalidSignature
        certified = x509.load_der_x509_certificate(certificate).public_key()
        assert isinstance(certified, RSAPublicKey)
        said, algorithm = secrets.token_bytes(32), default_algorithm(certified)
        verify(certified, self._station.key(ref, pin).sign(said, algorithm), said, algorithm)

    def _at(self, label: str, order: OrderId) -> tuple[DeviceInfo, KeyRef, PinFile]:
        device = self._devices[label]
        number = key_id(str(order), KeyPurpose.SIGNATURE)
        ref = KeyRef(device_label=device.label, device_serial=device.serial, key_id=number)
        return device, ref, PinFile(self._pins / label)

    def _make(self, conf: Path, label: str, module: Path) -> None:
        path = self._pins / label
        path.touch(mode=0o600)
        path.write_text(f"{secrets.randbelow(10**12):012d}", encoding="utf-8")
        so_pin, pin = Pin(secrets.token_hex(12)), Pin(path.read_text(encoding="utf-8"))
        initialise_softhsm_device(conf, label=label, so_pin=so_pin, pin=pin, module=module)
