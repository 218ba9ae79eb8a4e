"""The books: allowances, entries, balances at any date, the seats of a body explained, all of it as files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from api.auth.permissions import CentralOfficer, CommuneOrAbove, HouseHere
from api.auth.territory import narrowed, require_body, require_order
from pki.quota.balances import Grant, balances, explain
from pki.quota.exports import ALLOWANCES, LEDGER, allowance_rows, ledger_rows
from pki.quota.reading import LedgerLine, allowances, ledger
from pki.records import Records

from .schema import Code, Moment, Out, Page, Zulu

router = APIRouter(prefix="/v1", tags=["quota"])
LAST_ENTRY = (1 << 63) - 1
"""What a bigint holds."""


class AllowanceOut(Out):
    """One body's seats; `excess` is how many more are in use than granted."""

    body: str
    name_fr: str
    granted: int
    reserved: int
    live: int
    excess: int


class AllowancesOut(Out):
    """Allowances, by body."""

    items: list[AllowanceOut]


class EntryOut(Out):
    """One entry of the ledger."""

    entry: int
    book: str
    account: str
    body: str | None
    change: int
    cause: str
    order: UUID | None
    origin: str | None
    in_effect: date
    recorded: Zulu

    @classmethod
    def of(cls, line: LedgerLine) -> EntryOut:
        """As it is answered."""
        return cls(
            entry=line.entry,
            book=line.book,
            account=line.account,
            body=line.body_code,
            change=line.change,
            cause=line.cause,
            order=line.order,
            origin=line.origin,
            in_effect=line.in_effect,
            recorded=line.recorded,
        )


class LedgerOut(Out):
    """Entries, oldest first."""

    items: list[EntryOut]


class BalanceOut(Out):
    """Units on one account."""

    book: str
    account: str
    agreement: UUID
    body: str | None
    units: int


class BalancesOut(Out):
    """Every account that is not empty."""

    items: list[BalanceOut]


class GrantOut(Out):
    """Seats that came to a body, or left it."""

    cause: str
    origin: str | None
    label: str
    change: int
    in_effect: date
    recorded: Zulu

    @classmethod
    def of(cls, grant: Grant) -> GrantOut:
        """As it is answered."""
        return cls(
            cause=grant.cause,
            origin=grant.origin,
            label=grant.label,
            change=grant.change,
            in_effect=grant.in_effect,
            recorded=grant.recorded,
        )


class SeatOut(Out):
    """A seat in use: its order, what granted it (null: above what is granted), the entries behind it."""

    order: UUID
    holder: UUID
    state: str
    place: str
    granted_by: GrantOut | None
    entries: list[EntryOut]


class SeatsOut(Out):
    """The seats of a body, explained."""

    body: str
    granted: int
    excess: int
    grants: list[GrantOut]
    seats: list[SeatOut]


@router.get("/allowances", operation_id="listAllowances")
def get_allowances(
    officer: CommuneOrAbove, house: HouseHere, body: Annotated[Code | None, Query()] = None
) -> AllowancesOut:
    """Seats granted, reserved and live, of every body of the officer's territory or of one."""
    within = narrowed(house.records, officer, body)
    with house.records.reading() as session:
        found = allowances(session, within=within)
    return AllowancesOut(
        items=[
            AllowanceOut(
                body=each.body_code,
                name_fr=each.name_fr,
                granted=each.granted,
                reserved=each.reserved,
                live=each.live,
                excess=each.excess,
            )
            for each in found
        ]
    )


@router.get("/ledger", operation_id="listLedger")
def get_ledger(
    *,
    officer: CommuneOrAbove,
    house: HouseHere,
    body: Annotated[Code | None, Query()] = None,
    order: Annotated[UUID | None, Query()] = None,
    after: Annotated[int, Query(ge=0, le=LAST_ENTRY)] = 0,
    limit: Page = 200,
) -> LedgerOut:
    """Every movement of seats and purchases in the officer's territory, entry by entry; of a body, of an order.

    Oldest first; `after` is the last entry's number of the page before. An entry is numbered before its act is
    committed: while acts are under way, one may be added below a page already answered, which no later page shows.
    Read anew from the beginning then; `exportLedger` is the complete record, of one moment.
    """
    within = narrowed(house.records, officer, body)
    if order is not None:
        require_order(house.records, officer, order)
    with house.records.reading() as session:
        found = ledger(session, order=order, within=within, after=after, limit=limit)
    return LedgerOut(items=[EntryOut.of(each) for each in found])


@router.get("/balances", operation_id="listBalances")
def get_balances(
    officer: CommuneOrAbove,
    house: HouseHere,
    body: Annotated[Code | None, Query()] = None,
    on: Annotated[date | None, Query()] = None,
    known_at: Annotated[Moment | None, Query()] = None,
) -> BalancesOut:
    """Balances in effect on a day, as recorded by an instant, in the officer's territory: from the entries alone."""
    within = narrowed(house.records, officer, body)
    with house.records.reading() as session:
        found = balances(session, on=on, known_at=known_at, within=within)
    return BalancesOut(
        items=[
            BalanceOut(
                book=each.book, account=each.account, agreement=each.agreement, body=each.body_code, units=each.units
            )
            for each in found
        ]
    )


@router.get("/bodies/{code}/seats", operation_id="explainSeats")
def get_seats(code: Code, officer: CommuneOrAbove, house: HouseHere) -> SeatsOut:
    """Each reserved or live seat of a body, with the entries that gave it."""
    require_body(house.records, officer, code)
    with house.records.reading() as session:
        found = explain(session, code)
    return SeatsOut(
        body=found.body_code,
        granted=found.granted,
        excess=found.excess,
        grants=[GrantOut.of(grant) for grant in found.grants],
        seats=[
            SeatOut(
                order=seat.order,
                holder=seat.holder,
                state=seat.state,
                place=seat.place,
                granted_by=None if seat.granted_by is None else GrantOut.of(seat.granted_by),
                entries=[EntryOut.of(line) for line in seat.entries],
            )
            for seat in found.seats
        ],
    )


@router.get("/exports/ledger.csv", operation_id="exportLedger", response_class=StreamingResponse)
def get_ledger_file(officer: CentralOfficer, house: HouseHere) -> StreamingResponse:
    """Every entry as CSV, as committed at one moment."""
    del officer
    return _file("ledger.csv", _lines(house.records, LEDGER, ledger_rows))


@router.get("/exports/allowances.csv", operation_id="exportAllowances", response_class=StreamingResponse)
def get_allowances_file(officer: CentralOfficer, house: HouseHere) -> StreamingResponse:
    """Every allowance as CSV."""
    del officer
    return _file("allowances.csv", _lines(house.records, ALLOWANCES, allowance_rows))


def _lines(
    records: Records, header: tuple[str, ...], rows: Callable[[Session], Iterator[tuple[object, ...]]]
) -> Iterator[str]:
    spelled = io.StringIO()
    writer = csv.writer(spelled, lineterminator="\n")
    writer.writerow(header)
    with records.reading() as session:
        for row in rows(session):
            writer.writerow(row)
            if spelled.tell() > 1 << 16:
                yield spelled.getvalue()
                spelled.seek(0)
                spelled.truncate()
    yield spelled.getvalue()


def _file(name: str, lines: Iterator[str]) -> StreamingResponse:
    return StreamingResponse(
        lines,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
