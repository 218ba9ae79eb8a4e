"""Other issuers: their anchor and their lists, as configured sources."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pki.ca.errors import CertificateRefused, IssuerUnknown
from pki.ca.issuers import issuer_chain, issuers
from pki.ca.registered import register_certificate
from pki.status.errors import CrlReason, CrlRefused, IssuerRefused, RevocationNotOurs
from pki.status.external import configure_external_crl, register_external_issuer
from pki.status.lists import latest_list
from pki.status.revocation import Standing, certificate_state, revoke
from pki.status.tables import RevocationReason
from pki.trust.anchors import trust_list
from pki.trust.errors import AnchorRefused
from tests.pki.ca.estate import BY, HOLDER, ORDER, T0, House, OutsideCa

DAY = timedelta(days=1)
OTHER = OutsideCa()


def register(house: House, ca: OutsideCa = OTHER, **options: object) -> UUID:
    root = ca.parent or ca
    values: dict[str, object] = {"root": root.der, "environment": "rehearsal", **options}
    return register_external_issuer(house.records, name="Autre", certificate=ca.der, at=T0, by=BY, **values)  # type: ignore[arg-type]


def refused(house: House, issuer: UUID, crl: bytes, at: datetime = T0) -> CrlReason:
    with pytest.raises(CrlRefused) as error:
        configure_external_crl(house.records, issuer=issuer, crl=crl, at=at, by=BY)
    return error.value.reason


def test_root_that_issues_itself(house: House) -> None:
    issuer = register(house, crl=OTHER.crl(T0, 7))
    assert register(house) == issuer  # the same again
    with house.records.reading() as session:
        assert issuer_chain(session, issuer) == ()
        held = latest_list(session, issuer)
        assert [anchor.der for anchor in trust_list(session, environment="rehearsal")] == [OTHER.der]
    assert held is not None
    assert held.number == 7


def test_issuer_below_a_root_takes_the_lists_of_both(house: House) -> None:
    below = OutsideCa(name="Autre Issuing TEST", parent=OTHER)
    issuer = register(house, below)
    configure_external_crl(house.records, issuer=issuer, crl=below.crl(T0, 1), at=T0, by=BY)
    configure_external_crl(house.records, issuer=issuer, crl=OTHER.crl(T0, 900), at=T0, by=BY)
    with house.records.reading() as session:
        assert issuer_chain(session, issuer) == (below.der,)
        known = {each.der: each.id for each in issuers(session)}
        root = latest_list(session, known[OTHER.der])
        own = latest_list(session, issuer)
    assert root is not None
    assert own is not None
    assert (root.number, own.number) == (900, 1)


def test_older_list_is_refused(house: House) -> None:
    issuer = register(house)
    newest = OTHER.crl(T0, 10)
    configure_external_crl(house.records, issuer=issuer, crl=newest, at=T0, by=BY)
    assert configure_external_crl(house.records, issuer=issuer, crl=newest, at=T0, by=BY).number == 10
    assert refused(house, issuer, OTHER.crl(T0, 9)) is CrlReason.OLDER
    assert refused(house, issuer, OTHER.crl(T0, 10)) is CrlReason.OLDER
    assert refused(house, issuer, OTHER.crl(T0 - DAY, 11)) is CrlReason.OLDER
    configure_external_crl(house.records, issuer=issuer, crl=OTHER.crl(T0, 1 << 150), at=T0, by=BY)


def test_other_deviations(house: House) -> None:
    issuer = register(house)
    assert refused(house, issuer, OutsideCa().crl(T0, 1)) is CrlReason.OTHER_ISSUER  # its name, another key
    assert refused(house, issuer, OTHER.crl(T0, None)) is CrlReason.NUMBER_MISSING
    assert refused(house, issuer, OTHER.crl(T0 + DAY, 1)) is CrlReason.NOT_YET
    assert refused(house, issuer, OTHER.crl(T0, 1)[:-1]) is CrlReason.MALFORMED
    assert refused(house, issuer, part_of(OTHER)) is CrlReason.PARTIAL
    with pytest.raises(IssuerUnknown):
        configure_external_crl(house.records, issuer=uuid4(), crl=OTHER.crl(T0, 1), at=T0, by=BY)
    with pytest.raises(IssuerUnknown):  # our own lists are made, not given
        configure_external_crl(house.records, issuer=house.founded.issuing_id, crl=OTHER.crl(T0, 1), at=T0, by=BY)


def part_of(ca: OutsideCa) -> bytes:
    builder = x509.CertificateRevocationListBuilder().issuer_name(ca.certificate.subject)
    builder = builder.last_update(T0).next_update(T0 + DAY).add_extension(x509.CRLNumber(5), critical=False)
    part = x509.IssuingDistributionPoint(
        full_name=None,
        relative_name=None,
        only_contains_user_certs=True,
        only_contains_ca_certs=False,
        only_some_reasons=None,
        indirect_crl=False,
        only_contains_attribute_certs=False,
    )
    builder = builder.add_extension(part, critical=True)
    return builder.sign(ca.key, hashes.SHA256()).public_bytes(Encoding.DER)


def test_issuers_that_are_none(house: House) -> None:
    with pytest.raises(IssuerRefused):
        register_external_issuer(
            house.records, name="x", certificate=OTHER.issue(), root=OTHER.der, environment="rehearsal", at=T0, by=BY
        )
    with pytest.raises(IssuerRefused):
        register(house, OTHER, root=OutsideCa(name="Third TEST").der)
    below = OutsideCa(name="Below TEST", parent=OTHER)
    with pytest.raises(IssuerRefused):
        register(house, below, root=below.der)
    with pytest.raises(CertificateRefused):
        register(house, OTHER, root=b"no certificate")
    with pytest.raises(AnchorRefused):
        register(house, OTHER, environment="production")
    with pytest.raises(CrlRefused):  # all or nothing
        register(house, OTHER, crl=OutsideCa().crl(T0, 1))
    with house.records.reading() as session:
        assert trust_list(session, environment="rehearsal") == ()


def test_revoked_elsewhere_is_revoked_here(house: House) -> None:
    issuer = register(house)
    der = OTHER.issue()
    with house.records.writing() as session:
        held = register_certificate(session, der=der, issuer=issuer, holder=HOLDER, order=ORDER, at=T0, by=BY)
    with pytest.raises(RevocationNotOurs), house.records.writing() as session:
        revoke(session, certificate=held.id, reason=RevocationReason.KEY_COMPROMISE, at=T0, by=BY)
    when = T0.replace(microsecond=0)
    crl = OTHER.crl(T0 + DAY, 3, {int(held.serial, 16): when})
    with house.records.reading() as session:
        assert certificate_state(session, certificate=held.id, at=T0).standing is Standing.VALID
    configure_external_crl(house.records, issuer=issuer, crl=crl, at=T0 + DAY, by=BY)
    with house.records.reading() as session:
        state = certificate_state(session, certificate=held.id, at=T0)
    assert state.standing is Standing.REVOKED
    assert state.revocation is not None
    assert state.revocation.revoked_at == when


GOOD = OTHER.crl(T0, 50, {4711: T0})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.integers(0, len(GOOD) - 1).map(lambda n: GOOD[:n]),
        st.tuples(st.integers(0, len(GOOD) - 1), st.integers(1, 255)).map(
            lambda change: GOOD[: change[0]] + bytes((GOOD[change[0]] ^ change[1],)) + GOOD[change[0] + 1 :]
        ),
    )
)
def test_hostile_lists_are_refused(house: House, data: bytes) -> None:
    issuer = register(house)
    with pytest.raises(CrlRefused):
        configure_external_crl(house.records, issuer=issuer, crl=data, at=T0, by=BY)
