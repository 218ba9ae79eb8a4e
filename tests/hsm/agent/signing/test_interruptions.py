"""A token pulled, the line cut, the service restarted, the agent killed, at any document: k kept, none doubled."""

import dataclasses
import json
import tempfile
from pathlib import Path
from typing import Any

import httpx2
import pytest
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from hsm.agent.config import AgentConfig
from hsm.agent.consent import Interruption, InterruptionKind
from hsm.agent.errors import AgentCode
from hsm.agent.report import ItemState, SigningReport
from hsm.agent.signing.ceremony import Signing
from hsm.agent.signing.waiting import Probe
from tests.hsm.agent.estate import ORIGIN, FakeService, Killed, MemoryDevices, Workplace, give_key
from tests.hsm.agent.foreign import FOREIGN, foreign
from tests.hsm.agent.people import Person
from tests.hsm.prepared.authority import Authority, SoftKey
from tests.hsm.prepared.documents import Preparer, make_base, make_stamp

COUNT = 5
FAULTS = ("pulled", "line cut", "service failing", "killed before the post", "killed after it", "stopped", *FOREIGN)


class Prepared(list[tuple[bytes, bytes]]):
    """Bases with their prepared files; in a failure's report, no more than their number."""

    def __repr__(self) -> str:
        return f"{len(self)} documents"


