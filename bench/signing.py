"""One licence to B-LT: ours against pyHanko in the same process, with the same key, TSA and OCSP responder.

Ours: mark laid out, increment prepared, attributes built, value made and verified, time-stamped, embedded; read back,
proofs gathered, validation data added. The peer: a signature at B-T with the key kept and the dry run free, then
`async_add_validation_info`. The peer draws no mark at all, so that laying it out and placing it counts on our side
alone. Databases, HTTP and worker processes are outside. Both take turns.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from asn1crypto import crl, ocsp, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation import async_add_validation_info
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.fetchers import api
from pyhanko_certvalidator.fetchers.common_utils import format_ocsp_request
from pyhanko_certvalidator.registry import SimpleCertificateStore

import pki.ca.tables
import pki.journal.tables
import pki.status.tables  # noqa: F401
from bench.figure import Figure
from hsm.keys import KeyKind, SignatureAlgorithm, verify
from hsm.prepared.attributes import signed_attributes
from hsm.software import SoftwareKey, SoftwareKeys, generate_private_key
from pki.ca.addresses import CaAddresses
from pki.ca.authority import FoundedAuthority, found_authority
from pki.ca.issuance import Issuance
from pki.ca.names import HolderSubject
from pki.ca.requests import accept_csr
from pki.journal.acts import Actor, ActorKind
from pki.records import Base, Records
from pki.status.lists import latest_list, publish_due_crls
from pki.status.ocsp import OcspResponder
from pki.status.proofs import LocalStatusProofs
from pki.tsa.authority import TimeStampAuthority
from pki.tsa.clock import Unguarded
from pki.tsa.requests import TsaPolicy
from signer.pades.embed import embed_signature
from signer.pades.fields import FieldSpec, add_fields_at_foot, add_signature_fields
from signer.pades.prepare import prepare_signature
from signer.pades.reading import read_signed_pdf
from signer.pades.validation_data import add_validation
from signer.preservation.capture import gather_proofs
from signer.rendering.facts import LicenceFacts
from signer.rendering.render import render, render_stamp

WARM, ROUNDS = 3, 40
BY = Actor(kind=ActorKind.SYSTEM, id="bench")
ADDRESSES = CaAddresses("http://127.0.0.1:8081")
ALGORITHM = SignatureAlgorithm.RSA_PKCS1V15_SHA256
FIELD = "President"
POLICY = TsaPolicy(policy_oid="2.25.310184722950713260548617035925842617")


def run() -> Iterator[Figure]:
    """`per_licence`: seconds for one licence, ours over the peer's; goal 1.0."""
    with tempfile.TemporaryDirectory() as folder:
        records = Records.open(f"sqlite+pysqlite:///{folder}/records.sqlite")
        try:
            Base.metadata.create_all(records.writing_engine)
            rig = _Rig.build(records)
            facts = replace(LicenceFacts.sample(), check="7Q4K", address="HTTPS://KHATAM.MA/V/L26-0000001-7Q4K")
            plain = render(facts).content
            ours, peer = _Ours(rig, plain), _Peer(rig, plain)
            _check(ours.licence())
            _check(peer.licence())
            value, against = _medians(ours.licence, peer.licence)
        finally:
            records.close()
    yield Figure(name="per_licence", value=value, against=against, unit="s", goal=1.0, better="lower")


def _medians(one: Callable[[], bytes], other: Callable[[], bytes]) -> tuple[float, float]:
    times: tuple[list[float], list[float]] = [], []
    for number in range(WARM + ROUNDS):
        for taken, work in zip(times, (one, other), strict=True):
            begun = time.perf_counter()
            work()
            if number >= WARM:
                taken.append(time.perf_counter() - begun)
    return statistics.median(times[0]), statistics.median(times[1])


def _check(pdf: bytes) -> None:
    """Both make the same thing: one signature with a time-stamp, and proofs of signer and time-stamper."""
    signed = read_signed_pdf(pdf)
    (signature,) = signed.signatures
    assert signature.gen_time is not None
    assert len(signed.ocsp_responses) == 2
    assert signed.crls


