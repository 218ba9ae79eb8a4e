"""A small PKI and PDFs signed by pyHanko's own signers: nothing of Khatam makes what these tests verify."""

import asyncio
import io
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from asn1crypto import keys as asn1_keys
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.embed import EmbeddedFileObject, FileSpec, embed_file
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator.registry import SimpleCertificateStore

from signer.verification.trust import Anchor, TrustConfiguration

T0 = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CLAIMS = {
    "v": 1,
    "environment": "rehearsal",
    "reference": "L26-0000123",
    "kind": "licence",
    "body_code": "06.117.01.03",
}


@dataclass(frozen=True)
class Party:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def asn1(self) -> Any:
        return asn1_x509.Certificate.load(self.der)

    @property
    def asn1_key(self) -> Any:
        der = self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return asn1_keys.PrivateKeyInfo.load(der)


def name(common: str, serial: str | None = None) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if serial:
        attributes.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, serial))
    return x509.Name(attributes)


def usage(*, ca: bool = False, commitment: bool = False, signature: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signature,
        content_commitment=commitment,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def issue(
    subject: x509.Name,
    issuer: Party | None,
    *,
    key_usage: x509.KeyUsage,
    ca: bool = False,
    extended: x509.ObjectIdentifier | None = None,
    nocheck: bool = False,
    not_before: datetime = T0 - 30 * DAY,
    not_after: datetime = T0 + 700 * DAY,
    digest: hashes.HashAlgorithm | None = None,
    rsa_key: bool = False,
) -> Party:
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    key = rsa.generate_private_key(65537, 2048) if rsa_key else ec.generate_private_key(ec.SECP256R1())
    signing = issuer.key if issuer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(key_usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
    )
    if extended is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([extended]), critical=True)
    if not ca and not nocheck:  # the validating library reads OCSP answers only for certificates that name a responder
        access = x509.AccessDescription(
            AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier("http://ocsp.invalid")
        )
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    if nocheck:
        builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
    return Party(builder.sign(signing, digest or hashes.SHA256()), key)


