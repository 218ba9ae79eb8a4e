"""How often the PIN is asked, what is said of it beforehand, and what a wrong one costs."""

import base64
import dataclasses
import json
import time
from datetime import timedelta
from typing import Any

import pytest

from hsm.agent.config import AgentConfig
from hsm.agent.consent import Interruption, InterruptionKind, Phase, PinState, Progress
from hsm.agent.errors import AgentCode
from hsm.agent.memory import MEMORY_FILE, MOST, Memory
from hsm.agent.report import SigningReport
from hsm.agent.signing.ceremony import Signing
from tests.hsm.agent.estate import PIN, Workplace
from tests.hsm.agent.people import Person


def sign(workplace: Workplace, **changed: Any) -> SigningReport:
    around = dataclasses.replace(workplace.surroundings(), **changed)
    return Signing(workplace.config, workplace.ticket, around).run()


def again(workplace: Workplace) -> None:
    """Another ceremony over the same documents."""
    service = workplace.service
    service.bound = None
    service.kept.clear()
    workplace.pins.asked = 0


def test_entries_of_a_key_are_learned_then_announced(workplace: Workplace) -> None:
    workplace.consent = person = Person()
    workplace.devices.always_authenticate = True
    assert sign(workplace).error is None
    assert person.requests[0].pin_entries is None
    assert person.entries == [3]
    assert workplace.pins.asked == 4  # one to look at the key, then one each
    again(workplace)
    told: list[Progress] = []
    assert sign(workplace, progress=told.append).error is None
    assert person.requests[1].pin_entries == 3
    assert person.entries == [3]  # not asked again: it was announced
    assert workplace.pins.asked == 3
    assert [each.pin_entry for each in told if each.pin_entry] == [1, 2, 3]


def test_ordinary_key_is_announced_with_one_entry(workplace: Workplace) -> None:
    workplace.consent = person = Person()
    told: list[Progress] = []
    sign(workplace)
    again(workplace)
    assert sign(workplace, progress=told.append).error is None
    assert [request.pin_entries for request in person.requests] == [None, 1]
    assert workplace.pins.asked == 1
    phases = [each.phase for each in told]
    for phase in Phase:
        assert phase in phases
    assert told[-1].phase is Phase.DONE
    assert (told[-1].done, told[-1].count) == (3, 3)


@pytest.mark.parametrize("always", [False, True])
def test_sittings_of_the_signers_choice(workplace: Workplace, always: bool) -> None:
    workplace.consent = Person(count=2)
    workplace.devices.always_authenticate = always
    report = sign(workplace)
    assert report.error is not None
    assert report.error.code is AgentCode.STOPPED
    assert report.error.fields == {"kept": 2, "count": 3, "left": 1}
    assert report.left == ["L26-0000122"]
    assert workplace.service.closed == []
    assert sign(workplace).error is None
    assert workplace.service.posted == ["i0", "i1", "i2"]


def test_stop_after_this_one(workplace: Workplace) -> None:
    workplace.consent = Person(stop=lambda: len(workplace.devices.signed) == 1)
    report = sign(workplace)
    assert report.error is not None
    assert report.error.code is AgentCode.STOPPED
    assert report.error.resumable
    assert (report.kept, report.left) == (1, ["L26-0000121", "L26-0000122"])
    assert "1 of 3" in str(report.error)


def test_one_pin_serves_so_many_signatures_and_no_more(workplace: Workplace) -> None:
    workplace.config = dataclasses.replace(workplace.config, pin_documents=2)
    workplace.consent = person = Person()
    assert sign(workplace).error is None
    assert workplace.pins.asked == 2
    again(workplace)
    sign(workplace)
    assert person.requests[1].pin_entries == 2


def test_one_pin_serves_so_many_minutes_and_no_more(workplace: Workplace) -> None:
    workplace.config = dataclasses.replace(workplace.config, pin_minutes=1)
    late, signed = timedelta(0), 0

    def tick(value: bytes) -> bytes:
        nonlocal late, signed
        # No request is on its way while the clock jumps: its proof would be as old as the jump is long.
        deadline = time.monotonic() + 20
        while len(workplace.service.posted) < signed and time.monotonic() < deadline:
            time.sleep(0.005)
        late, signed = late + timedelta(seconds=40), signed + 1
        return value

    real = workplace.service.now
    workplace.service.now = lambda: real() + late
    workplace.devices.after = tick
    assert sign(workplace).error is None
    assert workplace.pins.asked == 2


