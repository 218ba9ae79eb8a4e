"""Who would hold the keys of a country: named and numbered by rule, so that a second run finds the same people."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from pki.registration.kinds import MECHOUAR_COMMUNES, BodyKind, OfficeFunction
from pki.registration.tables import Body

SEED = 20270908
LOSSES, EXTRAS = 300, 200
DEVICES = 50
"""Holders whose pairs are made in devices."""
_FIRST = (
    ("Ahmed", "أحمد"), ("Fatima", "فاطمة"), ("Mohamed", "محمد"), ("Khadija", "خديجة"), ("Youssef", "يوسف"),
    ("Salma", "سلمى"), ("Hassan", "حسن"), ("Zineb", "زينب"), ("Driss", "إدريس"), ("Naima", "نعيمة"),
    ("Omar", "عمر"), ("Laila", "ليلى"), ("Rachid", "رشيد"), ("Samira", "سميرة"), ("Khalid", "خالد"),
)  # fmt: skip
_LAST = (
    ("EL ALAOUI", "العلوي"), ("BENNANI", "بناني"), ("IDRISSI", "الإدريسي"), ("TAZI", "التازي"), ("FASSI", "الفاسي"),
    ("AMRANI", "العمراني"), ("BERRADA", "برادة"), ("CHRAIBI", "الشرايبي"), ("ZNIBER", "زنيبر"), ("OUAZZANI", "الوزاني"),
    ("SEBTI", "السبتي"), ("LAHLOU", "لحلو"), ("MANSOURI", "المنصوري"), ("RIFFI", "الريفي"), ("SOUSSI", "السوسي"),
    ("FILALI", "الفيلالي"), ("HASSANI", "الحسني"), ("KADIRI", "القادري"),
)  # fmt: skip
_COMMUNE = (
    (OfficeFunction.PRESIDENT, None),
    (OfficeFunction.VICE_PRESIDENT, 1),
    (OfficeFunction.COMMITTEE_MEMBER, None),
    (OfficeFunction.VICE_PRESIDENT, 2),
    (OfficeFunction.DIRECTOR_OF_SERVICES, None),
    (OfficeFunction.VICE_PRESIDENT, 3),
    (OfficeFunction.VICE_PRESIDENT, 4),
)
_MECHOUAR = ((OfficeFunction.PACHA, None), *_COMMUNE)
_PROVINCE = (
    (OfficeFunction.GOVERNOR, None),
    (OfficeFunction.SECRETARY, None),
    (OfficeFunction.COMMITTEE_MEMBER, None),
)
_ELECTED = 50
"""Numbers of the people who come with the election begin here, for each body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One holder, and the office that he has first."""

    name_latin: str
    name_ar: str
    cin: str
    function: OfficeFunction
    rank: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A body that holds keys, and how to name its people."""

    code: str
    number: int
    """Its place in the list of all bodies: the same in every run."""
    kind: BodyKind
    province_code: str
    region_code: str
    population: int

    @property
    def elects(self) -> bool:
        """It has a council of its own."""
        return self.kind is BodyKind.COMMUNE

    def person(self, seat: int) -> Person:
        """Who has the body's key number `seat` (from 0)."""
        function, rank = _functions(self)[seat]
        return self._named(seat, function, rank)

    def elected_president(self) -> Person:
        """Who is president after the election."""
        return self._named(_ELECTED, OfficeFunction.PRESIDENT, None)

    def re_elected(self, seats: int) -> Iterator[Person]:
        """Vice-presidents among the first `seats` people: elected again."""
        for seat in range(seats):
            person = self.person(seat)
            if person.function is OfficeFunction.VICE_PRESIDENT:
                yield person

    def _named(self, seat: int, function: OfficeFunction, rank: int | None) -> Person:
        number = self.number * 100 + seat
        first, last = _FIRST[number % len(_FIRST)], _LAST[number // 7 % len(_LAST)]
        return Person(
            name_latin=f"{first[0]} {last[0]}",
            name_ar=f"{first[1]} {last[1]}",
            cin=f"R{number:07d}",
            function=function,
            rank=rank,
        )


def _functions(place: Place) -> Sequence[tuple[OfficeFunction, int | None]]:
    if place.kind is BodyKind.PROVINCE:
        return _PROVINCE
    return _MECHOUAR if place.code in MECHOUAR_COMMUNES else _COMMUNE


def places(session: Session, *, province: str | None = None) -> list[Place]:
    """Communes and provinces by code, numbered over the whole country; of one province if asked."""
    asked = select(Body).where(Body.kind.in_([BodyKind.COMMUNE, BodyKind.PROVINCE])).order_by(Body.code)
    found = [
        Place(
            code=body.code,
            number=number,
            kind=body.kind,
            province_code=body.province_code or "",
            region_code=body.region_code or "",
            population=body.population or 0,
        )
        for number, body in enumerate(session.scalars(asked))
    ]
    return [place for place in found if province in (None, place.province_code)]


def drawn(among: Sequence[Place], many: int, purpose: str) -> list[Place]:
    """Places drawn by lot, the same in every run; at most as many as there are."""
    lot = random.Random(f"{SEED} {purpose}")  # noqa: S311  (a rehearsal's lot, nothing secret)
    return lot.sample(list(among), min(many, len(among)))
