"""Paths: one deviation each."""

from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from pki.trust.anchors import TrustAnchor
from pki.trust.errors import ChainReason, ChainRefused
from pki.trust.marks import TEST_POLICY, Environment
from pki.trust.paths import ValidatedPath, validate_chain
from tests.pki.ca.estate import T0, House, OutsideCa, usage

DAY = timedelta(days=1)
ROOT = OutsideCa()
BELOW = OutsideCa(name="Below TEST", parent=ROOT)
LEAF = BELOW.issue()


def anchor(der: bytes = ROOT.der, **changes: object) -> TrustAnchor:
    values: dict[str, object] = {
        "der": der,
        "not_before": T0 - DAY,
        "not_after": T0 + 300 * DAY,
        "policy_oids": (),
        "environment": Environment.REHEARSAL,
        "source": "tests",
    }
    return TrustAnchor(**values | changes)  # type: ignore[arg-type]


def validate(
    leaf: bytes = LEAF,
    between: tuple[bytes, ...] = (BELOW.der,),
    anchors: tuple[TrustAnchor, ...] | None = None,
    at: datetime = T0,
) -> ValidatedPath:
    return validate_chain(leaf, between, anchors=(anchor(),) if anchors is None else anchors, at=at)


def reason(*arguments: object, **options: object) -> ChainReason:
    with pytest.raises(ChainRefused) as refused:
        validate(*arguments, **options)  # type: ignore[arg-type]
    return refused.value.reason


def test_path_leads_to_the_anchor() -> None:
    path = validate()
    assert path.certificates == (LEAF, BELOW.der)
    assert path.anchor.der == ROOT.der
    assert validate(ROOT.issue(), ()).certificates
    noise = (OutsideCa().der, BELOW.der, ROOT.der)
    assert validate(LEAF, noise).certificates == (LEAF, BELOW.der)
    assert validate(anchors=(anchor(OutsideCa().der), anchor())).anchor.der == ROOT.der


def test_no_anchor_no_path() -> None:
    assert reason(anchors=()) is ChainReason.NO_ANCHOR
    assert reason(anchors=(anchor(OutsideCa(name="Other TEST").der),)) is ChainReason.NO_ANCHOR
    assert reason(LEAF, ()) is ChainReason.NO_ANCHOR
    assert reason(OutsideCa(name="Below TEST").issue()) is not None  # the right name, another key


def test_dates_of_the_anchor_and_of_the_path() -> None:
    assert validate(at=T0 + 300 * DAY)
    assert reason(at=T0 + 300 * DAY + timedelta(seconds=1)) is ChainReason.NO_ANCHOR
    assert reason(at=T0 - 2 * DAY) is ChainReason.NO_ANCHOR
    far = (anchor(not_before=T0 - 9000 * DAY, not_after=T0 + 9000 * DAY),)
    assert reason(anchors=far, at=T0 + 4000 * DAY) is ChainReason.NOT_VALID
    assert reason(anchors=far, at=T0 - 4000 * DAY) is ChainReason.NOT_VALID


def test_leaf_as_an_authority_is_refused() -> None:
    class Leaf(OutsideCa):
        def __post_init__(self) -> None:
            self.certificate = x509.load_der_x509_certificate(BELOW.issue(self.key.public_key()))

    assert reason(Leaf().issue(), (Leaf().der, BELOW.der)) is not None
    leaf = Leaf()
    assert reason(leaf.issue(key_usage=usage(commitment=True)), (leaf.der, BELOW.der)) is ChainReason.NOT_VALID


def test_policies(house: House) -> None:
    leaf, between = house.issue().der, (house.founded.issuing_der,)
    ours = anchor(house.founded.root_der)
    assert validate(leaf, between, (ours,))
    for oids, accepted in (((TEST_POLICY,), True), (("1.2.3",), False), (("1.2.3", TEST_POLICY), True)):
        asked = (anchor(house.founded.root_der, policy_oids=oids),)
        if accepted:
            assert validate(leaf, between, asked)
        else:
            assert reason(leaf, between, asked) is ChainReason.POLICY
    assert reason(anchors=(anchor(policy_oids=("1.2.3",)),)) is ChainReason.POLICY


def test_weak_keys_and_digests() -> None:
    assert reason(BELOW.issue(rsa.generate_private_key(65537, 1024).public_key())) is ChainReason.WEAK
    assert reason(_sha1_leaf()) is ChainReason.WEAK


def _sha1_leaf() -> bytes:
    """A leaf whose signature algorithm says ECDSA with SHA-1; no library signs so any more."""
    der = x509.load_der_x509_certificate(BELOW.issue())
    sha256, sha1 = bytes.fromhex("06082a8648ce3d040302"), bytes.fromhex("06072a8648ce3d0401")
    tbs = der.tbs_certificate_bytes
    from hsm.prepared.der import sequence
    from pki.der import bit_string, read_one

    inner = read_one(tbs, 0x30).content.replace(sequence(sha256), sequence(sha1), 1)
    return sequence(sequence(inner), sequence(sha1), bit_string(der.signature))


def test_unknown_critical_extension_is_refused() -> None:
    builder = BELOW._builder(x509.Name([]), ROOT.key.public_key(), BELOW.certificate.subject)
    stranger = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    leaf = builder.add_extension(stranger, critical=True).sign(BELOW.key, hashes.SHA256())
    assert reason(leaf.public_bytes(Encoding.DER)) is ChainReason.NOT_VALID


@settings(deadline=None, max_examples=60)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.integers(0, len(LEAF) - 1).map(lambda n: LEAF[:n]),
        st.tuples(st.integers(0, len(LEAF) - 1), st.integers(1, 255)).map(
            lambda change: LEAF[: change[0]] + bytes((LEAF[change[0]] ^ change[1],)) + LEAF[change[0] + 1 :]
        ),
    )
)
def test_hostile_leaves_are_refused(data: bytes) -> None:
    with pytest.raises(ChainRefused):
        validate(data)


def test_too_many_between() -> None:
    assert reason(LEAF, (BELOW.der,) * 9) is ChainReason.MALFORMED