def test_device_is_logged_out_after_each_run(workplace: Workplace) -> None:
    sign(workplace)
    assert workplace.devices.acts.count("logout") == 1
    workplace.devices.remove_after = 1
    again(workplace)
    before = workplace.devices.acts.count("logout")
    sign(workplace)
    assert workplace.devices.acts.count("logout") > before


@pytest.mark.parametrize("always", [False, True])
def test_another_pin_by_a_person_goes_on(workplace: Workplace, always: bool) -> None:
    workplace.devices.always_authenticate = always
    workplace.pins.characters = "0000"

    def type_again(interruption: Interruption) -> None:
        assert interruption.kind is InterruptionKind.PIN_REFUSED
        assert interruption.error.code is AgentCode.PIN_WRONG
        workplace.pins.characters = PIN

    workplace.consent = person = Person(mend=type_again)
    assert sign(workplace).error is None
    assert len(person.interruptions) == 1
    assert sorted(workplace.service.posted) == ["i0", "i1", "i2"]


def test_a_pin_of_a_file_is_never_tried_twice(workplace: Workplace) -> None:
    workplace.pins.characters = "0000"
    workplace.pins.held = True  # type: ignore[misc]
    workplace.consent = person = Person(mend=lambda _: None)
    report = sign(workplace)
    assert report.error is not None
    assert report.error.code is AgentCode.PIN_WRONG
    assert workplace.devices.pin_tries == 1
    assert person.interruptions == []


def test_transport_pin_is_changed_first(workplace: Workplace) -> None:
    workplace.devices.flags = {"pin_to_be_changed": True}
    report = sign(workplace)
    assert report.error is not None
    assert report.error.code is AgentCode.PIN_TO_BE_CHANGED
    assert workplace.pins.asked == 0


def test_pin_state_is_shown_as_it_is(workplace: Workplace) -> None:
    workplace.consent = person = Person()
    workplace.devices.flags = {"pin_count_low": True, "pin_final_try": True}
    sign(workplace)
    assert person.requests[0].pin_state is PinState.FINAL_TRY


def held(config: AgentConfig) -> AgentConfig:
    return dataclasses.replace(config, held_pin_policy="Policy 7 of 2026", pin_documents=2)


def test_a_held_pin_is_shown_journalled_and_capped(workplace: Workplace) -> None:
    workplace.config = held(workplace.config)
    workplace.devices.always_authenticate = True
    workplace.consent = person = Person()
    assert sign(workplace).error is None
    assert person.requests[0].held_policy == "Policy 7 of 2026"
    assert person.entries == []
    # Held for two: one to look at the key and one signature, then it is asked anew for the two others.
    assert workplace.pins.asked == 2
    (receipt,) = workplace.service.receipts
    body = receipt.split(".")[1]
    said = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert said["held_pin_policy"] == "Policy 7 of 2026"
    assert workplace.service.farewells == ["PIN held: Policy 7 of 2026"]


def test_without_a_policy_each_signature_asks(workplace: Workplace) -> None:
    workplace.devices.always_authenticate = True
    workplace.consent = person = Person()
    sign(workplace)
    again(workplace)
    sign(workplace)
    assert workplace.pins.asked == 3
    assert [request.held_policy for request in person.requests] == [None, None]
    assert workplace.service.farewells == ["", ""]


def test_a_policy_holds_no_pin_of_an_ordinary_key(workplace: Workplace) -> None:
    workplace.config = held(workplace.config)
    assert sign(workplace).error is None
    assert workplace.pins.asked == 2  # the cap of two documents asks again, policy or not


def test_memory_is_a_hint(workplace: Workplace) -> None:
    root = workplace.config.spool
    sign(workplace)
    memory = Memory(root)
    (root / MEMORY_FILE).write_bytes(b"{damaged")
    assert memory.always_authenticate("a") is None
    for each in range(MOST + 5):
        memory.learn(f"{each:064x}", always_authenticate=bool(each % 2))
    assert memory.always_authenticate(f"{0:064x}") is None
    assert memory.always_authenticate(f"{MOST:064x}") is False
    memory.forget(f"{MOST:064x}")
    assert memory.always_authenticate(f"{MOST:064x}") is None
    assert (root / MEMORY_FILE).stat().st_mode & 0o077 == 0
