"""The books as CSV files, line by line: nothing is held in memory as a whole."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TextIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pki.journal.canonical import instant_text
from pki.quota.tables import Agreement, Allowance, LedgerEntry
from pki.registration.tables import Body

LEDGER: tuple[str, ...] = (
    "entry",
    "movement",
    "book",
    "account",
    "agreement",
    "body_code",
    "change",
    "cause",
    "order",
    "origin",
)
LEDGER += ("in_effect", "recorded")
ALLOWANCES = ("code", "name_fr", "granted", "reserved", "live", "excess")
_AT_ONCE = 2000


def ledger_rows(session: Session) -> Iterator[tuple[object, ...]]:
    """Every entry, oldest first, in the columns of `LEDGER`; the agreement by its number.

    One statement, so of one moment: whatever is committed while it is read is in it whole or not at all.
    """
    asked = (
        select(LedgerEntry, Agreement.number, Body.code)
        .join(Agreement, Agreement.id == LedgerEntry.agreement_id)
        .outerjoin(Body, Body.id == LedgerEntry.body_id)
        .order_by(LedgerEntry.id)
        .execution_options(yield_per=_AT_ONCE)
    )
    for entry, agreement, body_code in session.execute(asked):
        yield (
            entry.id, entry.movement_id, entry.book.value, entry.account.value,
            not_a_formula(agreement), body_code or "", entry.change,
            entry.cause, entry.order_id or "", entry.origin or "",
            entry.in_effect.isoformat(), instant_text(entry.recorded_at),
        )  # fmt: skip
        session.expunge(entry)


def allowance_rows(session: Session) -> Iterator[tuple[object, ...]]:
    """The seats of every body that has any, by code, in the columns of `ALLOWANCES`."""
    asked = (
        select(Body.code, Body.name_fr, Allowance.granted, Allowance.reserved, Allowance.live, Allowance.excess)
        .join(Allowance, Allowance.body_id == Body.id)
        .order_by(Body.code)
        .execution_options(yield_per=_AT_ONCE)
    )
    for row in session.execute(asked):
        yield (row.code, not_a_formula(row.name_fr), *row[2:])


Told = Callable[[int], None]
"""Hears of lines as they are written."""


def lines_to_write(session: Session) -> int:
    """How many lines both files have together, but for their headers."""
    return sum(session.scalar(select(func.count()).select_from(each)) or 0 for each in (LedgerEntry, Allowance))


def write_ledger(session: Session, file: TextIO, told: Told = lambda _: None) -> int:
    """Write `ledger.csv` (UTF-8, LF, header first); return how many entries."""
    return _write(file, LEDGER, ledger_rows(session), told)


def write_allowances(session: Session, file: TextIO, told: Told = lambda _: None) -> int:
    """Write `allowances.csv` (UTF-8, LF, header first); return how many bodies."""
    return _write(file, ALLOWANCES, allowance_rows(session), told)


def _write(file: TextIO, header: tuple[str, ...], rows: Iterator[tuple[object, ...]], told: Told) -> int:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(header)
    written = 0
    while some := list(islice(rows, _AT_ONCE)):
        writer.writerows(some)
        written += len(some)
        told(len(some))
    return written


def not_a_formula(name: str) -> str:
    """A text as a cell that no spreadsheet calculates."""
    # THREAT: a body's name that begins like a formula runs in the spreadsheet of whoever opens the export.
    # DEFENCE: such a name gets an apostrophe before it.
    # TEST: tests/pki/quota/test_exports.py::test_a_name_is_not_a_formula
    return f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r")) else name