@dataclass
class Estate:
    """Root, issuing CA, OCSP signer, time-stamp authority, and the people they certify."""

    root: Party = field(init=False)
    issuing: Party = field(init=False)
    responder: Party = field(init=False)
    tsa: Party = field(init=False)
    president: Party = field(init=False)

    def __post_init__(self) -> None:
        self.root = issue(name("Root TEST"), None, key_usage=usage(ca=True), ca=True, not_after=T0 + 3650 * DAY)
        self.issuing = issue(
            name("Issuing TEST"), self.root, key_usage=usage(ca=True), ca=True, not_after=T0 + 3000 * DAY
        )
        self.responder = issue(
            name("OCSP TEST"),
            self.issuing,
            key_usage=usage(signature=True),
            extended=ExtendedKeyUsageOID.OCSP_SIGNING,
            nocheck=True,
        )
        self.tsa = issue(
            name("TSA TEST"),
            self.issuing,
            key_usage=usage(signature=True),
            extended=ExtendedKeyUsageOID.TIME_STAMPING,
            not_after=T0 + 1500 * DAY,
            rsa_key=True,  # pyHanko's own stamper signs with RSA only
        )
        self.president = self.person("Ahmed El Alaoui", "IDCMA-BE123456")

    def person(self, common: str, serial: str = "IDCMA-BE999999", **options: Any) -> Party:
        options.setdefault("key_usage", usage(commitment=True))
        return issue(name(common, serial), self.issuing, **options)

    def crl(
        self, issuer: Party, at: datetime, revoked: dict[int, datetime] | None = None, days: int = 7, number: int = 1
    ) -> bytes:
        builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
        builder = builder.last_update(at).next_update(at + days * DAY)
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False
        )
        for serial, when in (revoked or {}).items():
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def ocsp_response(self, leaf: Party, at: datetime, *, revoked_at: datetime | None = None, hours: int = 1) -> bytes:
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=leaf.certificate,
            issuer=self.issuing.certificate,
            algorithm=hashes.SHA256(),
            cert_status=ocsp.OCSPCertStatus.REVOKED if revoked_at else ocsp.OCSPCertStatus.GOOD,
            this_update=at,
            next_update=at + hours * HOUR,
            revocation_time=revoked_at,
            revocation_reason=None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, self.responder.certificate)
        builder = builder.certificates([self.responder.certificate])
        return builder.sign(self.responder.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def trust(
        self,
        *,
        crls: tuple[bytes, ...] | None = None,
        at: datetime = T0,
        revoked: dict[int, datetime] | None = None,
        anchor: Anchor | None = None,
    ) -> TrustConfiguration:
        """The service's trust: root, and current lists of both authorities."""
        lists = (self.crl(self.root, at, days=90), self.crl(self.issuing, at, revoked)) if crls is None else crls
        return TrustConfiguration(
            anchors=(anchor or Anchor(der=self.root.der),), certificates=(self.issuing.der,), crls=lists
        )

    def sign(
        self,
        pdf: bytes,
        who: Party | None = None,
        *,
        field_name: str = "President",
        at: datetime | None = T0,
        certify: bool = False,
        digest: str = "sha256",
        chain: tuple[Party, ...] | None = None,
        box: tuple[int, int, int, int] | None = None,
    ) -> bytes:
        """`pdf` signed: B-T with a time-stamp at `at`, B-B when `at` is None."""
        who = who or self.president
        store = SimpleCertificateStore()
        store.register_multiple([each.asn1 for each in (chain if chain is not None else (self.issuing,))])
        signer = signers.SimpleSigner(signing_cert=who.asn1, signing_key=who.asn1_key, cert_registry=store)
        metadata = signers.PdfSignatureMetadata(
            field_name=field_name,
            md_algorithm=digest,
            subfilter=fields.SigSeedSubFilter.PADES,
            certify=certify,
            docmdp_permissions=fields.MDPPerm.FILL_FORMS,
        )
        stamper = None
        if at is not None:
            tsa_store = SimpleCertificateStore()
            tsa_store.register(self.issuing.asn1)
            stamper = DummyTimeStamper(self.tsa.asn1, self.tsa.asn1_key, certs_to_embed=tsa_store, fixed_dt=at)
        new_field = fields.SigFieldSpec(field_name, box=box) if box else None
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        output = io.BytesIO()
        pdf_signer = signers.PdfSigner(metadata, signer, timestamper=stamper, new_field_spec=new_field)
        asyncio.run(pdf_signer.async_sign_pdf(writer, output=output))
        return output.getvalue()

    def with_proofs(self, pdf: bytes, *responses: bytes, crls: tuple[bytes, ...] = ()) -> bytes:
        """`pdf` with validation data added: B-LT when the proofs are fresh enough."""
        stream = io.BytesIO(pdf)
        writer = IncrementalPdfFileWriter(stream)
        DocumentSecurityStore.supply_dss_in_writer(
            writer,
            None,
            certs=[self.issuing.asn1, self.root.asn1],
            ocsps=[asn1_ocsp.OCSPResponse.load(each) for each in responses],
            crls=[_crl(each) for each in crls],
        )
        writer.write_in_place()
        return stream.getvalue()

    def b_lt(self, pdf: bytes, who: Party | None = None, *, at: datetime = T0, **options: Any) -> bytes:
        """Signed at `at`, with proofs captured a minute later."""
        who = who or self.president
        signed = self.sign(pdf, who, at=at, **options)
        captured = at + timedelta(minutes=1)
        lists = (self.crl(self.root, at - DAY, days=90), self.crl(self.issuing, captured))
        return self.with_proofs(signed, self.ocsp_response(who, captured), crls=lists)

    def archived(self, pdf: bytes, *, at: datetime) -> bytes:
        """`pdf` with an archive time-stamp."""
        tsa_store = SimpleCertificateStore()
        tsa_store.register(self.issuing.asn1)
        stamper = DummyTimeStamper(self.tsa.asn1, self.tsa.asn1_key, certs_to_embed=tsa_store, fixed_dt=at)
        output = io.BytesIO()
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        pdf_stamper = signers.PdfTimeStamper(stamper)
        asyncio.run(pdf_stamper.async_timestamp_pdf(writer, "sha256", output=output, validation_context=None))
        return output.getvalue()


def _crl(der: bytes) -> Any:
    from asn1crypto import crl

    return crl.CertificateList.load(der)


def document(claims: dict[str, Any] | None = None, *, pages: int = 1, field_names: tuple[str, ...] = ()) -> bytes:
    """An unsigned PDF that carries structured data, with its signature fields."""
    writer = PdfFileWriter(stream_xrefs=False)
    for number in range(pages):
        drawing = generic.StreamObject(stream_data=b"0.9 g 50 %d 100 100 re f" % (50 + number))
        writer.insert_page(PageObject(contents=writer.add_object(drawing), media_box=(0, 0, 595, 842)))
    content = json.dumps(CLAIMS if claims is None else claims).encode()
    embedded = EmbeddedFileObject.from_file_data(writer, data=content, mime_type="application/json")
    embed_file(writer, FileSpec(file_spec_string="khatam.json", file_name="khatam.json", embedded_data=embedded))
    for each in field_names:
        fields.append_signature_field(writer, fields.SigFieldSpec(each, box=(50, 400, 250, 460)))
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()
