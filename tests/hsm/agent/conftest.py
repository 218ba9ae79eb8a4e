"""Fixtures of the agent's tests."""

from pathlib import Path

import pytest
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from hsm.agent.config import AgentConfig
from tests.hsm.agent.estate import ORIGIN, FakeService, MemoryDevices, Workplace, give_key
from tests.hsm.prepared.authority import Authority, SoftKey
from tests.hsm.prepared.documents import Preparer, make_base, make_stamp


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority.make()


@pytest.fixture(scope="session")
def documents(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> list[tuple[bytes, bytes]]:
    """Three bases, each with its prepared file."""
    stamp = tmp_path_factory.mktemp("stamp") / "stamp.pdf"
    stamp.write_bytes(make_stamp())
    certificate = authority.issue(ec.generate_private_key(ec.SECP256R1()).public_key()).public_bytes(Encoding.DER)
    preparer = Preparer(stamp, asn1_x509.Certificate.load(certificate))
    bases = [make_base(stream_xrefs=index == 1) for index in range(3)]
    return [(base, preparer.prepare(base)) for base in bases]


@pytest.fixture
def workplace(tmp_path: Path, authority: Authority, documents: list[tuple[bytes, bytes]]) -> Workplace:
    devices = MemoryDevices()
    certificate = give_key(devices, authority)
    anchor = tmp_path / "anchor.pem"
    anchor.write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    config = AgentConfig(
        server=ORIGIN,
        environment="rehearsal",
        manifest_anchor=anchor,
        modules=(tmp_path / "module.so",),
        spool=tmp_path / "spool",
    )
    service = FakeService(authority, SoftKey(ec.generate_private_key(ec.SECP256R1())), certificate, list(documents))
    return Workplace(config, devices, service)