@dataclass(frozen=True, slots=True)
class _Rig:
    """What both use."""

    records: Records
    authority: FoundedAuthority
    tsa: TimeStampAuthority
    responder: OcspResponder
    key: SoftwareKey
    certificate: bytes

    @classmethod
    def build(cls, records: Records) -> _Rig:
        at = datetime.now(UTC).replace(microsecond=0)
        keyring = SoftwareKeys("rehearsal")
        authority = found_authority(
            records, keyring, addresses=ADDRESSES, environment="rehearsal", organisation="Bench", at=at, by=BY
        )
        publish_due_crls(records, keyring, at=at)
        private_key = generate_private_key(KeyKind.RSA_2048)
        request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(private_key, hashes.SHA256())
        issuance = Issuance(keyring=keyring, addresses=ADDRESSES, environment="rehearsal")
        with records.writing() as session:
            prepared = issuance.prepare(
                session,
                profile="holder-signature",
                subject=HolderSubject(name_latin="Ahmed El Alaoui", cin="BE123456"),
                request=accept_csr(request.public_bytes(Encoding.DER)),
                order=None,
                at=at,
            )
        certificate = issuance.redeem(records, intent=prepared.intent_id, at=at, by=BY).der
        return cls(
            records=records,
            authority=authority,
            tsa=TimeStampAuthority(
                key=keyring.key("tsa"),
                certificate=authority.tsa_der,
                chain=(authority.issuing_der,),
                policy=POLICY,
                clock_guard=Unguarded("rehearsal"),
            ),
            responder=OcspResponder(records, keyring),
            key=SoftwareKey(private_key),
            certificate=certificate,
        )


@dataclass(frozen=True, slots=True)
class _Mark:
    """What the visible mark says."""

    at: datetime
    environment: str = "rehearsal"
    reference: str = "L26-0000001"
    name_ar: str = "أحمد العلوي"
    name_latin: str = "Ahmed El Alaoui"
    function: str = "president"
    body_kind: str = "commune"
    body_ar: str = "برشيد"
    body_fr: str = "Berrechid"


class _Ours:
    def __init__(self, rig: _Rig, plain: bytes) -> None:
        self._rig = rig
        self._base = add_fields_at_foot(plain, [FIELD])
        self._proofs = LocalStatusProofs(rig.records, rig.responder, clock=lambda: datetime.now(UTC), sleep=time.sleep)

    def licence(self) -> bytes:
        rig, at = self._rig, datetime.now(UTC)
        prepared = prepare_signature(self._base, field=FIELD, appearance=render_stamp(_Mark(at)), certify=True, at=at)
        attributes = signed_attributes(prepared.document_digest, rig.certificate)
        value = rig.key.sign(attributes, ALGORITHM)
        verify(rig.key.public_key, value, attributes, ALGORITHM)
        signed = embed_signature(
            prepared.content,
            byte_range=prepared.byte_range,
            attributes=attributes,
            value=value,
            algorithm=ALGORITHM,
            certificate_der=rig.certificate,
            chain=(rig.authority.issuing_der,),
            time_stamp=rig.tsa.token(hashlib.sha256(value).digest(), at=datetime.now(UTC)),
        )
        return add_validation(signed, proofs=gather_proofs(read_signed_pdf(signed), self._proofs))


