"""A ledger of any length: the same keys alive, behind them ever more orders that ended. In bulk, and balanced."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import Date, Integer, Uuid, bindparam, text
from sqlalchemy.orm import Session

from bench._nation import AT, seat, settle
from pki.records import Instant, Records

ALIVE = 1_000
"""Active keys, at every size: six entries each. Whatever else there is was revoked: eight each."""
NEW_ID = {"sqlite": "lower(hex(randomblob(16)))", "postgresql": "gen_random_uuid()"}
LIFE = (
    "('seat', 'available', 'reserved', 'order.requested')",
    "('purchase', 'unused', 'used', 'order.personalised')",
    "('seat', 'reserved', 'live', 'order.active')",
    "('seat', 'live', 'available', 'order.revoked')",
)
ORDERS = """
INSERT INTO key_order
  (id, holder_id, office_id, body_id, payer_body_id, agreement_id, road, state, seat, requested_at, requested_by)
WITH RECURSIVE years(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM years WHERE n < :years)
SELECT {new_id}, holder_id, id, body_id, body_id, :agreement, 'self_made', '{state}', '{place}', :at, 'system:bench'
FROM years CROSS JOIN office LIMIT :count
"""
ENTRIES = """
INSERT INTO ledger_entry
  (movement_id, book, account, agreement_id, body_id, change, cause, order_id, in_effect, recorded_at)
WITH life(book, taken, given, cause) AS (VALUES {life}),
  sides(change) AS (VALUES (-1), (1)),
  moved AS MATERIALIZED (
    SELECT {new_id} AS movement, key_order.id, key_order.body_id, life.book, life.taken, life.given, life.cause
    FROM key_order CROSS JOIN life WHERE key_order.state = '{state}'
  )
SELECT movement, book, CASE WHEN change < 0 THEN taken ELSE given END, :agreement, body_id, change, cause, id, :day, :at
FROM moved CROSS JOIN sides
"""
BALANCES = (
    "UPDATE allowance SET live = 1 WHERE body_id IN (SELECT body_id FROM key_order WHERE state = 'active')",
    "UPDATE agreement_book SET purchases_used = (SELECT count(*) FROM key_order)",
)


def remember(records: Records, *, entries: int) -> None:
    """Settle a country whose ledger has about so many entries of orders, 10⁴ or more."""
    agreement = settle(records)
    people = len(seat(records, 1_503))
    ended = (entries - 6 * ALIVE) // 8
    with records.writing() as session:
        _write(session, agreement, "active", "live", count=ALIVE, years=1, steps=3)
        _write(session, agreement, "revoked", "none", count=ended, years=ended // people + 1, steps=4)
        for statement in BALANCES:
            session.execute(text(statement))
    with records.writing_engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()


def _write(session: Session, agreement: UUID, state: str, place: str, *, count: int, years: int, steps: int) -> None:
    new_id = NEW_ID[session.get_bind().dialect.name]
    orders = ORDERS.format(new_id=new_id, state=state, place=place)
    entries = ENTRIES.format(new_id=new_id, state=state, life=", ".join(LIFE[:steps]))
    of, at = bindparam("agreement", agreement, type_=Uuid()), bindparam("at", AT, type_=Instant())
    numbers = (bindparam("years", years, type_=Integer()), bindparam("count", count, type_=Integer()))
    session.execute(text(orders).bindparams(of, at, *numbers))
    session.execute(text(entries).bindparams(of, at, bindparam("day", date(2026, 11, 2), type_=Date())))
