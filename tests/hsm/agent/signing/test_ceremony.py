"""One sitting: what is signed, what is not, and why."""

import dataclasses
import hashlib
import json
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from hsm.agent.consent import PinState, SigningRequest, Yes
from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.report import ItemState, SigningReport
from hsm.agent.service.addresses import Ticket
from hsm.agent.service.dpop import EphemeralKey
from hsm.agent.service.server import Server
from hsm.agent.signing.ceremony import Signing
from hsm.agent.unattended import Unattended
from hsm.prepared.manifest import Environment, Manifest
from hsm.prepared.match_code import match_code
from tests.hsm.agent.estate import ORIGIN, TICKET, MemoryDevices, Workplace, give_key
from tests.hsm.agent.foreign import FOREIGN, foreign
from tests.hsm.prepared.authority import Authority


def sign(workplace: Workplace) -> SigningReport:
    return Signing(workplace.config, workplace.ticket, workplace.surroundings()).run()


def refused(workplace: Workplace) -> AgentCode:
    """Run; nothing was signed, nothing was posted, and it says so."""
    report = sign(workplace)
    assert report.error is not None
    assert workplace.devices.signed == []
    assert workplace.service.posted == []
    assert report.kept == 0
    return report.error.code


def test_all_documents_are_signed_with_one_pin(workplace: Workplace) -> None:
    report = sign(workplace)
    assert report.error is None
    assert report.kept == 3
    assert workplace.service.posted == ["i0", "i1", "i2"]
    assert workplace.pins.asked == 1
    assert workplace.service.closed == ["completed"]
    assert workplace.spooled() == []
    assert [path for path in workplace.config.spool.iterdir() if path.is_dir()] == []


def test_the_match_code_is_the_services(workplace: Workplace) -> None:
    sent: list[str] = []

    def keep(jws: str) -> str:
        sent.append(jws)
        return jws

    workplace.service.twist_jws = keep
    report = sign(workplace)
    assert report.match_code == match_code(workplace.service.ceremony, workplace.service.bound or "", sent[0])


TWISTS: list[tuple[Callable[[Manifest], Manifest], str]] = [
    (lambda m: dataclasses.replace(m, environment=Environment.PRODUCTION), "other-environment"),
    (lambda m: dataclasses.replace(m, origin="https://elsewhere.example"), "other-origin"),
    (lambda m: dataclasses.replace(m, ceremony="another"), "other-ceremony"),
    (lambda m: dataclasses.replace(m, ticket_sha256="0" * 64), "other-ticket"),
    (lambda m: dataclasses.replace(m, agent_nonce="yesterday's"), "other-nonce"),
    (lambda m: dataclasses.replace(m, minimum_agent="9.0"), "agent-too-old"),
    (
        lambda m: dataclasses.replace(
            m, issued_at=m.issued_at - timedelta(days=1), expires_at=m.expires_at - timedelta(days=1)
        ),
        "expired",
    ),
    (lambda m: dataclasses.replace(m, protocol=2), "protocol"),
]


@pytest.mark.parametrize(("twist", "reason"), TWISTS, ids=[reason for _, reason in TWISTS])
def test_manifest_of_another_time_or_place_is_not_followed(
    workplace: Workplace, twist: Callable[[Manifest], Manifest], reason: str
) -> None:
    workplace.service.twist = twist
    report = sign(workplace)
    assert report.error is not None
    code = AgentCode.AGENT_TOO_OLD if reason == "agent-too-old" else AgentCode.MANIFEST
    assert (report.error.code, report.error.fields["reason"]) == (code, reason)
    assert workplace.devices.signed == []
    assert workplace.pins.asked == 0


@pytest.mark.parametrize("part", [0, 1, 2])
def test_flipped_manifest_is_not_followed(workplace: Workplace, part: int) -> None:
    def flip(jws: str) -> str:
        parts = jws.split(".")
        at = len(parts[part]) // 2
        parts[part] = parts[part][:at] + ("A" if parts[part][at] != "A" else "B") + parts[part][at + 1 :]
        return ".".join(parts)

    workplace.service.twist_jws = flip
    assert refused(workplace) is AgentCode.MANIFEST


def test_manifest_under_another_anchor_is_not_followed(workplace: Workplace) -> None:
    workplace.service.authority = Authority.make()
    assert refused(workplace) is AgentCode.ANCHOR


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_other_bytes_than_the_manifests_are_not_signed(workplace: Workplace, which: int, share: float) -> None:
    files = list(workplace.service.documents[1])
    at = int(len(files[which]) * share)
    files[which] = files[which][:at] + bytes((files[which][at] ^ 1,)) + files[which][at + 1 :]
    honest = workplace.service.documents[1]

    def lie(manifest: Manifest) -> Manifest:
        item = dataclasses.replace(
            manifest.items[1],
            base_sha256=hashlib.sha256(honest[0]).hexdigest(),
            prepared_sha256=hashlib.sha256(honest[1]).hexdigest(),
        )
        return dataclasses.replace(manifest, items=(manifest.items[0], item, *manifest.items[2:]))

    workplace.service.documents[1] = (files[0], files[1])
    workplace.service.twist = lie
    assert refused(workplace) is AgentCode.DOCUMENT


