"""Issuance with the issuing key in a device, against that device's bare signatures.

One certificate: CSR accepted, bytes built, linted, recorded; signed in the device; verified, recorded. The floor
is the same key signing a message of the same size, nothing else. Both take turns, so that a busy machine is as
unfair to one as to the other.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

import pki.ca.tables
import pki.journal.tables  # noqa: F401
from bench.figure import Figure
from hsm.cryptoki.module import Module
from hsm.cryptoki.provisioning import SOFTHSM_MODULE, initialise_softhsm_device, write_softhsm_conf
from hsm.keys import KeyKind, SigningKey, default_algorithm
from hsm.pin import Pin, PinFile
from hsm.software import SoftwareKeys
from pki.ca.addresses import CaAddresses
from pki.ca.authority import found_authority
from pki.ca.issuance import Issuance
from pki.ca.names import HolderSubject
from pki.ca.requests import accept_csr
from pki.journal.acts import Actor, ActorKind
from pki.records import Base, Records

ROUNDS, PER_ROUND = 5, 12
BY = Actor(kind=ActorKind.SYSTEM, id="bench")
ADDRESSES = CaAddresses("http://127.0.0.1:8081")
PERSON = HolderSubject(name_latin="Ahmed El Alaoui", cin="BE123456")
PIN = "428571"


@dataclass(frozen=True, slots=True)
class _Keyring:
    """The issuing key in the device, the others in memory."""

    issuing: SigningKey
    others: SoftwareKeys

    def key(self, role: str) -> SigningKey:
        return self.issuing if role == "issuing" else self.others.key(role)


def run() -> Iterator[Figure]:
    """`rsa4096_per_second` (goal 0.3 of the bare device), `p384_per_second` (reported)."""
    with tempfile.TemporaryDirectory() as folder:
        conf = write_softhsm_conf(Path(folder))
        pin_file = Path(folder) / "pin"
        pin_file.touch(mode=0o600)
        pin_file.write_text(PIN)
        serial = initialise_softhsm_device(conf, label="issuing", so_pin=Pin("87654321"), pin=Pin(PIN))
        with Module.open(SOFTHSM_MODULE, timeout=120.0, softhsm_conf=conf) as module:
            for name, kind, goal in (("rsa4096", KeyKind.RSA_4096, 0.3), ("p384", KeyKind.EC_P384, None)):
                ref, _ = module.generate_key_pair(
                    device_label="issuing",
                    device_serial=serial,
                    kind=kind,
                    label=name,
                    key_id=name.encode(),
                    pins=PinFile(pin_file),
                )
                key = module.key(ref, PinFile(pin_file))
                value, against = _rates(key, Path(folder) / f"{name}.sqlite")
                yield Figure(
                    name=f"{name}_per_second", value=value, against=against, unit="1/s", goal=goal, better="higher"
                )


def _rates(key: SigningKey, database: Path) -> tuple[float, float]:
    """Certificates a second, and bare signatures a second."""
    records = Records.open(f"sqlite+pysqlite:///{database}")
    try:
        Base.metadata.create_all(records.writing_engine)
        keyring = _Keyring(key, SoftwareKeys("rehearsal"))
        at = datetime.now(UTC)
        found_authority(
            records, keyring, addresses=ADDRESSES, environment="rehearsal", organisation="Bench", at=at, by=BY
        )
        issuance = Issuance(keyring=keyring, addresses=ADDRESSES, environment="rehearsal")
        requests = [_csr() for _ in range((ROUNDS + 1) * PER_ROUND)]
        message, algorithm = bytes(900), default_algorithm(key.public_key)

        def issue() -> None:
            with records.writing() as session:
                prepared = issuance.prepare(
                    session,
                    profile="holder-signature",
                    subject=PERSON,
                    request=accept_csr(requests.pop()),
                    order=None,
                    at=at,
                )
            issuance.redeem(records, intent=prepared.intent_id, at=at, by=BY)

        issuing = bare = 0.0
        _seconds(issue)  # warm
        for _ in range(ROUNDS):
            bare += _seconds(lambda: key.sign(message, algorithm))
            issuing += _seconds(issue)
        return ROUNDS * PER_ROUND / issuing, ROUNDS * PER_ROUND / bare
    finally:
        records.close()


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    for _ in range(PER_ROUND):
        work()
    return time.perf_counter() - begun


def _csr() -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(Encoding.DER)
