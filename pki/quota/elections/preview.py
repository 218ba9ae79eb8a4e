"""A dry run: what a plan would do, council by council, before anything is done."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.quota.elections.councils import CouncilFacts, councils
from pki.quota.elections.kinds import CouncilState, KeyEnd, KeyOutcome
from pki.quota.elections.matching import PRESIDENT
from pki.quota.elections.plans import require_plan
from pki.quota.elections.tables import ElectedOfficial
from pki.records import HolderId, OrderId
from pki.registration.extent import EVERYWHERE, Extent
from pki.registration.kinds import BodyKind
from pki.registration.tables import Body, Holder, Office


class Move(StrEnum):
    """What happens to a person's office."""

    LOSES = "loses"
    KEEPS = "keeps"
    GETS = "gets"


class Doubt(StrEnum):
    """Why somebody should look at a row."""

    SAME_NAME_OTHER_ID = "same-name-other-id"
    """He has the name of somebody who was in office there, and another national id: two persons, or a slip."""
    SAME_ID_OTHER_NAME = "same-id-other-name"
    """The register knows this national id under another name."""
    PRESIDENT_TWICE = "president-twice"
    """The list makes one person president of two bodies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeMove:
    """One person and one office."""

    body_code: str
    place: str
    name_latin: str
    name_ar: str
    move: Move
    outcome: KeyOutcome | None
    """Of who keeps or gets the office: his key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyMove:
    """One key whose office ends."""

    body_code: str
    order: OrderId
    end: KeyEnd
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAt:
    """A row that somebody should look at; nothing is refused for it."""

    body_code: str
    place: str
    name_latin: str
    doubt: Doubt
    other: str
    """The name on record, or the other body's code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Numbers of one province, or of all."""

    province_code: str
    communes: int
    arrondissements: int
    change: int
    """Councils whose president is another person."""
    keep: int
    without_officials: int
    """Councils whose president the list does not name."""
    frozen: int
    seated: int
    seats_needed: int
    """Seats that new keys take beyond those that are handed on."""
    seats_there: int
    """Of these, how many are free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What the plan would do."""

    plan: UUID
    whole: Tally
    provinces: tuple[Tally, ...]
    offices: tuple[OfficeMove, ...]
    keys: tuple[KeyMove, ...]
    without_officials: tuple[str, ...]
    """Codes."""
    look_at: tuple[LookAt, ...]

    @property
    def headline(self) -> str:
        """`1,503 communes: 1,310 change, 193 keep`."""
        whole = self.whole
        said = f"{whole.communes:,} communes"
        if whole.arrondissements:
            said += f", {whole.arrondissements:,} arrondissements"
        said += f": {whole.change:,} change, {whole.keep:,} keep"
        return said + (f", {whole.without_officials:,} without officials" if whole.without_officials else "")


_REASONS = {
    KeyEnd.KEPT: "its holder has a new office there",
    KeyEnd.PASSED: "cessation-of-operation: its seat goes to a successor",
    KeyEnd.ENDED: "cessation-of-operation: nobody follows",
    KeyEnd.LEFT: "already held: it has no seat to give",
}


def dry_run(session: Session, *, plan: UUID, at: datetime, within: Extent = EVERYWHERE) -> Preview:
    """What carrying the plan out would do inside the extent, from what is on record; changes nothing.

    Of a council that is seated only its president's change or stay is told: its keys were dealt with.

    :raise PlanUnknown: no such plan.
    """
    require_plan(session, plan)
    found = councils(session, plan, at=at, within=within)
    offices: list[OfficeMove] = []
    keys: list[KeyMove] = []
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for council in found:
        counts[council.province_code or ""].update(_count(council))
        if council.state is not CouncilState.SEATED and council.incoming:
            offices += _moves(council)
            keys += _key_moves(council)
    provinces = tuple(_tally(code, counts[code]) for code in sorted(counts))
    whole: Counter[str] = sum(counts.values(), Counter())
    return Preview(
        plan=plan,
        whole=_tally("", whole),
        provinces=provinces,
        offices=tuple(offices),
        keys=tuple(keys),
        without_officials=tuple(each.code for each in found if not _presidents(each)),
        look_at=tuple(_look_at(session, plan, found)),
    )


def _count(council: CouncilFacts) -> Counter[str]:
    counted: Counter[str] = Counter()
    counted["communes" if council.kind is BodyKind.COMMUNE else "arrondissements"] += 1
    if council.state is not None:
        counted[council.state.value] += 1
    presidents = _presidents(council)
    if not presidents:
        counted["without_officials"] += 1
    else:
        before = {each.holder for each in council.outgoing if each.place == PRESIDENT}
        counted["keep" if presidents & before else "change"] += 1
    if council.state is not CouncilState.SEATED:
        for place in council.decision().places:
            counted["needed"] += place.outcome in (KeyOutcome.ORDERED, KeyOutcome.NO_SEAT)
            counted["there"] += place.outcome is KeyOutcome.ORDERED
    return counted


