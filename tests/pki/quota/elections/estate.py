"""A province before an election: councils with presidents and vice-presidents, each with a key; lists of new ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import count
from uuid import UUID

from sqlalchemy import select

from pki.journal.acts import Actor
from pki.quota.advancing import advance
from pki.quota.differences import differences
from pki.quota.elections.freezing import freeze_council
from pki.quota.elections.importing import Imported, import_officials
from pki.quota.elections.plans import draft_plan
from pki.quota.elections.seating import SeatedCouncil, seat_council
from pki.quota.orders import request_key
from pki.quota.reading import AllowanceLine, allowances
from pki.quota.transitions import Step
from pki.records import HolderId, OfficeId, OrderId, Records
from pki.registration.holders import enrol_holder
from pki.registration.kinds import BodyKind, OfficeFunction
from pki.registration.offices import record_office
from pki.registration.tables import Body
from tests.pki.estate import OFFICER, PROTECTION, SYSTEM, T0
from tests.pki.quota.estate import settled

ELECTED_ON = date(2026, 11, 1)
HEADING = "body,function,rank,name_ar,name_latin,cin,email,phone,elected_on,deed"
DEED = "PV 7/2026"
_WAY = (Step.APPROVE, Step.BUY, Step.ISSUE, Step.CONFIRM, Step.ACTIVATE)
_numbers = count(500_000)


def cin() -> str:
    """A national id that nobody has."""
    return f"CD{next(_numbers)}"


def row(body: str, function: str, rank: int | None, number: str, *, name: str = "Fatima Zahra Bennis") -> str:
    """One line of a list."""
    place = "" if rank is None else str(rank)
    return f"{body},{function},{place},فاطمة الزهراء بنيس,{name},{number},,,{ELECTED_ON},{DEED}"


def listed(*rows: str) -> bytes:
    """A whole list."""
    return "\r\n".join([HEADING, *rows, ""]).encode()


def new_council(body: str, size: int) -> list[str]:
    """A president and vice-presidents whom nobody knows."""
    return [row(body, "president", None, cin())] + [row(body, "vice_president", n, cin()) for n in range(1, size)]


@dataclass
class Wave:
    """One plan over one set of records."""

    records: Records
    plan: UUID = field(init=False)
    ids: dict[HolderId, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.plan = draft_plan(self.records, label="2026", by=OFFICER, at=T0)

    def communes(self, province: str) -> list[str]:
        with self.records.reading() as session:
            asked = select(Body.code).where(Body.province_code == province, Body.kind == BodyKind.COMMUNE)
            return list(session.scalars(asked.order_by(Body.code)))

    def official(self, body: str, rank: int | None) -> tuple[HolderId, OfficeId]:
        """A president (no rank) or vice-president since 2021."""
        number = cin()
        holder = enrol_holder(
            self.records, PROTECTION, name_ar="أحمد العلوي", name_latin="Ahmed El Alaoui", cin=number, by=OFFICER, at=T0
        )
        self.ids[holder] = number
        function = OfficeFunction.PRESIDENT if rank is None else OfficeFunction.VICE_PRESIDENT
        office = record_office(
            self.records,
            holder=holder,
            body_code=body,
            function=function,
            rank=rank,
            starts_on=date(2021, 9, 24),
            deed="PV 1/2021",
            by=OFFICER,
            at=T0,
        )
        return holder, office

    def key(self, holder: HolderId, office: OfficeId, body: str) -> OrderId:
        """An active key in a seat; without certificates, which are tested elsewhere."""
        order = request_key(self.records, holder=holder, office=office, payer_body_code=body, by=OFFICER, at=T0).id
        with self.records.writing() as session:
            for step in _WAY:
                advance(session, order, step, by=SYSTEM, at=T0)
        return order

    def full(self, body: str) -> list[OrderId]:
        """Every seat of the body is a council member's."""
        return [self.key(*self.official(body, rank or None), body) for rank in range(self.allowance(body).granted)]

    def allowance(self, body: str) -> AllowanceLine:
        with self.records.reading() as session:
            return allowances(session, body_code=body)[0]

    def load(self, content: bytes, *, by: Actor = OFFICER, at: datetime = T0) -> Imported:
        return import_officials(self.records, PROTECTION, plan=self.plan, content=content, by=by, at=at)

    def freeze(self, body: str, *, at: datetime = T0) -> int:
        return freeze_council(
            self.records, plan=self.plan, body_code=body, ends_on=ELECTED_ON, deed=DEED, by=OFFICER, at=at
        )

    def seat(self, body: str, *, at: datetime = T0, **more: object) -> SeatedCouncil:
        given = {"elected_on": ELECTED_ON, "deed": DEED, "by": OFFICER, "at": at} | more
        return seat_council(self.records, settled, plan=self.plan, body_code=body, **given)  # type: ignore[arg-type]

    def books_balance(self) -> None:
        with self.records.reading() as session:
            assert differences(session) == []
