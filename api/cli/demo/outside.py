"""People and authorities outside the service: another CA, a stranger, signatures made without Khatam.

Signatures here are pyHanko's own, made with the signer's device and time-stamped by the service's TSA,
as any program could do: what verification says of them owes nothing to our writer.
"""
# mypy: disable-error-code="no-untyped-call"

import asyncio
import io
import multiprocessing
import os
import secrets
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from hsm.keys import KeyKind, KeyRef, PublicKey, SignatureAlgorithm, SigningKey

from .stage import Workplace, softhsm_module

T = TypeVar("T")
_PCS: dict[str, ProcessPoolExecutor] = {}
"""One process for each device configuration: SoftHSM reads its own once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldKey:
    """A key already held: its device, its certificate and who signed that."""

    workplace: Workplace
    ref: KeyRef
    certificate: x509.Certificate
    issuer: x509.Certificate


class OutsideCa:
    """A rehearsal certification authority that is not the service's: one key, in memory."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(name, "TEST CA")
        now = datetime.now(UTC).replace(microsecond=0)
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=30))
            .not_valid_after(now + timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def issue(self, public_key: PublicKey, *, name: str, cin: str, policy: str | None = None) -> x509.Certificate:
        """A signature certificate for a person, two years, under a policy if one is given."""
        now = datetime.now(UTC).replace(microsecond=0)
        key_identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(name, None, f"IDCMA-{cin}"))
            .issuer_name(self.certificate.subject)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=730))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(certificates=False), critical=True)
            .add_extension(key_identifier, critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        )
        if policy is not None:
            named = x509.PolicyInformation(x509.ObjectIdentifier(policy), None)
            builder = builder.add_extension(x509.CertificatePolicies([named]), critical=False)
        return builder.sign(self._key, hashes.SHA256())

    def crl(self) -> x509.CertificateRevocationList:
        """An empty CRL for seven days, its number from the clock."""
        now = datetime.now(UTC).replace(microsecond=0)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
        builder = builder.last_update(now).next_update(now + timedelta(days=7))
        key_identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
        builder = builder.add_extension(key_identifier, critical=False)
        return builder.sign(self._key, hashes.SHA256())

    def pem(self) -> str:
        """The authority's own certificate."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def equip(self, workplace: Workplace, *, name: str, cin: str, policy: str | None = None) -> HeldKey:
        """Make a key in the person's device and write its certificate there, as that CA's counter would."""
        label, serial, public_der, key_id = in_device(workplace, _generate, workplace.label, str(workplace.pin_file))
        public_key = serialization.load_der_public_key(public_der)
        assert isinstance(public_key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey)
        certificate = self.issue(public_key, name=name, cin=cin, policy=policy)
        ref = KeyRef(device_label=label, device_serial=serial, key_id=key_id)
        der = certificate.public_bytes(serialization.Encoding.DER)
        in_device(workplace, _write_certificate, ref, der, str(workplace.pin_file))
        return HeldKey(workplace=workplace, ref=ref, certificate=certificate, issuer=self.certificate)


def sign_outside(
    pdf: bytes, *, certificate: x509.Certificate, chain: list[x509.Certificate], key: SigningKey, tsa_url: str
) -> bytes:
    """`pdf` signed as PAdES B-T by pyHanko, time-stamped at `tsa_url`."""
    from asn1crypto import algos, tsp
    from asn1crypto import x509 as asn1_x509
    from httpx2 import post
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers, timestamps
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    class DeviceSigner(signers.Signer):
        async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
            del digest_algorithm
            algorithm = key.algorithms[0]
            return bytes(512) if dry_run else key.sign(data, algorithm)

    class ServiceTsa(timestamps.TimeStamper):
        async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
            headers = {"Content-Type": "application/timestamp-query"}
            answer = post(tsa_url, content=req.dump(), headers=headers, timeout=20).raise_for_status()
            return tsp.TimeStampResp.load(answer.content)

    def parsed(each: x509.Certificate) -> Any:
        return asn1_x509.Certificate.load(each.public_bytes(serialization.Encoding.DER))

    mechanism = {
        SignatureAlgorithm.RSA_PKCS1V15_SHA256: "sha256_rsa",
        SignatureAlgorithm.ECDSA_SHA256: "sha256_ecdsa",
    }[key.algorithms[0]]
    registry = SimpleCertificateStore()
    registry.register_multiple([parsed(each) for each in chain])
    signer = DeviceSigner(
        signing_cert=parsed(certificate),
        cert_registry=registry,
        signature_mechanism=algos.SignedDigestAlgorithm({"algorithm": mechanism}),
    )
    metadata = signers.PdfSignatureMetadata(
        field_name="Outside", md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES
    )
    output = io.BytesIO()
    pdf_signer = signers.PdfSigner(metadata, signer, timestamper=ServiceTsa())
    asyncio.run(pdf_signer.async_sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), output=output))
    return output.getvalue()


class DeviceKey:
    """A `SigningKey` whose device is opened in a process of its own for each signature."""

    def __init__(self, held: HeldKey) -> None:
        self._held = held
        key = held.certificate.public_key()
        assert isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey)
        self.public_key: PublicKey = key
        rsa_key = isinstance(key, rsa.RSAPublicKey)
        self.algorithms = (SignatureAlgorithm.RSA_PKCS1V15_SHA256 if rsa_key else SignatureAlgorithm.ECDSA_SHA256,)

    def sign(self, message: bytes, algorithm: SignatureAlgorithm) -> bytes:
        """Sign in the person's device."""
        held = self._held
        return in_device(held.workplace, _sign, held.ref, message, algorithm.value, str(held.workplace.pin_file))


