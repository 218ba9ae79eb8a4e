"""Balances that their entries do not explain: every one recomputed, and what does not agree.

The database compares, so that a country of balances is looked at in the time of one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from pki.quota.kinds import Account, Book
from pki.quota.tables import AgreementBook, Allowance, LedgerEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A balance that its entries do not explain."""

    what: str
    stored: int
    recomputed: int


def differences(session: Session) -> list[Difference]:
    """Recompute every balance from the entries, and return what does not agree. Empty: the books balance."""
    return [*_seat_differences(session), *_agreement_differences(session), *_uneven(session)]


_SEAT_ACCOUNTS = (Account.RESERVED, Account.LIVE, Account.AVAILABLE, Account.AGREEMENT)
_PURCHASE_ACCOUNTS = (Account.AGREEMENT, Account.USED, Account.UNUSED)


def _seat_differences(session: Session) -> list[Difference]:
    """Allowances that differ from the sums of their entries, and sums without an allowance; the database compares."""
    sums = _sums(Book.SEAT, _SEAT_ACCOUNTS, LedgerEntry.body_id, LedgerEntry.agreement_id).subquery()
    summed = {account: func.coalesce(sums.c[account.value], 0) for account in _SEAT_ACCOUNTS}
    over = summed[Account.RESERVED] + summed[Account.LIVE] + summed[Account.AGREEMENT]
    pairs = {
        "excess": (Allowance.excess, case((over > 0, over), else_=0)),
        "reserved": (Allowance.reserved, summed[Account.RESERVED]),
        "live": (Allowance.live, summed[Account.LIVE]),
        "available": (Allowance.granted - Allowance.reserved - Allowance.live, summed[Account.AVAILABLE]),
        "agreement": (-Allowance.granted, summed[Account.AGREEMENT]),
    }
    own = (sums.c.body_id == Allowance.body_id) & (sums.c.agreement_id == Allowance.agreement_id)
    rows = session.execute(
        select(Allowance.body_id, *(column for pair in pairs.values() for column in pair))
        .outerjoin(sums, own)
        .where(or_(*(stored != recomputed for stored, recomputed in pairs.values())))
    )
    found = [each for body, *values in rows for each in _compared(f"seat/{{}}/{body}", pairs, values)]
    strangers = session.execute(
        select(sums.c.body_id, *summed.values()).outerjoin(Allowance, own).where(Allowance.body_id.is_(None))
    )
    for body, *values in strangers:
        none = [each for value in values for each in (0, value)]
        found += _compared(f"seat/{{}}/{body}", [account.value for account in _SEAT_ACCOUNTS], none)
    return found


def _agreement_differences(session: Session) -> list[Difference]:
    sums = _sums(Book.PURCHASE, _PURCHASE_ACCOUNTS, LedgerEntry.agreement_id).subquery()
    granted = (
        select(Allowance.agreement_id, func.sum(Allowance.granted).label("seats"))
        .group_by(Allowance.agreement_id)
        .subquery()
    )
    pairs = {
        "granted": (-AgreementBook.purchases_granted, func.coalesce(sums.c.agreement, 0)),
        "used": (AgreementBook.purchases_used, func.coalesce(sums.c.used, 0)),
        "unused": (AgreementBook.purchases_granted - AgreementBook.purchases_used, func.coalesce(sums.c.unused, 0)),
        "seats": (AgreementBook.seats_granted, func.coalesce(granted.c.seats, 0)),
    }
    rows = session.execute(
        select(AgreementBook.agreement_id, *(column for pair in pairs.values() for column in pair))
        .outerjoin(sums, sums.c.agreement_id == AgreementBook.agreement_id)
        .outerjoin(granted, granted.c.agreement_id == AgreementBook.agreement_id)
    )
    return [each for key, *values in rows for each in _compared(f"agreement/{{}}/{key}", pairs, values)]


def _sums(book: Book, accounts: Sequence[Account], *by: InstrumentedAttribute[Any]) -> Select[Any]:
    """What the entries of a book add up to, one column an account, one row a key."""
    return (
        select(
            *by,
            *(
                func.sum(case((LedgerEntry.account == account, LedgerEntry.change), else_=0)).label(account.value)
                for account in accounts
            ),
        )
        .where(LedgerEntry.book == book)
        .group_by(*by)
    )


def _compared(what: str, names: Iterable[str], values: Sequence[int]) -> list[Difference]:
    """Stored and recomputed values in turn, as a row has them; those that agree are left out."""
    pairs = zip(names, values[::2], values[1::2], strict=True)
    return [
        Difference(what=what.format(name), stored=int(stored), recomputed=int(recomputed))
        for name, stored, recomputed in pairs
        if stored != recomputed
    ]


def _uneven(session: Session) -> list[Difference]:
    """Movements whose sides do not add up to nothing."""
    total = func.sum(LedgerEntry.change)
    rows = session.execute(select(LedgerEntry.movement_id, total).group_by(LedgerEntry.movement_id).having(total != 0))
    return [Difference(what=f"movement/{movement}", stored=0, recomputed=int(value)) for movement, value in rows]
