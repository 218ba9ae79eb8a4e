"""The signature itself, its time and its proofs of status, made by those who may not make them.

USF, ISA and SWA as in Mladenov et al. (CCS 2019); clauses of RFC 5652, RFC 3161, RFC 6960 and EN 319 122-1.
"""

import asyncio
import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from asn1crypto import cms, core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from signer.verification.answer import Kind, Reason, Verdict
from signer.verification.conclusion import conclude
from signer.verification.inspection import inspect_bytes
from signer.verification.register import DocumentFacts, Entitled, Match, OfficeFacts, RegisterFacts, SignerFacts
from signer.verification.trust import TrustConfiguration
from tests.hostile.builders import licence
from tests.hostile.judging import BODY, inspected, judged
from tests.signer.verification.estate import DAY, HOUR, T0, Estate, Party, document

MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def thief(estate: Estate) -> Party:
    """Holds a good signature key of his own (RSA, so that the library's stamper takes it)."""
    return estate.person("Thief", rsa_key=True)


def gap(pdf: bytes) -> tuple[int, int]:
    found = re.search(rb"/ByteRange\s*\[\s*0\s+(\d+)\s+(\d+)", pdf)
    assert found
    return int(found[1]), int(found[2])


def with_value(pdf: bytes, der: bytes) -> bytes:
    """`pdf` with another CMS in its gap."""
    start, stop = gap(pdf)
    text = der.hex().encode()
    assert len(text) <= stop - start - 2
    return pdf[: start + 1] + text.ljust(stop - start - 2, b"0") + pdf[stop - 1 :]


def value(pdf: bytes) -> cms.ContentInfo:
    start, stop = gap(pdf)
    return cms.ContentInfo.load(bytes.fromhex(pdf[start + 1 : stop - 1].decode()))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (rb"/Contents <[0-9A-Fa-f]+>", b"/Contents null"),
        (rb"/Contents <[0-9A-Fa-f]+>", b"/Contents <>"),
        (rb"/Contents <[0-9A-Fa-f]+>", b"/Contents <00>"),
        (rb"/ByteRange\s*\[[^\]]*\]", b"/ByteRange null"),
        (rb"/ByteRange\s*\[[^\]]*\]", b"/ByteRange []"),
        (rb"/ByteRange\s*\[[^\]]*\]", b"/ByteRange [0 1]"),
        (rb"/ByteRange\s*\[[^\]]*\]", b"/ByteRange [0 -1 0 -1]"),
        (rb"/ByteRange\s*\[[^\]]*\]", b"/ByteRange [/a /b]"),
        (rb"/SubFilter */ETSI.CAdES.detached", b"/SubFilter /adbe.x509.rsa_sha1"),
        (rb"/SubFilter */ETSI.CAdES.detached", b"/SubFilter /adbe.pkcs7.sha1"),
        (rb"/Type /Sig\s+/Filter /Adobe.PPKLite", b"/Type /DocTimeStamp"),
    ],
)
def test_universal_signature_forgery(estate: Estate, approved: bytes, old: bytes, new: bytes) -> None:
    """USF: the signature's own entries are made unusable, in the hope of a shrug (ISO 32000-1, table 252)."""
    found = re.search(old, approved)
    assert found
    changed = approved[: found.start()] + new.ljust(len(found[0])) + approved[found.end() :]
    assert len(changed) == len(approved)
    assert judged(estate, changed)[0] is Verdict.NOT_AUTHENTIC


def two_signers(content: cms.ContentInfo) -> None:
    infos = content["content"]["signer_infos"]
    del infos[0]["unsigned_attrs"]  # makes room
    infos.append(infos[0])


def no_attributes(content: cms.ContentInfo) -> None:
    content["content"]["signer_infos"][0]["signed_attrs"] = cms.CMSAttributes([])


def content_inside(content: cms.ContentInfo) -> None:
    content["content"]["encap_content_info"]["content"] = core.OctetString(b"words")


def other_digest_named(content: cms.ContentInfo) -> None:
    content["content"]["signer_infos"][0]["digest_algorithm"]["algorithm"] = "sha512"


def signing_certificate_dropped(content: cms.ContentInfo) -> None:
    attributes = content["content"]["signer_infos"][0]["signed_attrs"]
    kept = [each for each in attributes if each["type"].native != "signing_certificate_v2"]
    content["content"]["signer_infos"][0]["signed_attrs"] = cms.CMSAttributes(kept)


def certificates_dropped(content: cms.ContentInfo) -> None:
    content["content"]["certificates"] = cms.CertificateSet([])


@pytest.mark.parametrize(
    "change",
    [
        two_signers,
        no_attributes,
        content_inside,
        other_digest_named,
        signing_certificate_dropped,
        certificates_dropped,
    ],
)
def test_signed_data_pieced_together(
    estate: Estate, approved: bytes, change: Callable[[cms.ContentInfo], None]
) -> None:
    """The CMS is changed where the signature does not cover it, or no longer (RFC 5652, 5; EN 319 122-1, 5.2.2)."""
    content = value(approved)
    change(content)
    changed = with_value(approved, content.dump(force=True))
    assert judged(estate, changed)[0] is Verdict.NOT_AUTHENTIC


