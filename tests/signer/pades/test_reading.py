import pytest

from signer.pades.errors import PdfUnreadable
from signer.pades.names import names_of
from signer.pades.reading import read_signed_pdf
from signer.pades.validation_data import add_validation
from tests.signer.pades.estate import T0, Estate


def test_signatures_with_their_chains_and_times(estate: Estate, licence: bytes, mark: bytes) -> None:
    signed = estate.sign(licence, mark=mark)
    signed = estate.sign(signed, estate.members[0], field_name="Member-1", at=None)
    one, other = read_signed_pdf(signed).signatures
    assert one.chain == (estate.president.der, estate.issuing.der)
    assert one.time_stamp_chain == (estate.tsa.der, estate.issuing.der)
    assert one.gen_time == T0
    assert other.chain == (estate.members[0].der, estate.issuing.der)
    assert other.time_stamp_chain == ()
    assert other.gen_time is None


def test_validation_data(estate: Estate, licence: bytes) -> None:
    signed = estate.sign(licence)
    proofs = estate.proofs()
    assert read_signed_pdf(signed).ocsp_responses == ()
    found = read_signed_pdf(add_validation(signed, proofs=proofs))
    assert found.ocsp_responses == proofs.ocsp_responses
    assert found.crls == proofs.crls


def test_without_a_signature(licence: bytes) -> None:
    with pytest.raises(PdfUnreadable):
        read_signed_pdf(licence)


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"/ByteRange [0 1 5 1]<<ab>>"])
def test_no_pdf(content: bytes) -> None:
    with pytest.raises(PdfUnreadable):
        read_signed_pdf(content)


def test_names_are_as_the_certificate_spells_them(estate: Estate) -> None:
    names = names_of(estate.president.der)
    assert names.issuer == estate.issuing.certificate.subject.public_bytes()
    assert names.subject == estate.president.certificate.subject.public_bytes()
    assert int.from_bytes(names.serial[2:], "big") == estate.president.certificate.serial_number


@pytest.mark.parametrize("content", [b"", b"\x30", b"\x30\x80\x00\x00", b"\x30\x02\x30\x00", b"\x30\x05\x02\x01"])
def test_what_is_no_certificate(content: bytes) -> None:
    with pytest.raises(ValueError):
        names_of(content)
