"""Anchors: dates, environment, the list."""

from datetime import timedelta

import pytest
from cryptography import x509
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pki.records import Records
from pki.trust.anchors import TrustAnchor, add_anchor, trust_bundle_pem, trust_list
from pki.trust.errors import AnchorReason, AnchorRefused
from pki.trust.marks import Environment, bears_rehearsal_marks
from tests.pki.ca.estate import BY, T0, House, OutsideCa

DAY = timedelta(days=1)
REAL, TEST = OutsideCa(name="AC Racine"), OutsideCa(name="AC Racine TEST")


def add(records: Records, der: bytes, environment: str = "rehearsal", **options: object) -> TrustAnchor:
    with records.writing() as session:
        return add_anchor(session, der=der, environment=environment, source="tests", at=T0, by=BY, **options)  # type: ignore[arg-type]


def test_production_refuses_rehearsal_anchors(records: Records, house: House) -> None:
    for der in (TEST.der, house.founded.root_der, house.founded.issuing_der):
        with pytest.raises(AnchorRefused) as refused:
            add(records, der, "production")
        assert refused.value.reason is AnchorReason.REHEARSAL
    add(records, REAL.der, "production")
    add(records, TEST.der)
    with records.reading() as session:
        assert [each.der for each in trust_list(session, environment="production")] == [REAL.der]
        assert len(trust_list(session, environment="rehearsal")) == 2
        with pytest.raises(ValueError, match="elsewhere"):
            trust_list(session, environment="elsewhere")


def test_anchor_keeps_its_own_dates_unless_told(records: Records) -> None:
    anchor = add(records, TEST.der)
    assert anchor.not_after == TEST.certificate.not_valid_after_utc
    assert anchor.environment is Environment.REHEARSAL
    add(records, TEST.der)  # the same again changes nothing
    dated = add(records, REAL.der, not_before=T0, not_after=T0 + DAY, policy_oids=("1.2.3",))
    with records.reading() as session:
        found = trust_list(session, environment="rehearsal")
    assert len(found) == 2
    assert dated in found
    with pytest.raises(AnchorRefused):
        add(records, OutsideCa().der, not_before=T0, not_after=T0 - DAY)


def test_other_policies_than_before_are_refused(records: Records) -> None:
    add(records, TEST.der, policy_oids=("1.2.4", "1.2.3"))
    add(records, TEST.der, policy_oids=("1.2.3", "1.2.4", "1.2.3"))
    for others in ((), ("1.2.3",), ("1.2.3", "1.2.4", "1.2.5")):
        with pytest.raises(AnchorRefused) as refused:
            add(records, TEST.der, policy_oids=others)
        assert refused.value.reason is AnchorReason.POLICIES
    with records.reading() as session:
        (kept,) = trust_list(session, environment="rehearsal")
    assert kept.policy_oids == ("1.2.3", "1.2.4")


def test_what_is_no_authority_is_refused(records: Records) -> None:
    with pytest.raises(AnchorRefused) as refused:
        add(records, TEST.issue())
    assert refused.value.reason is AnchorReason.NOT_AN_AUTHORITY


def test_bundle_is_pem(records: Records) -> None:
    add(records, TEST.der)
    add(records, REAL.der)
    with records.reading() as session:
        bundle = trust_bundle_pem(session, environment="rehearsal")
    assert len(x509.load_pem_x509_certificates(bundle.encode())) == 2


def test_marks(house: House) -> None:
    assert bears_rehearsal_marks(TEST.certificate)
    assert not bears_rehearsal_marks(REAL.certificate)
    assert not bears_rehearsal_marks(OutsideCa(name="Contestation").certificate)
    assert bears_rehearsal_marks(house.certificate(house.founded.seal_der))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(st.one_of(st.binary(max_size=200), st.integers(0, len(TEST.der) - 1).map(lambda n: TEST.der[:n])))
def test_hostile_bytes_are_refused(records: Records, data: bytes) -> None:
    with pytest.raises(AnchorRefused):
        add(records, data)