def test_certificate_swapped_for_another_of_the_same_name(estate: Estate, approved: bytes) -> None:
    """The signer's certificate is replaced by one of the same name and another key."""
    twin = estate.person("Ahmed El Alaoui", "IDCMA-BE123456")
    content = value(approved)
    others = [each for each in content["content"]["certificates"] if each.chosen.serial_number]
    swapped = [each for each in others if each.chosen.dump() != estate.president.der]
    content["content"]["certificates"] = cms.CertificateSet(
        [*swapped, cms.CertificateChoices("certificate", twin.asn1)]
    )
    info = content["content"]["signer_infos"][0]
    info["sid"].chosen["serial_number"] = twin.certificate.serial_number
    assert judged(estate, with_value(approved, content.dump(force=True)))[0] is Verdict.NOT_AUTHENTIC


def signed_with_stamper(estate: Estate, who: Party, stamper: DummyTimeStamper) -> bytes:
    store = SimpleCertificateStore()
    store.register(estate.issuing.asn1)
    signer = signers.SimpleSigner(signing_cert=who.asn1, signing_key=who.asn1_key, cert_registry=store)
    metadata = signers.PdfSignatureMetadata(
        field_name="President", md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES
    )
    output = io.BytesIO()
    made = signers.PdfSigner(metadata, signer, timestamper=stamper).async_sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(licence())), output=output
    )
    asyncio.run(made)
    return output.getvalue()


def test_holder_stamps_his_own_time(estate: Estate, thief: Party) -> None:
    """A holder's key signs a time-stamp of last year: its certificate is not for that (RFC 3161, 2.3)."""
    store = SimpleCertificateStore()
    store.register(estate.issuing.asn1)
    stamper = DummyTimeStamper(thief.asn1, thief.asn1_key, certs_to_embed=store, fixed_dt=T0 - 10 * DAY)
    pdf = signed_with_stamper(estate, thief, stamper)
    findings = inspected(estate, pdf)
    assert findings.signatures[0].best_time is None
    assert judged(estate, pdf)[0] is Verdict.CANNOT_TELL


def test_time_stamp_by_an_authority_of_strangers(estate: Estate) -> None:
    """A real time-stamping certificate, from an authority that nobody trusts."""
    stranger = Estate()
    store = SimpleCertificateStore()
    store.register(stranger.issuing.asn1)
    stamper = DummyTimeStamper(stranger.tsa.asn1, stranger.tsa.asn1_key, certs_to_embed=store, fixed_dt=T0 - 10 * DAY)
    pdf = signed_with_stamper(estate, estate.president, stamper)
    assert inspected(estate, pdf).signatures[0].best_time is None
    assert judged(estate, pdf)[0] is Verdict.CANNOT_TELL


def test_time_stamp_of_another_signature(estate: Estate) -> None:
    """A genuine, older time-stamp is moved to a newer signature (RFC 3161, appendix A: it stamps that value alone)."""
    old = value(estate.sign(licence(), at=T0 - 10 * DAY))
    pdf = estate.sign(licence(), at=T0)
    content = value(pdf)
    content["content"]["signer_infos"][0]["unsigned_attrs"] = old["content"]["signer_infos"][0]["unsigned_attrs"]
    changed = with_value(pdf, content.dump(force=True))
    findings = inspected(estate, changed)
    assert findings.signatures[0].best_time != T0 - 10 * DAY
    assert judged(estate, changed)[0] is not Verdict.AUTHENTIC


def good_word(estate: Estate, leaf: Party, responder: Party) -> bytes:
    """An OCSP response that calls `leaf` good, signed by `responder`."""
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=leaf.certificate,
        issuer=estate.issuing.certificate,
        algorithm=hashes.SHA256(),
        cert_status=ocsp.OCSPCertStatus.GOOD,
        this_update=T0 + MINUTE,
        next_update=T0 + HOUR,
        revocation_time=None,
        revocation_reason=None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, responder.certificate)
    builder = builder.certificates([responder.certificate])
    return builder.sign(responder.key, hashes.SHA256()).public_bytes(Encoding.DER)


def without_lists(estate: Estate) -> TrustConfiguration:
    """The service itself knows nothing of the issuing authority's status."""
    return estate.trust(crls=(estate.crl(estate.root, T0, days=90),))


def test_holder_vouches_for_himself(estate: Estate, thief: Party) -> None:
    """An OCSP response signed by the holder's own key, which has no OCSPSigning (RFC 6960, 4.2.2.2)."""
    signed = estate.sign(licence(), thief)
    pdf = estate.with_proofs(signed, good_word(estate, thief, thief), crls=(estate.crl(estate.root, T0, days=90),))
    findings = inspect_bytes(pdf, without_lists(estate), T0 + DAY)
    assert findings.signatures[0].indication.value != "TOTAL-PASSED"