@pytest.fixture(scope="session")
def several(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Prepared:
    stamp = tmp_path_factory.mktemp("stamp") / "stamp.pdf"
    stamp.write_bytes(make_stamp())
    certificate = authority.issue(ec.generate_private_key(ec.SECP256R1()).public_key()).public_bytes(Encoding.DER)
    preparer, base = Preparer(stamp, asn1_x509.Certificate.load(certificate)), make_base(stream_xrefs=False)
    return Prepared((base, preparer.prepare(base)) for _ in range(COUNT))


def sign(workplace: Workplace, **changed: Any) -> SigningReport:
    around = dataclasses.replace(workplace.surroundings(), **changed)
    return Signing(workplace.config, workplace.ticket, around).run()


def make_workplace(folder: Path, authority: Authority, documents: Prepared) -> Workplace:
    devices = MemoryDevices()
    certificate = give_key(devices, authority)
    anchor = folder / "anchor.pem"
    anchor.write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    config = AgentConfig(
        server=ORIGIN,
        environment="rehearsal",
        manifest_anchor=anchor,
        modules=(folder / "module.so",),
        spool=folder / "spool",
    )
    service = FakeService(authority, SoftKey(ec.generate_private_key(ec.SECP256R1())), certificate, list(documents))
    return Workplace(config, devices, service)


def set_off(workplace: Workplace, fault: str, k: int) -> None:
    """Let `fault` strike at document `k`."""
    path = f"/i{k}/value"

    def strike(method: str, asked: str) -> httpx2.Response | None:
        del method
        if fault == "killed before the post" and asked.endswith(path):
            raise Killed
        if fault == "line cut" and asked.endswith(path):
            raise httpx2.ConnectError("cut")
        if fault in FOREIGN and asked.endswith(path):
            return foreign(fault)
        return httpx2.Response(503) if fault == "service failing" and asked.endswith(path) else None

    workplace.service.before = strike
    if fault == "pulled":
        workplace.devices.remove_after = k
    if fault == "stopped":
        workplace.consent = Person(stop=lambda: len(workplace.devices.signed) > k)


def require_none_doubled(workplace: Workplace) -> None:
    """Each document has one kept value, and no second one that differs was ever posted for it."""
    service = workplace.service
    assert sorted(service.kept) == [f"i{each}" for each in range(COUNT)]
    assert all(value == service.kept[item][1] for item, value in service.values)
    assert workplace.spooled() == []


@settings(max_examples=40, deadline=None)
@given(fault=st.sampled_from(FAULTS), k=st.integers(0, COUNT - 1), always=st.booleans())
def test_whatever_strikes_at_any_document_the_rest_follows_and_none_twice(
    authority: Authority, several: Prepared, fault: str, k: int, always: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        workplace = make_workplace(Path(folder), authority, several)
        workplace.devices.always_authenticate = always
        set_off(workplace, fault, k)
        lose = _losing(workplace, f"/i{k}/value") if fault == "killed after it" else workplace.service.transport()
        try:
            first = sign(workplace, transport=lose)
        except Killed:
            assert fault.startswith("killed")
        else:
            kept = set(workplace.service.kept)
            assert first.kept == len(kept)
            if first.error is None:  # stopped after the last one: nothing was left
                require_none_doubled(workplace)
                return
            assert first.error.resumable
            assert len(first.left) == COUNT - len(kept)
        kept_before = dict(workplace.service.kept)
        workplace.service.before = lambda method, path: None
        workplace.devices.remove_after = None
        workplace.consent = Person()
        second = sign(workplace)
        assert second.error is None, str(second.error)
        require_none_doubled(workplace)
        assert all(workplace.service.kept[item] == value for item, value in kept_before.items())


def _losing(workplace: Workplace, path: str) -> httpx2.MockTransport:
    """A PC that loses power after the service has the value and before the agent hears of it."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        done = workplace.service.answer(request)
        if request.url.path.endswith(path):
            raise Killed
        return done

    return httpx2.MockTransport(answer)


@pytest.mark.parametrize("fault", FOREIGN)
def test_an_answer_of_another_erases_no_value(workplace: Workplace, fault: str) -> None:
    """Neither kept nor refused: the value stays here, and the same run again has it acknowledged."""
    workplace.service.before = lambda method, path: foreign(fault) if path.endswith("/i1/value") else None
    first = sign(workplace)
    assert first.error is not None
    assert first.error.code is AgentCode.SERVER_FAILED
    assert first.items["i1"].state is ItemState.SPOOLED
    assert first.kept == len(workplace.service.kept)
    assert "i1" in [json.loads(each.read_bytes())["item"] for each in workplace.spooled()]
    assert workplace.service.closed == []
    workplace.service.before = lambda method, path: None
    assert sign(workplace).error is None
    assert sorted(workplace.service.posted) == ["i0", "i1", "i2"]
    assert len(workplace.devices.signed) == 3
    assert workplace.spooled() == []


@settings(max_examples=10, deadline=None)
@given(k=st.integers(0, COUNT - 1), fault=st.sampled_from(["pulled", "line cut", "service failing"]))
def test_what_a_person_mends_goes_on_in_the_same_run(
    authority: Authority, several: Prepared, k: int, fault: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        workplace = make_workplace(Path(folder), authority, several)
        set_off(workplace, fault, k)

        def mend(interruption: Interruption) -> None:
            expected = InterruptionKind.DEVICE_REMOVED if fault == "pulled" else InterruptionKind.SERVER
            assert interruption.kind is expected
            assert interruption.kept == len(workplace.service.kept)
            assert interruption.count == COUNT
            assert interruption.error.fields.get("kept", interruption.kept) == interruption.kept
            workplace.service.before = lambda method, path: None
            workplace.devices.remove_after = None

        workplace.consent = person = Person(mend=mend)
        report = sign(workplace)
        assert report.error is None, str(report.error)
        assert len(person.interruptions) == 1
        assert len(person.requests) == 1  # one list, one yes
        assert len(workplace.devices.signed) == COUNT
        require_none_doubled(workplace)


def test_absent_and_foreign_devices_are_waited_for(workplace: Workplace, authority: Authority) -> None:
    mine = list(workplace.devices.certificates)
    workplace.devices.present = False
    seen: list[InterruptionKind] = []

    def mend(interruption: Interruption) -> None:
        seen.append(interruption.kind)
        if interruption.kind is InterruptionKind.DEVICE_ABSENT:
            workplace.devices.present = True
            workplace.devices.certificates.clear()
            give_key(workplace.devices, authority, "Fatima ZAHRA")
            return
        assert "Fatima ZAHRA" in str(interruption.error)
        assert "Ahmed EL ALAOUI" in str(interruption.error)
        workplace.devices.certificates[:] = mine

    workplace.consent = Person(mend=mend)
    assert sign(workplace).error is None
    assert seen == [InterruptionKind.DEVICE_ABSENT, InterruptionKind.OTHER_DEVICE]


def test_who_leaves_is_asked_once(workplace: Workplace) -> None:
    workplace.devices.present = False
    workplace.consent = person = Person()
    report = sign(workplace)
    assert report.error is not None
    assert report.error.code is AgentCode.DEVICE_ABSENT
    assert len(person.interruptions) == 1


def test_probe_says_at_once_what_was_last_seen() -> None:
    answers = [False, True]
    probe = Probe(lambda: answers.pop(0))
    while answers:
        probe()
    while not probe():
        pass
    assert probe()

    def fails() -> bool:
        raise RuntimeError

    assert not Probe(fails)()