def in_device(workplace: Workplace, function: Callable[..., T], *arguments: object) -> T:
    """Run `function(module, *arguments)` in a process that sees that workplace's device only."""
    conf = str(workplace.softhsm_conf)
    if conf not in _PCS:
        context = multiprocessing.get_context("spawn")
        _PCS[conf] = ProcessPoolExecutor(1, mp_context=context, initializer=_see, initargs=(conf,))
    return _PCS[conf].submit(_with_module, function, arguments).result(timeout=60)


def leave_devices() -> None:
    """End the processes that `in_device` started."""
    while _PCS:
        _PCS.popitem()[1].shutdown()


def _see(softhsm_conf: str) -> None:
    os.environ["SOFTHSM2_CONF"] = softhsm_conf


def _with_module(function: Callable[..., T], arguments: tuple[object, ...]) -> T:
    from hsm.cryptoki.module import Module

    module = Module.open(Path(softhsm_module()))
    try:
        return function(module, *arguments)
    finally:
        module.close()


def _generate(module: Any, label: str, pin_file: str) -> tuple[str, str, bytes, bytes]:
    from hsm.pin import PinFile

    device = next(each for each in module.devices() if each.label == label)
    key_id = secrets.token_bytes(8)
    _, public_key = module.generate_key_pair(
        device_label=device.label,
        device_serial=device.serial,
        kind=KeyKind.RSA_2048,
        label="signature",
        key_id=key_id,
        pins=PinFile(Path(pin_file)),
    )
    encoding = serialization.Encoding.DER
    public_der = public_key.public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)
    return device.label, device.serial, public_der, key_id


def _write_certificate(module: Any, ref: KeyRef, der: bytes, pin_file: str) -> None:
    from hsm.pin import PinFile

    module.write_certificate(ref, der, label="signature", pins=PinFile(Path(pin_file)))


def _sign(module: Any, ref: KeyRef, message: bytes, algorithm: str, pin_file: str) -> bytes:
    from hsm.pin import PinFile

    value: bytes = module.key(ref, PinFile(Path(pin_file))).sign(message, SignatureAlgorithm(algorithm))
    return value


def _name(common_name: str, organisation: str | None, serial: str | None = None) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COUNTRY_NAME, "MA")]
    if organisation is not None:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    if serial is not None:
        attributes.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, serial))
    return x509.Name(attributes)


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=not certificates,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )
