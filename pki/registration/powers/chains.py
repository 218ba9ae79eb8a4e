"""From whom a power comes, on one day, by one reading of the register. Pure: values in, claims out.

A reading is what stood on record at one instant. Who asks compares two of them: what is known now, and what was known
when it was signed (`pki.registration.entitlement`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pki.registration.kinds import ActKind, OfficeFunction
from pki.registration.powers.kinds import FindingKind, PowerKind
from pki.registration.rules import Rule

COUNCIL = frozenset({OfficeFunction.PRESIDENT, OfficeFunction.VICE_PRESIDENT, OfficeFunction.COUNCILLOR})
"""Functions that fall silent while a special committee sits (organic law 113-14, art. 74)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeSeen:
    """An office on record, in effect on [starts_on, ends_on)."""

    id: UUID
    holder: UUID
    function: OfficeFunction
    rank: int | None
    body_code: str
    starts_on: date
    ends_on: date | None

    @property
    def code(self) -> str:
        """`president@01.511.01.0`, `vice_president.2@01.511.01.0`."""
        rank = "" if self.rank is None else f".{self.rank}"
        return f"{self.function.value}{rank}@{self.body_code}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DelegationSeen:
    """A delegation on record; `ends_on` is the earlier of what its deed says and its revocation."""

    id: UUID
    number: str
    from_office: UUID
    to_office: UUID
    acts: frozenset[ActKind]
    sector: str | None
    starts_on: date
    ends_on: date | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingSeen:
    """A finding on record."""

    id: UUID
    kind: FindingKind
    office: UUID | None
    replacement: UUID | None
    """The councillor whom it names, no vice-president being there."""
    number: str
    acts: frozenset[ActKind]
    starts_on: date
    ends_on: date | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """What lets an office act in another's place: a deed or a finding, by number and day."""

    kind: PowerKind
    id: UUID
    number: str
    starts_on: date
    ends_on: date | None
    recorded_at: datetime

    @property
    def code(self) -> str:
        """`delegation:12/2026`."""
        return f"{self.kind.value}:{self.number}"


class Standing(StrEnum):
    """How a claim to a power stands."""

    HELD = "held"
    NONE = "none"
    """Nothing on record gives it."""
    UNSURE = "unsure"
    """It depends on an office that may be missing from the register."""
    ENDED = "ended"
    WITHHELD = "withheld"
    """The act on record leaves this kind of act out."""
    REPLACED = "replaced"
    """Another acts in his place meanwhile."""
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One office's claim to an act, by one reading."""

    standing: Standing
    article: str = ""
    chain: tuple[str, ...] = ()
    power: Power | None = None
    ends_on: date | None = None
    office_over: bool = False
    """It ended because his own office did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the register says of a body's powers on a civil day."""

    day: date
    offices: tuple[OfficeSeen, ...]
    delegations: tuple[DelegationSeen, ...]
    findings: tuple[FindingSeen, ...]
    offices_complete: bool
    """Declared: no office of the body is missing for that day."""

    def office(self, office: UUID | None) -> OfficeSeen | None:
        """The office of that id, begun by the day."""
        return next((each for each in self.offices if each.id == office and each.starts_on <= self.day), None)

    def serving(self, office: UUID | None) -> OfficeSeen | None:
        """The same, if in effect on the day."""
        found = self.office(office)
        return found if found is not None and _covers(self.day, found.starts_on, found.ends_on) else None

    def finding(self, kind: FindingKind, office: UUID | None) -> FindingSeen | None:
        """A finding of that kind, about that office, in effect on the day."""
        for each in self.findings:
            if each.kind is kind and each.office == office and _covers(self.day, each.starts_on, each.ends_on):
                return each
        return None

    def begun(self, kind: FindingKind) -> Iterator[FindingSeen]:
        """The findings of that kind that had begun by the day."""
        return (each for each in self.findings if each.kind is kind and each.starts_on <= self.day)

    def stop(self, office: UUID) -> Claim | None:
        """What keeps an office in effect from acting itself."""
        own = self.office(office)
        if own is not None and own.function in COUNCIL:
            regime = self.finding(FindingKind.SPECIAL_COMMITTEE, None)
            if regime is not None:
                power = _power(regime)
                return Claim(standing=Standing.SUSPENDED, article="113-14 art. 74", chain=(power.code,), power=power)
        absence = self.finding(FindingKind.ABSENCE, office)
        if absence is not None:
            power = _power(absence)
            pacha = own is not None and own.function is OfficeFunction.PACHA
            article = "113-14 art. 113" if pacha else "113-14 art. 109"
            return Claim(standing=Standing.REPLACED, article=article, chain=(power.code,), power=power)
        return None


def claim(reading: Reading, office: UUID, *, act: ActKind, rule: Rule) -> Claim:
    """The claim of one office to sign an act that is another office's own."""
    own = reading.office(office)
    if own is None:
        return Claim(standing=Standing.NONE)
    if reading.serving(office) is None:
        return Claim(standing=Standing.ENDED, article=rule.article, ends_on=own.ends_on, office_over=True)
    stop = reading.stop(office)
    if stop is not None:
        return stop
    if own.function is OfficeFunction.SPECIAL_COMMITTEE:
        return _current_affairs(reading, own, act, rule)
    if own.function is OfficeFunction.GOVERNOR:
        return _substitution(reading, own, act, rule)
    found = [*_delegations(reading, own, act, rule), _replacement(reading, own, act, rule)]
    return _best(found)


