"""The engine with a virtual token: one PIN or one each, pulled and put back, locked, swapped between people."""

import time
from functools import partial

import pytest

from hsm.agent.consent import InterruptionKind
from hsm.agent.devices import open_devices
from hsm.agent.errors import AgentCode
from tests.hsm.agent.estate import FixedPins
from tests.hsm.agent.people import Person
from tests.hsm.agent.rig.conftest import COUNT
from tests.hsm.agent.rig.desk import SECONDS, Desk, Prepared, mending, require_none_doubled, service_for
from tests.hsm.conftest import WRONG, Typed
from tests.hsm.prepared.authority import Authority
from tests.rig.card.keys import Algorithm
from tests.rig.card.personalising import Slot
from tests.rig.estates.fixtures import MakeToken
from tests.rig.estates.holder import ORDINARY, PIN, Token, wait_for

STRICT = {Slot.AUTHENTICATION: Algorithm.EC_P256, Slot.SIGNATURE: Algorithm.EC_P256}


class TypedHere(Typed):
    """Typed by a person: after a wrong one he may type another."""

    held = False


def ready(desk: Desk, token: Token) -> None:
    """Back once the PC's drivers see it."""
    with open_devices(desk.config) as station:
        wait_for(station, token)


def swap(desk: Desk, old: Token, new: Token) -> None:
    """Pull one out, put the other in, as fast as a hand does: the reader sees an empty slot in between."""
    old.card.pull()
    deadline = time.monotonic() + SECONDS
    while old.on(desk.opened[-1].devices) is not None:
        assert time.monotonic() < deadline
    new.card.plug()


def require_once_each(token: Token, count: int) -> None:
    signed = token.card.status.signed
    assert len(signed) == len(set(signed)) == count


def test_a_batch_with_one_pin(desk: Desk, make_token: MakeToken, authority: Authority, batch: Prepared) -> None:
    token, pins, person = make_token(ORDINARY), FixedPins(PIN), Person()
    ready(desk, token)
    service = service_for(authority, token.certificates[Slot.KEY_MANAGEMENT], batch)
    report = desk.sign(service, person, pins)
    assert report.error is None, str(report.error)
    assert (pins.asked, token.card.status.pins_sent) == (1, 1)
    require_none_doubled(service)
    require_once_each(token, COUNT)
    assert desk.workers
    assert desk.left_running() == []


@pytest.mark.parametrize("pulled", [("in", 1), ("in", 4), ("after", 7)], ids=str)
def test_pulled_at_a_document_and_put_back(
    desk: Desk, make_token: MakeToken, authority: Authority, batch: Prepared, pulled: tuple[str, int]
) -> None:
    token, pins = make_token(ORDINARY), FixedPins(PIN)
    person = Person(mend=mending(lambda: token.card.replug() and None))
    ready(desk, token)
    service = service_for(authority, token.certificates[Slot.KEY_MANAGEMENT], batch)
    how, k = pulled
    pull = token.card.pull_in if how == "in" else token.card.pull_after
    pull(k)
    report = desk.sign(service, person, pins)
    assert report.error is None, str(report.error)
    (interruption,) = person.interruptions
    assert interruption.kind is InterruptionKind.DEVICE_REMOVED
    assert (interruption.kept, interruption.count) == (k - (how == "in"), COUNT)
    assert len(person.requests) == 1
    status = token.card.status
    assert (pins.asked, status.pins_sent, status.verify_wrong) == (2, 2, 0)
    require_none_doubled(service)
    require_once_each(token, COUNT)
    assert desk.left_running() == []


def test_pulled_and_left_then_signed_later(
    desk: Desk, make_token: MakeToken, authority: Authority, batch: Prepared
) -> None:
    token, pins = make_token(ORDINARY), FixedPins(PIN)
    ready(desk, token)
    service = service_for(authority, token.certificates[Slot.KEY_MANAGEMENT], batch)
    token.card.pull_in(4)
    first = desk.sign(service, Person(), pins)
    assert first.error is not None
    assert (first.error.code, first.kept, len(first.left)) == (AgentCode.DEVICE_REMOVED, 3, COUNT - 3)
    assert desk.left_running() == []
    token.card.replug()
    ready(desk, token)
    assert desk.sign(service, Person(), pins).error is None
    require_none_doubled(service)
    require_once_each(token, COUNT)


