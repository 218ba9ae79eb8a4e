"""What tests of certificates start from: a clock, a person, software keys, requests."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

import pki.ca.tables
import pki.journal.tables  # noqa: F401
from hsm.software import SoftwareKeys
from pki.ca.addresses import CaAddresses
from pki.ca.authority import FoundedAuthority, found_authority
from pki.ca.certificates import CertificateRecord
from pki.ca.intents import PreparedCertificate
from pki.ca.issuance import Issuance
from pki.ca.names import HolderSubject
from pki.ca.requests import accept_csr
from pki.journal.acts import Actor, ActorKind
from pki.records import HolderId, OrderId, Records

T0 = datetime(2026, 11, 2, 10, 0, 0, 250_000, tzinfo=UTC)
BY = Actor(kind=ActorKind.SYSTEM, id="tests")
ADDRESSES = CaAddresses("http://127.0.0.1:8081")
PERSON = HolderSubject(name_latin="Ahmed El Alaoui", cin="BE123456")
ORDER = OrderId(UUID("7b1b4e0e-3f0a-4f58-9d3e-0d1c6a1f0001"))
HOLDER = HolderId(UUID("7b1b4e0e-3f0a-4f58-9d3e-0d1c6a1f0002"))


def found(records: Records, keys: SoftwareKeys) -> FoundedAuthority:
    return found_authority(
        records, keys, addresses=ADDRESSES, environment="rehearsal", organisation="Commune Test", at=T0, by=BY
    )


def csr(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "whoever")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    return builder.sign(key or ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(Encoding.DER)


def write_pem(path: Path, *ders: bytes) -> str:
    path.write_bytes(b"".join(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM) for der in ders))
    return str(path)


@dataclass
class House:
    """A founded authority."""

    records: Records
    keys: SoftwareKeys
    founded: FoundedAuthority
    issuance: Issuance = field(init=False)

    def __post_init__(self) -> None:
        self.issuance = Issuance(keyring=self.keys, addresses=ADDRESSES, environment="rehearsal")

    def prepare(
        self, request: bytes | None = None, *, profile: str = "holder-signature", at: datetime = T0
    ) -> PreparedCertificate:
        with self.records.writing() as session:
            return self.issuance.prepare(
                session,
                profile=profile,
                subject=PERSON,
                request=accept_csr(request or csr()),
                order=ORDER,
                holder=HOLDER,
                at=at,
            )

    def issue(self, request: bytes | None = None, *, at: datetime = T0) -> CertificateRecord:
        prepared = self.prepare(request, at=at)
        return self.issuance.redeem(self.records, intent=prepared.intent_id, at=at, by=BY)

    def certificate(self, der: bytes) -> x509.Certificate:
        return x509.load_der_x509_certificate(der)


@dataclass
class OutsideCa:
    """Another authority, whose key is not ours."""

    name: str = "Autre TEST CA"
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    parent: "OutsideCa | None" = None
    certificate: x509.Certificate = field(init=False)

    def __post_init__(self) -> None:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        signer = self.parent or self
        builder = self._builder(subject, self.key.public_key(), subject if self.parent is None else None)
        self.certificate = (
            builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage(authority=True), critical=True)
            .sign(signer.key, hashes.SHA256())
        )

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    def issue(
        self,
        key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey | None = None,
        *,
        key_usage: x509.KeyUsage | None = None,
        digest: hashes.SHA256 | None = None,
        serial: int | None = None,
    ) -> bytes:
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, "Salma Bennani"),
                x509.NameAttribute(NameOID.SERIAL_NUMBER, "IDCMA-AB654321"),
            ]
        )
        builder = self._builder(subject, key or ec.generate_private_key(ec.SECP256R1()).public_key(), None, serial)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(key_usage or usage(commitment=True), critical=True)
        return builder.sign(self.key, digest or hashes.SHA256()).public_bytes(Encoding.DER)

    def crl(self, at: datetime, number: int | None, revoked: dict[int, datetime] | None = None) -> bytes:
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
        builder = builder.last_update(at).next_update(at.replace(year=at.year + 1))
        if number is not None:
            builder = builder.add_extension(x509.CRLNumber(number), critical=False)
        for serial, when in (revoked or {}).items():
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def _builder(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
        issuer: x509.Name | None,
        serial: int | None = None,
    ) -> x509.CertificateBuilder:
        signer = self.parent if self.parent is not None and not hasattr(self, "certificate") else self
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer or signer.certificate.subject)
            .public_key(key)
            .serial_number(serial or int(uuid4()))
            .not_valid_before(T0.replace(year=2025))
            .not_valid_after(T0.replace(year=2029))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.key.public_key()), critical=False)
        )


def usage(*, authority: bool = False, commitment: bool = False, signature: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signature,
        content_commitment=commitment,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
