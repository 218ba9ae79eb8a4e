"""Proofs for signatures: fresh where the source can give it."""

from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509 import ocsp

from pki.status.errors import StatusProofUnavailable
from pki.status.external import configure_external_crl, register_external_issuer
from pki.status.lists import publish_due_crls
from pki.status.ocsp import OcspResponder
from pki.status.proofs import LocalStatusProofs
from tests.pki.ca.estate import BY, T0, House, OutsideCa

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


class Clock:
    """Stands still but for those who sleep."""

    def __init__(self, at: datetime) -> None:
        self.at, self.slept = at, 0.0

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.at += timedelta(seconds=seconds)


def source(house: House, clock: Clock) -> LocalStatusProofs:
    responder = OcspResponder(house.records, house.keys)
    return LocalStatusProofs(house.records, responder, clock=clock.now, sleep=clock.sleep)


def test_our_own_chain(house: House) -> None:
    publish_due_crls(house.records, house.keys, at=T0)
    leaf, clock = house.issue(), Clock(T0 + SECOND)
    found = source(house, clock).proofs([leaf.der, house.founded.issuing_der], not_before=T0.replace(microsecond=0))
    (response,) = found.ocsp_responses
    parsed = ocsp.load_der_ocsp_response(response)
    assert parsed.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert parsed.serial_number == int(leaf.serial, 16)
    (crl,) = found.crls
    assert x509.load_der_x509_crl(crl).issuer == x509.load_der_x509_certificate(house.founded.root_der).subject
    assert found.certificates == (house.founded.ocsp_der, house.founded.issuing_der)
    assert clock.slept == 0


@pytest.mark.parametrize("gen_time_micros", [0, 1, 500_000, 999_999])
@pytest.mark.parametrize("now_micros", [0, 400_000, 999_999])
def test_this_update_is_never_before_the_time_stamp(house: House, gen_time_micros: int, now_micros: int) -> None:
    leaf, clock = house.issue(), Clock(T0.replace(microsecond=now_micros))
    not_before = T0.replace(microsecond=gen_time_micros)
    found = source(house, clock).proofs([leaf.der], not_before=not_before)
    assert ocsp.load_der_ocsp_response(found.ocsp_responses[0]).this_update_utc >= not_before
    assert clock.slept <= 1.0


def test_an_instant_to_come_is_refused_without_waiting(house: House) -> None:
    leaf, clock = house.issue(), Clock(T0)
    with pytest.raises(StatusProofUnavailable):
        source(house, clock).proofs([leaf.der], not_before=T0 + 10 * SECOND)
    assert clock.slept == 0


def test_no_list_or_one_that_is_over_is_no_proof(house: House) -> None:
    leaf = house.issue()
    with pytest.raises(StatusProofUnavailable):
        source(house, Clock(T0)).proofs([leaf.der, house.founded.issuing_der], not_before=T0)
    publish_due_crls(house.records, house.keys, at=T0)
    over = Clock(T0 + 91 * DAY)
    with pytest.raises(StatusProofUnavailable):
        source(house, over).proofs([house.founded.issuing_der], not_before=T0)


def test_another_issuers_leaf_gets_its_list(house: House) -> None:
    other = OutsideCa()
    issuer = register_external_issuer(
        house.records, name="Autre", certificate=other.der, root=other.der, environment="rehearsal", at=T0, by=BY
    )
    leaf = other.issue()
    with pytest.raises(StatusProofUnavailable):
        source(house, Clock(T0)).proofs([leaf], not_before=T0)
    crl = other.crl(T0, 1)
    configure_external_crl(house.records, issuer=issuer, crl=crl, at=T0, by=BY)
    found = source(house, Clock(T0)).proofs([leaf], not_before=T0)
    assert (found.ocsp_responses, found.crls, found.certificates) == ((), (crl,), ())


def test_strangers_have_no_proof(house: House) -> None:
    for der in (OutsideCa().issue(), b"no certificate", OutsideCa(name="Khatam Issuing CA TEST").issue()):
        with pytest.raises(StatusProofUnavailable):
            source(house, Clock(T0)).proofs([der], not_before=T0)