def test_a_key_that_asks_each_time_is_learned_announced_and_asked_so_often(
    desk: Desk, make_token: MakeToken, authority: Authority, batch: Prepared
) -> None:
    token, pins, few = make_token(STRICT), FixedPins(PIN), Prepared(batch[:3])
    ready(desk, token)
    certificate = token.certificates[Slot.SIGNATURE]
    first = Person()
    assert desk.sign(service_for(authority, certificate, few), first, pins).error is None
    assert (first.requests[0].pin_entries, first.entries) == (None, [3])
    assert pins.asked == 4
    second, again = Person(), FixedPins(PIN)
    service = service_for(authority, certificate, few)
    assert desk.sign(service, second, again).error is None
    assert (second.requests[0].pin_entries, second.entries) == (3, [])
    assert again.asked == 3
    require_none_doubled(service)
    assert token.card.status.made == 6
    assert token.card.status.verify_wrong == 0


def test_three_wrong_pins_lock_it_and_no_fourth_is_sent(
    desk: Desk, make_token: MakeToken, authority: Authority, batch: Prepared
) -> None:
    token, pins = make_token(ORDINARY), TypedHere([f"{WRONG[:-1]}{number}" for number in range(9)])
    person = Person(mend=lambda interruption: None)
    ready(desk, token)
    service = service_for(authority, token.certificates[Slot.KEY_MANAGEMENT], batch)
    report = desk.sign(service, person, pins)
    assert report.error is not None
    assert report.error.code is AgentCode.PIN_LOCKED
    status = token.card.status
    assert pins.asked == [False, False, True]
    assert (status.verify_wrong, status.verify_locked, status.pin_tries) == (3, 0, 0)
    assert (status.made, service.posted) == (0, [])
    assert {each.kind for each in person.interruptions} == {InterruptionKind.PIN_REFUSED}
    assert desk.sign(service, person, pins).error is not None
    assert token.card.status.pins_sent == 3


def test_another_persons_card_names_both_and_its_owners_own_goes_on(
    desk: Desk, make_token: MakeToken, authority: Authority, batch: Prepared
) -> None:
    mine, others, pins = make_token(ORDINARY, "mine", reader=None), make_token(ORDINARY, "fatima"), FixedPins(PIN)
    ready(desk, others)
    person = Person(mend=mending(lambda: swap(desk, others, mine)))
    service = service_for(authority, mine.certificates[Slot.KEY_MANAGEMENT], batch)
    assert desk.sign(service, person, pins).error is None
    (interruption,) = person.interruptions
    assert interruption.kind is InterruptionKind.OTHER_DEVICE
    assert "TEST fatima" in str(interruption.error)
    assert "Ahmed EL ALAOUI" in str(interruption.error)
    assert others.card.status.pins_sent == others.card.status.made == 0
    require_once_each(mine, COUNT)


def test_three_members_in_turn_at_one_pc(
    desk: Desk, make_token: MakeToken, authority: Authority, batch: Prepared
) -> None:
    tokens = [make_token(ORDINARY, f"member-{number}", reader=None) for number in range(3)]
    tokens[0].card.plug()
    ready(desk, tokens[0])
    for number, token in enumerate(tokens):
        before = tokens[number - 1]
        person, pins = Person(mend=mending(partial(swap, desk, before, token))), FixedPins(PIN)
        service = service_for(authority, token.certificates[Slot.KEY_MANAGEMENT], Prepared(batch[:2]))
        report = desk.sign(service, person, pins)
        assert report.error is None, str(report.error)
        assert len(person.interruptions) == (number > 0)
        assert pins.asked == 1
        require_none_doubled(service)
    for token in tokens:
        require_once_each(token, 2)
        assert (token.card.status.pins_sent, token.card.status.verify_wrong) == (1, 0)