def test_prepared_file_with_one_more_change_is_not_signed(workplace: Workplace) -> None:
    """The service itself lies: its manifest names the changed file."""
    base, prepared = workplace.service.documents[2]
    at = prepared.rindex(b"/CA 1\n")
    workplace.service.documents[2] = (base, prepared[:at] + b"/OC 1 " + prepared[at + 6 :])
    report = sign(workplace)
    assert report.error is not None
    assert report.error.code is AgentCode.DOCUMENT
    assert report.error.fields["reason"] == "active-content"
    assert workplace.devices.signed == []
    assert workplace.service.closed == ["document-refused"]


def test_replayed_ticket_is_refused(workplace: Workplace) -> None:
    workplace.service.bound = "another agent's key"
    report = sign(workplace)
    assert report.error is not None
    assert report.error.code is AgentCode.TICKET
    assert report.error.fields["problem"] == "ticket-stolen"


def test_unknown_ticket_is_refused(workplace: Workplace) -> None:
    workplace.ticket = Ticket("x" * 43)
    assert refused(workplace) is AgentCode.TICKET


def test_ticket_of_another_kind_is_refused(workplace: Workplace) -> None:
    workplace.service.kind = "enrolment"
    assert refused(workplace) is AgentCode.ARGUMENT


def test_wrong_pin_is_tried_once(workplace: Workplace) -> None:
    workplace.pins.characters = "0000"
    assert refused(workplace) is AgentCode.PIN_WRONG
    assert workplace.devices.pin_tries == 1
    assert workplace.service.closed == []


def test_other_persons_device_names_both(workplace: Workplace, authority: Authority) -> None:
    workplace.devices.certificates.clear()
    give_key(workplace.devices, authority, "Fatima ZAHRA")
    report = sign(workplace)
    assert report.error is not None
    assert report.error.code is AgentCode.OTHER_DEVICE
    assert "Fatima ZAHRA" in str(report.error)
    assert "Ahmed EL ALAOUI" in str(report.error)
    assert workplace.pins.asked == 0


def test_no_device_is_said(workplace: Workplace) -> None:
    workplace.devices.present = False
    assert refused(workplace) is AgentCode.DEVICE_ABSENT


def test_locked_device_is_not_asked(workplace: Workplace) -> None:
    workplace.devices.flags = {"pin_locked": True}
    assert refused(workplace) is AgentCode.PIN_LOCKED
    assert workplace.pins.asked == 0