def _delegations(reading: Reading, own: OfficeSeen, act: ActKind, rule: Rule) -> Iterator[Claim]:
    if own.function not in rule.deputies:
        return
    for each in reading.delegations:
        if each.to_office != own.id or act not in each.acts or each.starts_on > reading.day:
            continue
        giver = reading.office(each.from_office)
        if giver is None or giver.function not in rule.functions:
            continue
        # THREAT: a vice-president goes on signing on the delegation of a president who is gone.
        # DEFENCE: a delegation counts only while both offices do, whatever day its deed names (art. 21, 103).
        # TEST: tests/pki/registration/test_powers_matrix.py::test_delegation_over_dates
        ends_on = _earliest(each.ends_on, giver.ends_on, own.ends_on)
        power = Power(
            kind=PowerKind.DELEGATION,
            id=each.id,
            number=each.number,
            starts_on=each.starts_on,
            ends_on=ends_on,
            recorded_at=each.recorded_at,
        )
        held = _covers(reading.day, each.starts_on, ends_on)
        yield _claim(Standing.HELD if held else Standing.ENDED, rule.delegation_article, own, power, giver)


def _replacement(reading: Reading, own: OfficeSeen, act: ActKind, rule: Rule) -> Claim:
    """In the place of a principal found absent: the first in rank who is there, else the councillor that the finding
    names (art. 109; art. 113).
    """
    best = Claim(standing=Standing.NONE)
    if not rule.replacement_article:
        return best
    for each in reading.begun(FindingKind.ABSENCE):
        principal = reading.office(each.office)
        if principal is None or principal.function not in rule.functions or act not in each.acts:
            continue
        ends_on = _earliest(each.ends_on, principal.ends_on)
        if _covers(reading.day, each.starts_on, ends_on):
            standing = _turn(reading, own, each, rule)
        elif _turn(reading, own, each, rule) is Standing.HELD:
            standing = Standing.ENDED
        else:
            continue
        found = _claim(standing, rule.replacement_article, own, _power(each, ends_on), principal)
        best = _best([best, found])
    return best


def _turn(reading: Reading, own: OfficeSeen, absence: FindingSeen, rule: Rule) -> Standing:
    """Whether it is his turn: nobody before him in rank is in office and there; a councillor's when none is at all."""
    if own.function in rule.members:
        deputies = (each for each in reading.offices if each.function in rule.deputies and reading.serving(each.id))
        there = any(reading.finding(FindingKind.ABSENCE, each.id) is None for each in deputies)
        return Standing.HELD if absence.replacement == own.id and not there else Standing.NONE
    for rank in range(1, own.rank or 1):
        before = [
            each
            for each in reading.offices
            if each.function is own.function and each.rank == rank and reading.serving(each.id) is not None
        ]
        if any(reading.finding(FindingKind.ABSENCE, each.id) is None for each in before):
            return Standing.NONE
        if not before and not reading.offices_complete:
            return Standing.UNSURE
    return Standing.HELD


def _substitution(reading: Reading, own: OfficeSeen, act: ActKind, rule: Rule) -> Claim:
    best = Claim(standing=Standing.NONE)
    for each in reading.begun(FindingKind.SUBSTITUTION):
        principal = reading.office(each.office)
        if principal is None or act not in each.acts or not rule.substitution_article:
            continue
        ends_on = _earliest(each.ends_on, principal.ends_on)
        held = _covers(reading.day, each.starts_on, ends_on)
        standing = Standing.HELD if held else Standing.ENDED
        best = _best([best, _claim(standing, rule.substitution_article, own, _power(each, ends_on), principal)])
    return best


def _current_affairs(reading: Reading, own: OfficeSeen, act: ActKind, rule: Rule) -> Claim:
    best = Claim(standing=Standing.NONE)
    if not rule.committee_article:
        return best
    for each in reading.begun(FindingKind.SPECIAL_COMMITTEE):
        standing = Standing.HELD if act in each.acts else Standing.WITHHELD
        if not _covers(reading.day, each.starts_on, each.ends_on):
            standing = Standing.ENDED
        best = _best([best, _claim(standing, rule.committee_article, own, _power(each), None)])
    return best


def _claim(standing: Standing, article: str, own: OfficeSeen, power: Power, giver: OfficeSeen | None) -> Claim:
    chain = (own.code, power.code) if giver is None else (own.code, power.code, giver.code)
    return Claim(standing=standing, article=article, chain=chain, power=power, ends_on=power.ends_on)


_STRENGTH = (
    Standing.HELD,
    Standing.REPLACED,
    Standing.UNSURE,
    Standing.SUSPENDED,
    Standing.WITHHELD,
    Standing.ENDED,
    Standing.NONE,
)


def _best(claims: Iterable[Claim]) -> Claim:
    return min(claims, key=lambda each: _STRENGTH.index(each.standing))


def _power(finding: FindingSeen, ends_on: date | None = None) -> Power:
    return Power(
        kind=PowerKind(finding.kind.value),
        id=finding.id,
        number=finding.number,
        starts_on=finding.starts_on,
        ends_on=_earliest(ends_on, finding.ends_on),
        recorded_at=finding.recorded_at,
    )


def _earliest(*days: date | None) -> date | None:
    known = [each for each in days if each is not None]
    return min(known) if known else None


def _covers(day: date, starts_on: date, ends_on: date | None) -> bool:
    return starts_on <= day and (ends_on is None or day < ends_on)
