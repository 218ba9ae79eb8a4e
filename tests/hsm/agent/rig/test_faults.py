"""The engine over a module that fails by script: pulled with any code, crashed, done but said to have failed."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hsm.agent.consent import InterruptionKind
from hsm.agent.errors import AgentCode
from tests.hsm.agent.estate import FixedPins
from tests.hsm.agent.people import Person
from tests.hsm.agent.rig.conftest import COUNT
from tests.hsm.agent.rig.desk import Desk, Prepared, make_desk, mending, require_none_doubled, service_for
from tests.hsm.conftest import RIGHT, Device, make_device
from tests.hsm.prepared.authority import Authority, usage
from tests.rig.faulty.codes import CKR
from tests.rig.faulty.control import Faulty

Death = Literal["segv", "abort", "exit"]
GONE = (
    CKR.DEVICE_REMOVED,
    CKR.TOKEN_NOT_PRESENT,
    CKR.SESSION_HANDLE_INVALID,
    CKR.SESSION_CLOSED,
    CKR.DEVICE_ERROR,
    CKR.GENERAL_ERROR,
    CKR.FUNCTION_FAILED,
    CKR.KEY_HANDLE_INVALID,
    CKR.USER_NOT_LOGGED_IN,
)
"""What drivers say when their device was pulled out."""


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[tuple[Device, bytes]]:
    """A SoftHSM device with a signature key and its certificate."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", "")
        device = make_device(tmp_path_factory.mktemp("softhsm"), "president")
        with device.module() as module:
            ref = device.generate(module)
            public = module.key(ref, device.typed()).public_key
            made = authority.issue(public, key_usage=usage(content_commitment=True), purposes=(), subject="TEST holder")
            der = made.public_bytes(Encoding.DER)
            assert x509.load_der_x509_certificate(der).public_key() == public
            module.write_certificate(ref, der, label="signature", pins=device.typed())
        yield device, der


@contextmanager
def seated(device: Device, authority: Authority) -> Iterator[tuple[Desk, Faulty]]:
    """A fresh PC with that device behind a fresh faulty module."""
    with tempfile.TemporaryDirectory() as name:
        faulty = Faulty(Path(name) / "faulty")
        yield make_desk(Path(name), authority, faulty.path, softhsm_conf=device.conf), faulty


@settings(max_examples=10, deadline=None)
@given(removal=st.tuples(st.integers(0, COUNT - 1), st.sampled_from(GONE)), is_left=st.booleans())
@example(removal=(4, CKR.USER_NOT_LOGGED_IN), is_left=False)
def test_pulled_at_any_document_with_any_code(
    certified: tuple[Device, bytes], authority: Authority, batch: Prepared, removal: tuple[int, CKR], is_left: bool
) -> None:
    (device, certificate), (k, code) = certified, removal
    with seated(device, authority) as (desk, faulty):
        service, pins = service_for(authority, certificate, batch), FixedPins(RIGHT)
        faulty.remove("C_Sign", at=k + 1, code=code)
        person = Person(mend=None if is_left else mending(faulty.put_back))
        report = desk.sign(service, person, pins)
        (interruption,) = person.interruptions
        assert interruption.kind is InterruptionKind.DEVICE_REMOVED
        assert (interruption.kept, interruption.count) == (k, COUNT)
        if is_left:
            assert report.error is not None
            assert report.error.resumable
            assert report.kept == len(service.kept) == k
            faulty.put_back()
            report = desk.sign(service, Person(), pins)
        assert report.error is None, str(report.error)
        require_none_doubled(service)
        assert service.posted == [f"i{number}" for number in range(COUNT)]
        assert pins.asked == 2
        assert all(each.result == "CKR_OK" for each in faulty.pins_sent())
        assert desk.left_running() == []


@pytest.mark.parametrize("death", [("segv", False), ("abort", True), ("exit", False)], ids=str)
def test_the_drivers_process_dies_in_mid_batch(
    certified: tuple[Device, bytes], authority: Authority, batch: Prepared, death: tuple[Death, bool]
) -> None:
    (device, certificate), (how, performed) = certified, death
    with seated(device, authority) as (desk, faulty):
        service, pins = service_for(authority, certificate, batch), FixedPins(RIGHT)
        faulty.crash("C_Sign", how, at=4, performed=performed)
        first = desk.sign(service, Person(), pins)
        assert first.error is not None
        assert first.error.resumable
        assert first.error.code in {AgentCode.DEVICE_REMOVED, AgentCode.DRIVER_CRASHED}
        assert (first.kept, len(service.kept), len(first.left)) == (3, 3, COUNT - 3)
        assert desk.left_running() == []
        again = desk.sign(service, Person(), pins)
        assert again.error is None, str(again.error)
        require_none_doubled(service)


@pytest.mark.parametrize("code", [CKR.DEVICE_ERROR, CKR.FUNCTION_FAILED, CKR.DEVICE_MEMORY, CKR.SESSION_CLOSED])
def test_done_by_the_device_and_said_to_have_failed(
    certified: tuple[Device, bytes], authority: Authority, batch: Prepared, code: CKR
) -> None:
    """The value is lost with the answer: the document is signed again, and has one signature."""
    device, certificate = certified
    with seated(device, authority) as (desk, faulty):
        service, pins = service_for(authority, certificate, batch), FixedPins(RIGHT)
        faulty.answer("C_Sign", code, at=4, performed=True)
        report = desk.sign(service, Person(mend=mending(lambda: None)), pins)
        if report.error is not None:
            assert report.kept == len(service.kept) == 3
            if not report.error.resumable:  # then the sitting is closed, and the page gives another ticket
                assert service.closed == [report.error.code.value]
                service.bound = None
            report = desk.sign(service, Person(), pins)
        assert report.error is None, str(report.error)
        require_none_doubled(service)
        assert service.posted == [f"i{number}" for number in range(COUNT)]
        assert len([each for each in faulty.calls("C_Sign") if each.performed]) == COUNT + 1