class Recorder(Unattended):
    """Says yes, and keeps what it was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[SigningRequest] = []
        self.entries: list[int] = []

    def to_sign(self, request: SigningRequest) -> Yes:
        self.requests.append(request)
        return super().to_sign(request)

    def to_pin_entries(self, count: int) -> int:
        self.entries.append(count)
        return count


def test_consent_sees_what_was_checked_before_any_pin(workplace: Workplace) -> None:
    workplace.consent = recorder = Recorder()
    workplace.devices.flags = {"pin_count_low": True}
    workplace.pins.characters = "0000"
    assert refused(workplace) is AgentCode.PIN_WRONG
    (request,) = recorder.requests
    assert [document.reference for document in request.documents] == ["L26-0000120", "L26-0000121", "L26-0000122"]
    assert request.pin_state is PinState.LOW
    assert request.match_code


def test_key_that_asks_each_time_says_how_often(workplace: Workplace) -> None:
    workplace.consent = recorder = Recorder()
    workplace.devices.always_authenticate = True
    report = sign(workplace)
    assert report.error is None
    assert recorder.entries == [3]
    assert workplace.pins.asked == 4


def test_held_pin_needs_a_policy(workplace: Workplace) -> None:
    workplace.devices.always_authenticate = True
    workplace.pins.held = True  # type: ignore[misc]
    assert refused(workplace) is AgentCode.PIN_HELD
    workplace.config = dataclasses.replace(workplace.config, held_pin_policy="Policy 7 of 2026")
    workplace.service.bound = None
    assert sign(workplace).error is None


def test_value_that_does_not_hold_is_not_sent(workplace: Workplace) -> None:
    workplace.devices.after = lambda value: value[:-1] + bytes((value[-1] ^ 1,))
    report = sign(workplace)
    assert report.error is not None
    assert report.error.code is AgentCode.VALUE
    assert workplace.service.posted == []
    assert workplace.spooled() == []


def test_refused_item_leaves_the_others(workplace: Workplace) -> None:
    def refuse(method: str, path: str) -> httpx2.Response | None:
        return workplace.service.problem(409, "item-refused") if path.endswith("/i1/value") else None

    workplace.service.before = refuse
    report = sign(workplace)
    assert report.error is not None
    assert report.error.code is AgentCode.ITEMS
    assert workplace.service.posted == ["i0", "i2"]
    assert workplace.service.closed == [AgentCode.ITEMS.value]  # not "completed": one was refused


def test_value_kept_and_refused_at_once_is_not_called_kept(workplace: Workplace) -> None:
    """The key was blocked between the value and its time-stamp: the service has the value and makes nothing of it."""
    workplace.service.refusing["i1"] = "document-outdated"
    report = sign(workplace)
    assert report.error is not None
    assert report.error.code is AgentCode.ITEMS
    assert (report.items["i1"].state, report.items["i1"].reason) == (ItemState.REFUSED, "document-outdated")
    assert report.kept == 2
    assert workplace.spooled() == []


def test_ceremony_that_ends_under_the_list_is_not_called_done(workplace: Workplace) -> None:
    """Cancelled elsewhere after one value: two are unsigned, and the report says so."""

    def end(method: str, path: str) -> httpx2.Response | None:
        if not workplace.service.kept:
            return None
        code = "lease-lapsed" if path.endswith("/value") else "ceremony-ended"
        over = path.endswith(("/manifest", "/i1/value", "/i2/value"))
        return workplace.service.problem(409, code) if over else None

    workplace.service.before = end
    report = sign(workplace)
    assert report.error is not None
    assert report.kept == 1


@pytest.mark.parametrize("door", ["sessions", "manifest", "items/i0/base", "items/i2/prepared", "receipt"])
@pytest.mark.parametrize("fault", FOREIGN)
def test_no_door_takes_an_answer_that_is_not_the_services(workplace: Workplace, door: str, fault: str) -> None:
    path_of_door, taken = f"/v1/agent/{door}", door == "receipt" and "no content" in fault
    workplace.service.before = lambda method, path: foreign(fault) if path == path_of_door else None
    code = None if taken else refused(workplace)
    expected = {AgentCode.SERVER_FAILED, AgentCode.SERVER_ANSWER, AgentCode.SERVER_REFUSED, AgentCode.DOCUMENT}
    assert code is None or code in expected
    workplace.service.before = lambda method, path: None
    workplace.service.bound = None
    assert sign(workplace).error is None


def test_answers_that_make_no_sense_are_refused(workplace: Workplace) -> None:
    def nonsense(method: str, path: str) -> httpx2.Response | None:
        return httpx2.Response(200, json=[1]) if path == "/v1/agent/manifest" else None

    workplace.service.before = nonsense
    assert refused(workplace) is AgentCode.SERVER_FAILED


@pytest.mark.parametrize("said", [{"reference": "L26-0009999"}, {"kind": "opinion"}])
def test_document_that_calls_itself_another_is_not_signed(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch, said: dict[str, str]
) -> None:
    """Its own data, which is what gets signed, and the list disagree: nothing of the list is signed."""
    own = {"reference": "L26-0000120", "kind": "licence", "title": "Villa"}
    workplace.service.documents = workplace.service.documents[:1]
    data = json.dumps(own | said).encode()
    monkeypatch.setattr("hsm.agent.signing.embedded._attachment", lambda _: data)
    report = sign(workplace)
    assert report.error is not None
    assert (report.error.code, report.error.fields["reason"]) == (AgentCode.DOCUMENT, "embedded-differs")
    assert next(iter(said.values())) in str(report.error)
    assert (workplace.devices.signed, workplace.pins.asked) == ([], 0)
    workplace.service.bound = None
    data = json.dumps(own).encode()
    assert sign(workplace).error is None


def test_ticket_is_redeemed_first_and_then_opens_nothing(workplace: Workplace) -> None:
    """Whoever reads the command line of a running agent has a ticket that is bound to the agent's key by then."""
    order: list[str] = []
    workplace.service.before = lambda method, path: order.append(path.rpartition("/")[2])  # type: ignore[func-returns-value]

    def look() -> MemoryDevices:
        order.append("devices")
        return workplace.devices

    class Asked(Unattended):
        def to_sign(self, request: SigningRequest) -> Yes:
            order.append("asked")
            return super().to_sign(request)

    around = dataclasses.replace(workplace.surroundings(), devices=look, consent=Asked())
    assert Signing(workplace.config, workplace.ticket, around).run().error is None
    assert order[0] == "sessions"
    assert order.index("sessions") < order.index("devices") < order.index("asked")
    with closing(Server(ORIGIN, EphemeralKey.generate(), transport=workplace.service.transport())) as thief:
        with pytest.raises(AgentError) as refused:
            thief.redeem(Ticket(TICKET), "n" * 43)
        assert refused.value.fields["problem"] == "nothing-to-sign"  # while something is: `ticket-stolen`


def test_redirect_is_not_followed(workplace: Workplace) -> None:
    def elsewhere(method: str, path: str) -> httpx2.Response | None:
        return httpx2.Response(302, headers={"location": "http://elsewhere.example/"})

    workplace.service.before = elsewhere
    assert refused(workplace) is AgentCode.SERVER_FAILED
    assert {path for _, path, _ in workplace.service.requests} == {"/v1/agent/sessions"}


def test_report_is_json_safe(workplace: Workplace) -> None:
    plain: Any = json.loads(json.dumps(sign(workplace).to_json()))
    assert plain["kept"] == plain["count"] == 3
    assert plain["error"] is None
