"""One council before and after: who keeps a key, who gets one, in whose seat, and which keys end. Pure.

Persons are one when their national ids are; a name alone says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pki.quota.elections.kinds import KeyEnd, KeyOutcome
from pki.quota.elections.officials import place_of
from pki.records import HolderId, OfficeId, OrderId
from pki.registration.kinds import OfficeFunction

PRESIDENT = OfficeFunction.PRESIDENT.value


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingOffice:
    """An office that ends, or ended, with the council."""

    office: OfficeId
    holder: HolderId
    function: OfficeFunction
    rank: int | None
    name_ar: str
    name_latin: str

    @property
    def place(self) -> str:
        """Function and rank as one text."""
        return place_of(self.function, self.rank)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAtHand:
    """An order of the body that has not ended, a renewal under way apart."""

    order: OrderId
    holder: HolderId
    office: OfficeId
    has_seat: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """An official of the list; `holder` if the register knows the person."""

    official: UUID
    holder: HolderId | None
    function: OfficeFunction
    rank: int | None
    name_ar: str
    name_latin: str

    @property
    def place(self) -> str:
        """Function and rank as one text."""
        return place_of(self.function, self.rank)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceDecision:
    """What one new office-holder gets; `order` is the key kept, or the one whose seat he gets."""

    incoming: Incoming
    outcome: KeyOutcome
    order: OrderId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDecision:
    """What becomes of one key whose office ended."""

    key: KeyAtHand
    end: KeyEnd


@dataclass(frozen=True, slots=True, kw_only=True)
class CouncilDecision:
    """All of it, for one council."""

    places: tuple[PlaceDecision, ...]
    keys: tuple[KeyDecision, ...]


def decide(
    outgoing: Sequence[OutgoingOffice], keys: Sequence[KeyAtHand], incoming: Sequence[Incoming], *, free: int
) -> CouncilDecision:
    """Decide for one council.

    Who has a key of the body keeps it. The president, and whoever takes an office whose holder had a key, gets
    one: in the seat of his predecessor, else of another who left, else in a free one. If there is none left,
    the president gets that of a re-elected holder whose new office had no key. So nobody who follows a holder
    of a key needs a free seat.

    :param free: seats of the body that nobody has.
    """
    council = _Council(outgoing, keys, free)
    ordered = sorted(incoming, key=_order)
    for each in ordered:
        council.keep(each)
    for each in ordered:
        if each.official not in council.outcomes:
            council.provide(each)
    if any(each.place == PRESIDENT and council.outcomes[each.official][0] is KeyOutcome.NO_SEAT for each in ordered):
        council.take_for_the_president(ordered)
    places = tuple(
        PlaceDecision(incoming=each, outcome=outcome, order=order)
        for each in ordered
        for outcome, order in [council.outcomes[each.official]]
    )
    return CouncilDecision(places=places, keys=tuple(council.ends()))


def _order(incoming: Incoming) -> tuple[bool, int]:
    return incoming.function is not OfficeFunction.PRESIDENT, incoming.rank or 0


class _Council:
    """The keys of one council while they are dealt out."""

    def __init__(self, outgoing: Sequence[OutgoingOffice], keys: Sequence[KeyAtHand], free: int) -> None:
        self._place_of = {each.office: each.place for each in outgoing}
        self._keys = sorted(keys, key=lambda key: (self._place_of.get(key.office, "~"), str(key.order)))
        self._keyed = {self._place_of[key.office] for key in keys if key.office in self._place_of} | {PRESIDENT}
        self._free = free
        self._kept: set[OrderId] = set()
        self._passed: set[OrderId] = set()
        self.outcomes: dict[UUID, tuple[KeyOutcome, OrderId | None]] = {}

    def keep(self, incoming: Incoming) -> None:
        """His own key of this body goes on, whatever office it was ordered for."""
        own = [key for key in self._keys if key.holder == incoming.holder]
        own.sort(key=lambda key: key.office not in self._place_of)
        if own:
            self._kept.add(own[0].order)
            self.outcomes[incoming.official] = (KeyOutcome.KEPT, own[0].order)

    def provide(self, incoming: Incoming) -> None:
        """A key for who needs one."""
        if incoming.place not in self._keyed:
            self.outcomes[incoming.official] = (KeyOutcome.NONE, None)
            return
        left = [key for key in self._keys if self._is_left(key)]
        left.sort(key=lambda key: self._place_of[key.office] != incoming.place)
        if left:
            self._passed.add(left[0].order)
            self.outcomes[incoming.official] = (KeyOutcome.SUCCEEDS, left[0].order)
        elif self._free > 0:
            self._free -= 1
            self.outcomes[incoming.official] = (KeyOutcome.ORDERED, None)
        else:
            self.outcomes[incoming.official] = (KeyOutcome.NO_SEAT, None)

    def take_for_the_president(self, ordered: Sequence[Incoming]) -> None:
        """A council that can sign comes before a key that its holder's new office never had."""
        president = next(each for each in ordered if each.place == PRESIDENT)
        for each in reversed(ordered):
            outcome, order = self.outcomes[each.official]
            key = next((key for key in self._keys if key.order == order), None)
            if outcome is not KeyOutcome.KEPT or key is None or not key.has_seat:
                continue
            if key.office in self._place_of and each.place not in self._keyed:
                self._kept.discard(key.order)
                self._passed.add(key.order)
                self.outcomes[each.official] = (KeyOutcome.NONE, None)
                self.outcomes[president.official] = (KeyOutcome.SUCCEEDS, key.order)
                return

    def ends(self) -> list[KeyDecision]:
        """What becomes of each key whose office ended."""
        found = []
        for key in self._keys:
            if key.office not in self._place_of:
                continue
            if key.order in self._kept:
                end = KeyEnd.KEPT
            elif key.order in self._passed:
                end = KeyEnd.PASSED
            else:
                end = KeyEnd.ENDED if key.has_seat else KeyEnd.LEFT
            found.append(KeyDecision(key=key, end=end))
        return found

    def _is_left(self, key: KeyAtHand) -> bool:
        """Its office ended, it has a seat, and nobody has it yet."""
        dealt = key.order in self._kept or key.order in self._passed
        return key.office in self._place_of and key.has_seat and not dealt
