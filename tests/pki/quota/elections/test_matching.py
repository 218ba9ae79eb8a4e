"""Seats dealt out: laws over any council, before and after."""

from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from pki.quota.elections.kinds import KeyEnd, KeyOutcome
from pki.quota.elections.matching import CouncilDecision, Incoming, KeyAtHand, OutgoingOffice, decide
from pki.records import HolderId, OfficeId, OrderId
from pki.registration.kinds import OfficeFunction

PEOPLE = [HolderId(UUID(int=number)) for number in range(8)]


def function(rank: int | None) -> OfficeFunction:
    return OfficeFunction.PRESIDENT if rank is None else OfficeFunction.VICE_PRESIDENT


def outgoing(who: int, rank: int | None) -> OutgoingOffice:
    return OutgoingOffice(
        office=OfficeId(uuid4()), holder=PEOPLE[who], function=function(rank), rank=rank, name_ar="", name_latin=""
    )


def incoming(who: int, rank: int | None) -> Incoming:
    return Incoming(official=uuid4(), holder=PEOPLE[who], function=function(rank), rank=rank, name_ar="", name_latin="")


def key(of: OutgoingOffice, *, has_seat: bool = True) -> KeyAtHand:
    return KeyAtHand(order=OrderId(uuid4()), holder=of.holder, office=of.office, has_seat=has_seat)


def outcomes(decision: CouncilDecision) -> dict[str, KeyOutcome]:
    return {each.incoming.place: each.outcome for each in decision.places}


@st.composite
def councils(draw: st.DrawFn) -> tuple[list[OutgoingOffice], list[KeyAtHand], list[Incoming], int]:
    before = draw(st.permutations(range(8)))[: draw(st.integers(0, 5))]
    after = draw(st.permutations(range(8)))[: draw(st.integers(1, 5))]
    out = [outgoing(who, rank or None) for rank, who in enumerate(before)]
    keys = [key(each, has_seat=draw(st.booleans())) for each in out if draw(st.booleans())]
    return out, keys, [incoming(who, rank or None) for rank, who in enumerate(after)], draw(st.integers(0, 2))


@given(councils())
def test_laws(council: tuple[list[OutgoingOffice], list[KeyAtHand], list[Incoming], int]) -> None:
    out, keys, coming, free = council
    decision = decide(out, keys, coming, free=free)
    assert len(decision.places) == len(coming)
    used = [each.order for each in decision.places if each.order is not None]
    assert len(used) == len(set(used)), "one key, one person"
    ends = {each.key.order: each.end for each in decision.keys}
    assert set(ends) == {each.order for each in keys}, "every key is told what becomes of it"
    by_order = {each.order: each for each in keys}
    for each in decision.places:
        if each.outcome is KeyOutcome.KEPT:
            assert by_order[each.order].holder == each.incoming.holder  # type: ignore[index]
            assert ends[each.order] is KeyEnd.KEPT  # type: ignore[index]
        if each.outcome is KeyOutcome.SUCCEEDS:
            assert by_order[each.order].has_seat  # type: ignore[index]
            assert ends[each.order] is KeyEnd.PASSED  # type: ignore[index]
    assert sum(each.outcome is KeyOutcome.ORDERED for each in decision.places) <= free
    if any(each.outcome is KeyOutcome.NO_SEAT for each in decision.places):
        assert KeyEnd.ENDED not in ends.values(), "no seat is given up while somebody needs one"


@given(st.integers(1, 5), st.data())
def test_when_every_holder_has_a_key_no_successor_needs_a_free_seat(size: int, data: st.DataObject) -> None:
    after = data.draw(st.permutations(range(8)))[:size]
    out = [outgoing(who, who or None) for who in range(size)]
    decision = decide(
        out, [key(each) for each in out], [incoming(who, rank or None) for rank, who in enumerate(after)], free=0
    )
    assert set(outcomes(decision).values()) <= {KeyOutcome.KEPT, KeyOutcome.SUCCEEDS}


def test_reelected_in_another_office() -> None:
    out = [outgoing(0, None), outgoing(1, 1)]
    decision = decide(out, [key(each) for each in out], [incoming(1, None), incoming(2, 1)], free=0)
    assert outcomes(decision) == {"president": KeyOutcome.KEPT, "vice_president/1": KeyOutcome.SUCCEEDS}


def test_the_president_comes_first() -> None:
    """The old president, now third in rank where nobody had a key, would leave the commune without a signature."""
    out = [outgoing(0, None)]
    coming = [incoming(1, None), incoming(0, 3)]
    decision = decide(out, [key(out[0])], coming, free=0)
    assert outcomes(decision) == {"president": KeyOutcome.SUCCEEDS, "vice_president/3": KeyOutcome.NONE}
    decision = decide(out, [key(out[0])], coming, free=1)
    assert outcomes(decision) == {"president": KeyOutcome.ORDERED, "vice_president/3": KeyOutcome.KEPT}


def test_a_key_already_held_has_no_seat_to_give() -> None:
    out = [outgoing(0, None)]
    decision = decide(out, [key(out[0], has_seat=False)], [incoming(1, None)], free=0)
    assert outcomes(decision) == {"president": KeyOutcome.NO_SEAT}
    assert [each.end for each in decision.keys] == [KeyEnd.LEFT]