def test_list_signed_by_another(estate: Estate, thief: Party) -> None:
    """A revocation list in the issuer's name, under the holder's key (RFC 5280, 6.3.3)."""
    forger = Party(estate.issuing.certificate, thief.key)
    signed = estate.sign(licence(), thief)
    pdf = estate.with_proofs(signed, crls=(estate.crl(forger, T0 + MINUTE), estate.crl(estate.root, T0, days=90)))
    findings = inspect_bytes(pdf, without_lists(estate), T0 + DAY)
    assert findings.signatures[0].indication.value != "TOTAL-PASSED"


def test_good_word_in_the_file_against_the_services_list(estate: Estate) -> None:
    """The file brings the last good word; the service has known since then that the key was revoked before."""
    pdf = estate.b_lt(licence())
    serial = estate.president.certificate.serial_number
    trust = estate.trust(at=T0 + HOUR, revoked={serial: T0 - HOUR})
    facts = inspect_bytes(pdf, trust, T0 + DAY).signatures[0]
    assert facts.revocation.revoked_at == T0 - HOUR


def test_leaf_that_certifies(estate: Estate, thief: Party) -> None:
    """A holder issues a certificate to a friend (RFC 5280, 6.1.4 k: he is no authority)."""
    from tests.signer.verification.estate import issue, name, usage

    friend = issue(name("Governor", "IDCMA-X1"), thief, key_usage=usage(commitment=True))
    pdf = estate.sign(licence(), friend, chain=(thief, estate.issuing))
    assert judged(estate, pdf)[0] is not Verdict.AUTHENTIC


def test_self_made_root_in_the_file(estate: Estate) -> None:
    """The file carries the whole chain, root included; an anchor is never taken from a file."""
    stranger = Estate()
    pdf = stranger.b_lt(licence())
    assert judged(estate, pdf) == (Verdict.NOT_AUTHENTIC, Reason.UNKNOWN_SIGNER)


def answer_for(
    estate: Estate, pdf: bytes, facts: DocumentFacts | None, *, ours: bool = True
) -> tuple[Verdict, Reason, Kind]:
    findings = inspected(estate, pdf)
    office = OfficeFacts(entitled=Entitled.YES, reason="office-current", body=BODY)
    signer_facts = tuple(SignerFacts(office=office) for _ in findings.signatures)
    answer = conclude(
        findings, RegisterFacts(signers=signer_facts, document=facts, claims_our_series=ours), at=T0 + DAY
    )
    return answer.verdict, answer.reason, answer.kind


def test_opinion_that_calls_itself_a_licence(estate: Estate) -> None:
    """khatam.json lies: the register's kind speaks, and an opinion has no force."""
    pdf = estate.b_lt(document({"reference": "L26-0000123", "kind": "licence"}, field_names=("President",)))
    facts = DocumentFacts(reference="O26-0000001", kind=Kind.OPINION, body=BODY, match=Match.KEPT)
    assert answer_for(estate, pdf, facts) == (Verdict.AUTHENTIC, Reason.SIGNED, Kind.OPINION)


def test_two_documents_with_one_reference(estate: Estate) -> None:
    """A second document, well signed, under a number that the register gave to other bytes."""
    pdf = estate.b_lt(document(field_names=("President",)))
    facts = DocumentFacts(reference="L26-0000123", kind=Kind.LICENCE, body=BODY, match=Match.DIFFERENT)
    assert answer_for(estate, pdf, facts)[:2] == (Verdict.NOT_AUTHENTIC, Reason.DIFFERS_FROM_REGISTER)


def test_number_that_the_register_never_gave(estate: Estate) -> None:
    """A good signature under a number of ours that does not exist."""
    pdf = estate.b_lt(document({"reference": "L26-9999999", "kind": "licence"}, field_names=("President",)))
    assert answer_for(estate, pdf, None)[:2] == (Verdict.NOT_AUTHENTIC, Reason.REFERENCE_NOT_IN_REGISTER)


def test_no_number_at_all(estate: Estate) -> None:
    """A good signature on a document that claims nothing: nobody can tell."""
    pdf = estate.b_lt(licence())
    assert answer_for(estate, pdf, None, ours=False)[:2] == (Verdict.CANNOT_TELL, Reason.UNKNOWN_DOCUMENT)


def test_the_same_root_name_under_another_key(estate: Estate) -> None:
    """An authority of strangers calls itself by our names: names are not keys (RFC 5280, 6.1.1)."""
    twin = Estate()
    assert twin.root.certificate.subject == estate.root.certificate.subject
    assert isinstance(twin.root.certificate, x509.Certificate)
    pdf = estate.with_proofs(twin.sign(licence()), estate.ocsp_response(estate.president, T0 + MINUTE))
    assert judged(estate, pdf) == (Verdict.NOT_AUTHENTIC, Reason.UNKNOWN_SIGNER)
