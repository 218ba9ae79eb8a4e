"""A small PKI in memory for signing tests: two authorities, a responder, a time-stamp authority, signers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from asn1crypto import keys as asn1_keys
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from hsm.keys import KeyKind, SignatureAlgorithm
from hsm.prepared.attributes import signed_attributes
from hsm.software import PrivateKey, SoftwareKey, generate_private_key
from signer.pades.embed import embed_signature
from signer.pades.prepare import PreparedPdf, prepare_signature

T0 = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Party:
    """A certificate and its key."""

    certificate: x509.Certificate
    private_key: PrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key(self) -> SoftwareKey:
        return SoftwareKey(self.private_key)

    @property
    def asn1(self) -> Any:
        return asn1_x509.Certificate.load(self.der)

    @property
    def asn1_key(self) -> Any:
        return asn1_keys.PrivateKeyInfo.load(
            self.private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        )


@dataclass(frozen=True)
class Proofs:
    """Status proofs as values."""

    ocsp_responses: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    certificates: tuple[bytes, ...] = ()


def usage(**on: bool) -> x509.KeyUsage:
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    names += ("key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{each: on.get(each, False) for each in names})


def issue(
    common: str,
    issuer: Party | None,
    *,
    kind: KeyKind = KeyKind.EC_P256,
    key_usage: x509.KeyUsage,
    ca: bool = False,
    extended: x509.ObjectIdentifier | None = None,
    nocheck: bool = False,
) -> Party:
    private_key = generate_private_key(kind)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
    signing = issuer.private_key if issuer else private_key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(private_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(T0 - 30 * DAY)
        .not_valid_after(T0 + 1000 * DAY)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(key_usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private_key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
    )
    if not ca and not nocheck:
        # without an address in the certificate pyHanko does not look for OCSP answers, not even given ones
        address = x509.UniformResourceIdentifier("http://status.invalid/ocsp")
        access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, address)
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    if extended is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([extended]), critical=True)
    if nocheck:
        builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
    return Party(builder.sign(signing, hashes.SHA256()), private_key)


@dataclass
class Estate:
    """The authorities, and three signers with keys of different kinds."""

    root: Party = field(init=False)
    issuing: Party = field(init=False)
    responder: Party = field(init=False)
    tsa: Party = field(init=False)
    president: Party = field(init=False)
    members: tuple[Party, ...] = field(init=False)

    def __post_init__(self) -> None:
        authority = usage(key_cert_sign=True, crl_sign=True)
        self.root = issue("Root TEST", None, key_usage=authority, ca=True)
        self.issuing = issue("Issuing TEST", self.root, key_usage=authority, ca=True)
        service = usage(digital_signature=True)
        ocsp_signing = ExtendedKeyUsageOID.OCSP_SIGNING
        self.responder = issue("OCSP TEST", self.issuing, key_usage=service, extended=ocsp_signing, nocheck=True)
        # pyHanko's own stamper signs with RSA only
        stamping = ExtendedKeyUsageOID.TIME_STAMPING
        self.tsa = issue("TSA TEST", self.issuing, kind=KeyKind.RSA_2048, key_usage=service, extended=stamping)
        self.president = self.signer("President TEST", KeyKind.RSA_2048)
        kinds = (KeyKind.EC_P256, KeyKind.EC_P384, KeyKind.RSA_2048)
        self.members = tuple(self.signer(f"Member {place} TEST", kind) for place, kind in enumerate(kinds))

    def signer(self, common: str, kind: KeyKind) -> Party:
        return issue(common, self.issuing, kind=kind, key_usage=usage(content_commitment=True))

    def stamp(self, imprint: bytes, at: datetime = T0) -> bytes:
        """A time-stamp token over a SHA-256 digest."""
        store = SimpleCertificateStore()
        store.register(self.issuing.asn1)
        stamper = DummyTimeStamper(self.tsa.asn1, self.tsa.asn1_key, certs_to_embed=store, fixed_dt=at)
        request = tsp.TimeStampReq(
            {
                "version": 1,
                "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": imprint},
                "cert_req": True,
            }
        )
        return stamper.request_tsa_response(request)["time_stamp_token"].dump()

    def proofs(self, *leaves: Party, at: datetime = T0) -> Proofs:
        """OCSP answers for leaves of the issuing authority, and the root's list."""
        chosen = leaves or (self.president, self.tsa)
        return Proofs(
            ocsp_responses=tuple(self.ocsp_response(each, at) for each in chosen),
            crls=(self.crl(self.root, at),),
            certificates=(self.responder.der, self.issuing.der),
        )

    def ocsp_response(self, leaf: Party, at: datetime) -> bytes:
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=leaf.certificate,
            issuer=self.issuing.certificate,
            algorithm=hashes.SHA256(),
            cert_status=ocsp.OCSPCertStatus.GOOD,
            this_update=at,
            next_update=at + timedelta(hours=1),
            revocation_time=None,
            revocation_reason=None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, self.responder.certificate)
        builder = builder.certificates([self.responder.certificate])
        return builder.sign(self.responder.private_key, hashes.SHA256()).public_bytes(Encoding.DER)

    def crl(self, issuer: Party, at: datetime) -> bytes:
        builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
        builder = builder.last_update(at).next_update(at + 30 * DAY)
        builder = builder.add_extension(x509.CRLNumber(1), critical=False)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.private_key.public_key())
        builder = builder.add_extension(identifier, critical=False)
        return builder.sign(issuer.private_key, hashes.SHA256()).public_bytes(Encoding.DER)

    def prepare(self, base: bytes, *, field_name: str, mark: bytes | None = None, certify: bool = False) -> PreparedPdf:
        return prepare_signature(base, field=field_name, appearance=mark, certify=certify, at=T0)

    def complete(
        self,
        prepared: PreparedPdf,
        who: Party,
        *,
        algorithm: SignatureAlgorithm | None = None,
        at: datetime | None = T0,
    ) -> bytes:
        """The value made in the signer's key over attributes built from the prepared file, then embedded."""
        attributes = signed_attributes(prepared.document_digest, who.der)
        family = "rsa" if who.key.algorithms[0].value.startswith("rsa") else "ecdsa"
        chosen = algorithm or (
            SignatureAlgorithm.RSA_PKCS1V15_SHA256 if family == "rsa" else SignatureAlgorithm.ECDSA_SHA256
        )
        value = who.key.sign(attributes, chosen)
        return embed_signature(
            prepared.content,
            byte_range=prepared.byte_range,
            attributes=attributes,
            value=value,
            algorithm=chosen,
            certificate_der=who.der,
            chain=(self.issuing.der,),
            time_stamp=None if at is None else self.stamp(hashlib.sha256(value).digest(), at),
        )

    def sign(self, base: bytes, who: Party | None = None, **options: Any) -> bytes:
        """`base` signed at B-T."""
        certify, mark = options.pop("certify", False), options.pop("mark", None)
        field_name = options.pop("field_name", "President")
        prepared = self.prepare(base, field_name=field_name, certify=certify, mark=mark)
        return self.complete(prepared, who or self.president, **options)
