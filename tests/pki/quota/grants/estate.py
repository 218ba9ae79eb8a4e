"""Acts on grants, short enough for a test to say what it deviates in."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from sqlalchemy import select

from pki.quota.balances import balances
from pki.quota.grants.extras import Extra, approve_extra, request_extra
from pki.quota.grants.transfers import Transfer, consent_to_transfer, propose_transfer
from pki.quota.kinds import Account, Book, TransferSide
from pki.quota.policy import QuotaPolicy
from pki.quota.reading import AllowanceLine, allowances
from pki.quota.tables import Agreement, AgreementBook, LedgerEntry
from pki.records import Records
from tests.pki.estate import BERRECHID, OFFICER, SECOND, T0

DEROUA = "06.117.01.05"
"""Another commune of the same province."""


def agreement_of(records: Records, number: str = "2026/01") -> UUID:
    with records.reading() as session:
        return session.scalars(select(Agreement.id).where(Agreement.number == number)).one()


def figures(records: Records, number: str = "2026/01") -> tuple[int | None, int, int, int]:
    """Seats ceiling and granted, purchases granted and used."""
    book = AgreementBook
    with records.reading() as session:
        row = session.execute(
            select(book.seats_ceiling, book.seats_granted, book.purchases_granted, book.purchases_used).where(
                book.agreement_id == agreement_of(records, number)
            )
        ).one()
    return row[0], row[1], row[2], row[3]


def ever_below_nothing(records: Records) -> list[str]:
    """Accounts that stood below nothing on some day, by the day that their entries are in effect; grants above it."""
    wrong = []
    with records.reading() as session:
        for day in session.scalars(select(LedgerEntry.in_effect).distinct().order_by(LedgerEntry.in_effect)).all():
            sums: Counter[tuple[Book, Account, UUID, str | None]] = Counter()
            for each in balances(session, on=day):
                body = each.body_code if each.book is Book.SEAT else None  # purchases are the agreement's
                sums[each.book, each.account, each.agreement, body] += each.units
            wrong += [
                f"{day}: {key} {units}"
                for key, units in sums.items()
                if (units > 0 if key[1] is Account.AGREEMENT else units < 0)
            ]
    return wrong


def line(records: Records, body: str = BERRECHID) -> AllowanceLine:
    with records.reading() as session:
        return allowances(session, body_code=body)[0]


def asked(records: Records, seats: int = 2, body: str = BERRECHID) -> Extra:
    return request_extra(records, body_code=body, seats=seats, reason="two sites", by=OFFICER, at=T0)


def extra_granted(records: Records, seats: int = 2, body: str = BERRECHID) -> Extra:
    extra = asked(records, seats, body)
    return approve_extra(records, extra=extra.id, digest=extra.digest, reason="needed", by=SECOND, at=T0)


def offered(
    records: Records, seats: int = 2, *, giver: str = BERRECHID, receiver: str = DEROUA, above: int = 2
) -> Transfer:
    return propose_transfer(
        records,
        QuotaPolicy(four_eyes_above=above),
        giver_code=giver,
        receiver_code=receiver,
        seats=seats,
        reason="not needed here",
        side=TransferSide.GIVER,
        by=OFFICER,
        at=T0,
    )


def moved(records: Records, seats: int = 2, *, giver: str = BERRECHID, receiver: str = DEROUA) -> Transfer:
    transfer = offered(records, seats, giver=giver, receiver=receiver, above=100)
    return consent_to_transfer(records, transfer=transfer.id, digest=transfer.digest, by=SECOND, at=T0)