def _presidents(council: CouncilFacts) -> set[HolderId | None]:
    return {each.holder for each in council.incoming if each.place == PRESIDENT}


def _tally(code: str, counted: Counter[str]) -> Tally:
    return Tally(
        province_code=code,
        communes=counted["communes"],
        arrondissements=counted["arrondissements"],
        change=counted["change"],
        keep=counted["keep"],
        without_officials=counted["without_officials"],
        frozen=counted["frozen"],
        seated=counted["seated"],
        seats_needed=counted["needed"],
        seats_there=counted["there"],
    )


def _moves(council: CouncilFacts) -> Iterable[OfficeMove]:
    before = {(each.place, each.holder) for each in council.outgoing}
    after = {(each.place, each.holder) for each in council.incoming}
    for gone in council.outgoing:
        if (gone.place, gone.holder) not in after:
            yield OfficeMove(
                body_code=council.code,
                place=gone.place,
                name_latin=gone.name_latin,
                name_ar=gone.name_ar,
                move=Move.LOSES,
                outcome=None,
            )
    for place in council.decision().places:
        coming = place.incoming
        yield OfficeMove(
            body_code=council.code,
            place=coming.place,
            name_latin=coming.name_latin,
            name_ar=coming.name_ar,
            move=Move.KEEPS if (coming.place, coming.holder) in before else Move.GETS,
            outcome=place.outcome,
        )


def _key_moves(council: CouncilFacts) -> Iterable[KeyMove]:
    for each in council.decision().keys:
        yield KeyMove(body_code=council.code, order=each.key.order, end=each.end, reason=_REASONS[each.end])


def _look_at(session: Session, plan: UUID, found: list[CouncilFacts]) -> Iterable[LookAt]:
    bodies = {each.body_id: each.code for each in found}
    officials = [
        each
        for each in session.scalars(
            select(ElectedOfficial).where(ElectedOfficial.plan_id == plan, ElectedOfficial.superseded_at.is_(None))
        )
        if each.body_id in bodies
    ]
    known = _known_names(session, plan)
    there = _names_there(session, set(bodies))
    president_of: dict[str, str] = {}
    for each in sorted(officials, key=lambda each: (bodies[each.body_id], each.place)):
        code, doubts = bodies[each.body_id], list[tuple[Doubt, str]]()
        if each.cin_hash in known and spelled(known[each.cin_hash]) != spelled(each.name_latin):
            doubts.append((Doubt.SAME_ID_OTHER_NAME, known[each.cin_hash]))
        namesakes = there.get((each.body_id, spelled(each.name_latin)), {})
        doubts += [
            (Doubt.SAME_NAME_OTHER_ID, name) for cin_hash, name in namesakes.items() if cin_hash != each.cin_hash
        ][:1]
        if each.place == PRESIDENT:
            first = president_of.setdefault(each.cin_hash, code)
            doubts += [(Doubt.PRESIDENT_TWICE, first)] if first != code else []
        for doubt, other in doubts:
            yield LookAt(body_code=code, place=each.place, name_latin=each.name_latin, doubt=doubt, other=other)


def _known_names(session: Session, plan: UUID) -> dict[str, str]:
    """Names on record of the persons whom the list names, by national id."""
    rows = session.execute(
        select(Holder.cin_hash, Holder.name_latin)
        .join(ElectedOfficial, ElectedOfficial.cin_hash == Holder.cin_hash)
        .where(ElectedOfficial.plan_id == plan, ElectedOfficial.superseded_at.is_(None))
    )
    return dict(rows.all())


def _names_there(session: Session, bodies: set[UUID]) -> dict[tuple[UUID, str], dict[str, str]]:
    """Who was in office in each council's body, by the letters of his name."""
    rows = session.execute(
        select(Office.body_id, Holder.cin_hash, Holder.name_latin)
        .join(Holder, Holder.id == Office.holder_id)
        .join(Body, Body.id == Office.body_id)
        .where(Office.superseded_at.is_(None))
    )
    found: dict[tuple[UUID, str], dict[str, str]] = {}
    for body, cin_hash, name in rows:
        if body in bodies:
            found.setdefault((body, spelled(name)), {})[cin_hash] = name
    return found


def spelled(name: str) -> str:
    """The letters of a name, without accents, case, spaces and hyphens; its words in any order."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    words = "".join(each if each.isalpha() else " " for each in plain if not unicodedata.combining(each)).split()
    return " ".join(sorted(words))
