"""A small authority for tests: a root and what it issues, each certificate with one thing to vary."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hsm.keys import SignatureAlgorithm
from hsm.prepared.jws import MANIFEST_KEY_PURPOSE

NOW = datetime.now(UTC).replace(microsecond=0)
"""When the tests were collected, which may be many minutes ago: for certificates and what else is made for it."""


def present() -> datetime:
    """The instant of the call, to the second: for what is prepared on the real clock."""
    return datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class SoftKey:
    """The SigningKey port over a P-256 key in memory."""

    private: ec.EllipticCurvePrivateKey

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self.private.public_key()

    @property
    def algorithms(self) -> tuple[SignatureAlgorithm, ...]:
        return (SignatureAlgorithm.ECDSA_SHA256,)

    def sign(self, message: bytes, algorithm: object) -> bytes:
        return self.private.sign(message, ec.ECDSA(hashes.SHA256()))


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def usage(**given: bool) -> x509.KeyUsage:
    every = dict.fromkeys(
        (
            *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
            *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
        ),
        False,
    )
    return x509.KeyUsage(**(every | given))


@dataclass(slots=True)
class Authority:
    """A root, and the certificates it issues, each with one thing to vary."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def make(cls, common_name: str = "TEST root") -> "Authority":
        key = ec.generate_private_key(ec.SECP256R1())
        builder = cls._builder(name(common_name), name(common_name), key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
        builder = builder.add_extension(usage(key_cert_sign=True, crl_sign=True), critical=True)
        return cls(key, builder.sign(key, hashes.SHA256()))

    @staticmethod
    def _builder(subject: x509.Name, issuer: x509.Name, public: Any) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=30))
            .not_valid_after(NOW + timedelta(days=30))
        )

    def issue(
        self,
        public: Any,
        *,
        key_usage: x509.KeyUsage | None = None,
        purposes: tuple[x509.ObjectIdentifier, ...] = (MANIFEST_KEY_PURPOSE,),
        subject: str = "manifest",
    ) -> x509.Certificate:
        builder = self._builder(name(subject), self.certificate.subject, public)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(key_usage or usage(digital_signature=True), critical=True)
        if purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        return builder.sign(self.key, hashes.SHA256())
