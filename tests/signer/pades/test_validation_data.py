import io

from pyhanko.pdf_utils.reader import PdfFileReader

from signer.pades.validation_data import add_validation
from tests.signer.pades.estate import T0, Estate, Proofs
from tests.signer.pades.peers import ades_names, integrity


def stored(pdf: bytes, key: str) -> list[bytes]:
    store = PdfFileReader(io.BytesIO(pdf)).root["/DSS"]
    return [each.get_object().data for each in store[key]]


def test_b_t_lacks_what_b_lt_has(estate: Estate, licence: bytes, mark: bytes) -> None:
    signed = estate.sign(licence, mark=mark)
    assert ades_names(signed, estate) == ["INDETERMINATE"]
    assert ades_names(add_validation(signed, proofs=estate.proofs()), estate) == ["PASSED"]


def test_nothing_is_added_twice_and_nothing_new_changes_nothing(estate: Estate, licence: bytes) -> None:
    proofs = estate.proofs()
    once = add_validation(estate.sign(licence), proofs=proofs, certificates=(estate.issuing.der, estate.issuing.der))
    assert stored(once, "/Certs").count(estate.issuing.der) == 1
    assert add_validation(once, proofs=proofs, certificates=(estate.issuing.der,)) == once
    assert add_validation(once, proofs=Proofs()) == once


def test_what_is_there_stays(estate: Estate, licence: bytes) -> None:
    once = add_validation(estate.sign(licence), proofs=Proofs(crls=(estate.crl(estate.root, T0),)))
    twice = add_validation(once, proofs=estate.proofs())
    assert twice.startswith(once)
    assert stored(once, "/CRLs")[0] in stored(twice, "/CRLs")
    assert len(stored(twice, "/OCSPs")) == 2


def test_validation_data_after_certification_changes_nothing_signed(estate: Estate, licence: bytes) -> None:
    signed = add_validation(estate.sign(licence, certify=True), proofs=estate.proofs())
    (status,) = integrity(signed, estate)
    assert status.bottom_line
    assert status.docmdp_ok
