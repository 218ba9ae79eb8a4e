"""Desks with a virtual token behind PC/SC and OpenSC, or with a module that fails by script."""

from pathlib import Path

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from tests.hsm.agent.rig.desk import Desk, Prepared, make_desk
from tests.hsm.prepared.authority import Authority
from tests.hsm.prepared.documents import Preparer, make_base, make_stamp
from tests.rig.estates.fixtures import card_authority, card_estate, make_token
from tests.rig.estates.pcsc import Estate

__all__ = ["card_authority", "card_estate", "make_token"]
COUNT = 8


@pytest.fixture(scope="session")
def batch(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Prepared:
    """Eight bases, each with its prepared file."""
    stamp = tmp_path_factory.mktemp("stamp") / "stamp.pdf"
    stamp.write_bytes(make_stamp())
    certificate = authority.issue(ec.generate_private_key(ec.SECP256R1()).public_key()).public_bytes(Encoding.DER)
    preparer, base = Preparer(stamp, asn1_x509.Certificate.load(certificate)), make_base(stream_xrefs=False)
    return Prepared((base, preparer.prepare(base)) for _ in range(COUNT))


@pytest.fixture
def desk(tmp_path: Path, authority: Authority, card_estate: Estate) -> Desk:
    """The PC with the readers."""
    return make_desk(tmp_path, authority, card_estate.module, environment=dict(card_estate.environment))