class _Peer:
    def __init__(self, rig: _Rig, plain: bytes) -> None:
        self._rig = rig
        # An invisible field: the library draws nothing.
        self._base = add_signature_fields(plain, [FieldSpec(name=FIELD)])
        self._root, self._issuing = (
            asn1_x509.Certificate.load(der) for der in (rig.authority.root_der, rig.authority.issuing_der)
        )
        store = SimpleCertificateStore()
        store.register(self._issuing)
        self._signer = _KeptKey(rig, store)
        self._stamper = _Stamper(rig)
        self._loop = asyncio.new_event_loop()
        self._crl = _root_list(rig)
        self._metadata = signers.PdfSignatureMetadata(
            field_name=FIELD,
            md_algorithm="sha256",
            subfilter=fields.SigSeedSubFilter.PADES,
            certify=True,
            docmdp_permissions=fields.MDPPerm.FILL_FORMS,
        )

    def licence(self) -> bytes:
        return self._loop.run_until_complete(self._licence())

    async def _licence(self) -> bytes:
        pdf_signer = signers.PdfSigner(self._metadata, self._signer, timestamper=self._stamper)
        signed = io.BytesIO()
        await pdf_signer.async_sign_pdf(IncrementalPdfFileWriter(io.BytesIO(self._base)), output=signed)
        context = ValidationContext(
            trust_roots=[self._root],
            other_certs=[self._issuing],
            crls=[self._crl],
            allow_fetching=True,
            fetcher_backend=_Fetching(self._rig),
            revocation_mode="hard-fail",
        )
        (embedded,) = PdfFileReader(signed).embedded_regular_signatures
        out = await async_add_validation_info(
            embedded, context, output=io.BytesIO(), add_vri_entry=False, embed_roots=False
        )
        return out.getvalue()


class _KeptKey(signers.Signer):
    """The peer's signer over the same key in memory, its dry run free."""

    def __init__(self, rig: _Rig, store: SimpleCertificateStore) -> None:
        super().__init__(signing_cert=asn1_x509.Certificate.load(rig.certificate), cert_registry=store)
        self._key = rig.key

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        del digest_algorithm
        return bytes(256) if dry_run else self._key.sign(data, ALGORITHM)


class _Stamper(TimeStamper):
    """The same authority, asked by a DER request."""

    def __init__(self, rig: _Rig) -> None:
        super().__init__()
        self._tsa = rig.tsa

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        return tsp.TimeStampResp.load(self._tsa.answer(req.dump(), at=datetime.now(UTC)))


class _Fetching(api.FetcherBackend):
    """The same responder, one licence's answers kept."""

    def __init__(self, rig: _Rig) -> None:
        self._responses = _Responses(rig)

    def get_fetchers(self) -> api.Fetchers:
        return api.Fetchers(ocsp_fetcher=self._responses, crl_fetcher=_NoLists(), cert_fetcher=_NoCertificates())

    async def close(self) -> None:
        """Nothing is open."""


class _Responses(api.OCSPFetcher):
    def __init__(self, rig: _Rig) -> None:
        self._responder = rig.responder
        self._kept: dict[bytes, ocsp.OCSPResponse] = {}

    async def fetch(self, cert: Any, authority: Any) -> ocsp.OCSPResponse:
        if cert.issuer_serial not in self._kept:
            request = format_ocsp_request(cert, authority, certid_hash_algo="sha256", request_nonces=False)
            answer = self._responder.answer(request.dump(), at=datetime.now(UTC))
            self._kept[cert.issuer_serial] = ocsp.OCSPResponse.load(answer)
        return self._kept[cert.issuer_serial]

    def fetched_responses(self) -> Iterable[ocsp.OCSPResponse]:
        return self._kept.values()

    def fetched_responses_for_cert(self, cert: Any) -> Iterable[ocsp.OCSPResponse]:
        return [self._kept[cert.issuer_serial]] if cert.issuer_serial in self._kept else []


class _NoLists(api.CRLFetcher):
    """The only list, of the root, is given."""

    async def fetch(self, cert: Any, *, use_deltas: bool | None = None) -> Iterable[crl.CertificateList]:
        del cert, use_deltas
        return []

    def fetched_crls(self) -> Iterable[crl.CertificateList]:
        return []

    def fetched_crls_for_cert(self, cert: Any) -> Iterable[crl.CertificateList]:
        del cert
        return []


class _NoCertificates(api.CertificateFetcher):
    """Every certificate is at hand."""

    def fetched_certs(self) -> Iterable[asn1_x509.Certificate]:
        return []


def _root_list(rig: _Rig) -> crl.CertificateList:
    with rig.records.reading() as session:
        found = latest_list(session, rig.authority.root_id)
    assert found is not None
    return crl.CertificateList.load(found.der)
