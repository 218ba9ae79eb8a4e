"""Certificates that holders already have."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import example, given
from hypothesis import strategies as st

from pki.ca.certificates import CertificateRecord
from pki.ca.errors import CertificateRefused, KeyAlreadyCertified, RegistrationReason
from pki.ca.issuers import add_external_issuer
from pki.ca.registered import named_person, parse_certificate, register_certificate
from pki.ca.tables import CertificateOrigin
from tests.pki.ca.estate import BY, HOLDER, ORDER, T0, House, OutsideCa, csr, usage

OTHER = OutsideCa()


@pytest.fixture
def issuer(house: House) -> object:
    with house.records.writing() as session:
        return add_external_issuer(session, name="Autre", certificate=OTHER.certificate, parent=None, at=T0)


def register(house: House, issuer: object, der: bytes, at: object = T0) -> CertificateRecord:
    with house.records.writing() as session:
        return register_certificate(
            session,
            der=der,
            issuer=issuer,
            holder=HOLDER,
            order=ORDER,
            at=at,
            by=BY,  # type: ignore[arg-type]
        )


def reason(house: House, issuer: object, der: bytes, at: object = T0) -> RegistrationReason:
    with pytest.raises(CertificateRefused) as refused:
        register(house, issuer, der, at)
    return refused.value.reason


def test_registered_once(house: House, issuer: object) -> None:
    der = OTHER.issue()
    registered = register(house, issuer, der)
    assert registered.origin is CertificateOrigin.REGISTERED
    assert registered.holder == HOLDER
    assert reason(house, issuer, der) is RegistrationReason.ALREADY_REGISTERED
    person = named_person(parse_certificate(der))
    assert (person.name_latin, person.cin) == ("Salma Bennani", "AB654321")


def test_key_certified_here_is_refused(house: House, issuer: object) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    house.issue(csr(key))
    with pytest.raises(KeyAlreadyCertified):
        register(house, issuer, OTHER.issue(key.public_key()))


def test_certificate_of_another_use_is_refused(house: House, issuer: object) -> None:
    for other in (usage(signature=True), usage(authority=True, commitment=True)):
        assert reason(house, issuer, OTHER.issue(key_usage=other)) is RegistrationReason.NOT_FOR_SIGNATURES
    assert reason(house, issuer, OTHER.der) is RegistrationReason.NOT_FOR_SIGNATURES


def test_other_deviations(house: House, issuer: object) -> None:
    assert reason(house, issuer, OutsideCa().issue()) is RegistrationReason.OTHER_ISSUER
    assert reason(house, issuer, OTHER.issue(), T0.replace(year=2030)) is RegistrationReason.NOT_VALID_NOW
    weak = rsa.generate_private_key(65537, 1024).public_key()
    assert reason(house, issuer, OTHER.issue(weak)) is RegistrationReason.KEY_WEAK
    assert reason(house, house.founded.issuing_id, house.issue().der) is RegistrationReason.ISSUER_IS_OURS
    assert reason(house, issuer, OTHER.issue()[:-3]) is RegistrationReason.MALFORMED


GOOD = OTHER.issue()


@given(st.one_of(st.binary(max_size=300), st.integers(0, len(GOOD) - 1).map(lambda n: GOOD[:n])))
def test_hostile_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(CertificateRefused):
        parse_certificate(data)


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
@example(15, 128)  # a serial below zero
def test_changed_bytes_are_refused_or_parsed(place: int, change: int) -> None:
    try:
        parse_certificate(GOOD[:place] + bytes((GOOD[place] ^ change,)) + GOOD[place + 1 :])
    except CertificateRefused:
        return
