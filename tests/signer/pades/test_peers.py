"""The whole life of minutes: three signers one after another, validation data in between, judged by others."""

import io
from pathlib import Path

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel

from hsm.keys import SignatureAlgorithm
from signer.pades.validation_data import add_validation
from tests.signer.pades.estate import Estate
from tests.signer.pades.peers import ades_names, integrity, openssl_verify, pdfsig, qpdf_check

FIELDS = ("President", "Member-1", "Member-2")


@pytest.fixture(scope="module", params=[True, False], ids=["certified", "approved"])
def minutes(request: pytest.FixtureRequest, estate: Estate, licence: bytes, mark: bytes) -> bytes:
    pdf = licence
    for place, (field, who) in enumerate(zip(FIELDS, (estate.president, *estate.members), strict=False)):
        certify = place == 0 and request.param
        pdf = estate.sign(pdf, who, field_name=field, mark=mark, certify=certify)
        pdf = add_validation(pdf, proofs=estate.proofs(who, estate.tsa))
    return pdf


def test_pyhanko_finds_every_signature_valid(minutes: bytes, estate: Estate) -> None:
    statuses = integrity(minutes, estate)
    assert len(statuses) == 3
    for status in statuses:
        assert status.bottom_line
        assert status.docmdp_ok
        assert status.modification_level in (ModificationLevel.FORM_FILLING, ModificationLevel.LTA_UPDATES)
        assert status.timestamp_validity.trusted


def test_every_signature_is_b_lt(minutes: bytes, estate: Estate) -> None:
    assert ades_names(minutes, estate) == ["PASSED"] * 3


def test_openssl_verifies_every_revision(minutes: bytes, estate: Estate, tmp_path: Path) -> None:
    assert openssl_verify(minutes, estate.root.pem, tmp_path) == 3


def test_pdfsig_finds_every_signature_valid(minutes: bytes, tmp_path: Path) -> None:
    said = pdfsig(minutes, tmp_path)
    assert said.count("Signature is Valid") == 3
    assert said.count("ETSI.CAdES.detached") == 3


def test_cut_at_each_signature_it_covers_the_total_document(minutes: bytes, tmp_path: Path) -> None:
    for signature in PdfFileReader(io.BytesIO(minutes)).embedded_signatures:
        _, _, after, length = (int(each) for each in signature.byte_range)
        assert pdfsig(minutes[: after + length], tmp_path).count("Total document signed") == 1


def test_what_follows_the_last_signature_is_validation_data_only(minutes: bytes) -> None:
    reader = PdfFileReader(io.BytesIO(minutes))
    last = reader.embedded_signatures[-1]
    later = reader.xrefs.explicit_refs_in_revision(last.signed_revision + 1)
    root = reader.trailer.raw_get("/Root").idnum
    store = reader.root.raw_get("/DSS").idnum
    held = {each.idnum for key in ("/Certs", "/OCSPs", "/CRLs") for each in list.__iter__(reader.root["/DSS"][key])}
    assert {each.idnum for each in later} <= held | {root, store}


def test_structure(minutes: bytes, tmp_path: Path) -> None:
    assert "No syntax or stream encoding errors found" in qpdf_check(minutes, tmp_path)


@pytest.mark.parametrize(
    ("member", "algorithm"),
    [
        (None, SignatureAlgorithm.RSA_PSS_SHA256),
        (0, SignatureAlgorithm.ECDSA_SHA256),
        (1, SignatureAlgorithm.ECDSA_SHA256),
    ],
)
def test_every_algorithm(
    estate: Estate, licence: bytes, tmp_path: Path, member: int | None, algorithm: SignatureAlgorithm
) -> None:
    who = estate.president if member is None else estate.members[member]
    signed = estate.sign(licence, who, algorithm=algorithm)
    assert openssl_verify(signed, estate.root.pem, tmp_path) == 1
    assert "Signature is Valid" in pdfsig(signed, tmp_path)
    assert integrity(signed, estate)[0].bottom_line


def test_without_a_time_stamp(estate: Estate, licence: bytes, tmp_path: Path) -> None:
    assert openssl_verify(estate.sign(licence, at=None), estate.root.pem, tmp_path) == 1


def test_a_changed_byte_is_seen(estate: Estate, licence: bytes, mark: bytes, tmp_path: Path) -> None:
    signed = bytearray(estate.sign(licence, mark=mark))
    signed[5000] ^= 1
    assert "Signature is Valid" not in pdfsig(bytes(signed), tmp_path)
