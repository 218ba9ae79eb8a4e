"""The rows of one reservation by hand on a bare driver: order, seat, two entries, leaf, event; one transaction."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg

from bench._nation import OFFICER, Seated

BODY_SEAT = (
    "UPDATE allowance SET reserved = reserved + 1 WHERE body_id = {0} AND reserved + live < granted AND opens_on <= {0}"
)
ORDER = (
    "INSERT INTO key_order (id, holder_id, office_id, body_id, payer_body_id, agreement_id, road, state, seat, "
    "requested_at, requested_by) VALUES ({0}, {0}, {0}, {0}, {0}, {0}, 'self_made', 'requested', 'reserved', {0}, {0})"
)
_ENTRY = "({0}, 'seat', {1}, {0}, {0}, {2}, 'order.requested', {0}, {0}, {0})"
ENTRIES = (
    "INSERT INTO ledger_entry (movement_id, book, account, agreement_id, body_id, change, cause, order_id, in_effect, "
    "recorded_at) VALUES "
    + _ENTRY.replace("{1}", "'available'").replace("{2}", "-1")
    + ", "
    + _ENTRY.replace("{1}", "'reserved'").replace("{2}", "1")
)
LEAF = "INSERT INTO journal_leaf (content, leaf_hash, salt, facts) VALUES ({0}, {0}, {0}, {0}) RETURNING id"
EVENT = "INSERT INTO event (leaf_id, kind, subject, at) VALUES ({0}, 'order.requested', {0}, {0})"
ALL = (ORDER, BODY_SEAT, ENTRIES, LEAF, EVENT)
Rows = tuple[tuple[Any, ...], ...]


def rows_of(
    person: Seated,
    agreement: UUID,
    *,
    at: datetime,
    uuid: Callable[[UUID], Any],
    instant: Callable[[datetime], Any],
) -> Rows:
    """The values of the five statements, as the driver takes them."""
    order, movement, by, when = uuid4(), uuid(uuid4()), str(OFFICER), instant(at)
    body, holder = uuid(person.body), str(person.holder)
    facts = json.dumps(
        {
            "device_serial": None,
            "holder": holder,
            "office": str(person.office),
            "payer": person.body_code,
            "road": "self_made",
        },
        separators=(",", ":"),
    )
    salt, subject = secrets.token_bytes(32), f"order:{order}"
    content = json.dumps(
        {
            "at": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "by": {"id": OFFICER.id, "kind": OFFICER.kind},
            "digest": sha256(salt + facts.encode()).hexdigest(),
            "kind": "order.requested",
            "subject": subject,
            "v": 1,
        },
        separators=(",", ":"),
    ).encode()
    day = at.date() if instant(at) is at else at.date().isoformat()
    entry = (movement, uuid(agreement), body, uuid(order), day, when)
    return (
        (uuid(order), uuid(person.holder), uuid(person.office), body, body, uuid(agreement), when, by),
        (body, day),
        entry + entry,
        (content, sha256(b"\x00" + content).digest(), salt, facts),
        (subject, when),
    )


class BareSqlite:
    """Hand-written SQL on `sqlite3`; every commit waits for the disk."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
            self._connection.execute(f"PRAGMA {pragma}").fetchall()
        self._statements = tuple(statement.format("?") for statement in ALL)

    def rows(self, person: Seated, agreement: UUID, at: datetime) -> Rows:
        """The values of a reservation."""
        return rows_of(
            person,
            agreement,
            at=at,
            uuid=lambda value: value.hex,
            instant=lambda value: value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),
        )

    def reserve(self, rows: Rows) -> None:
        """Write one."""
        cursor = self._connection.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        _write(cursor, self._statements, rows)
        cursor.execute("COMMIT")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class BarePostgresql:
    """Hand-written SQL on `psycopg`."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url.replace("+psycopg", ""))
        self._statements = tuple(statement.format("%s") for statement in ALL)

    def rows(self, person: Seated, agreement: UUID, at: datetime) -> Rows:
        """The values of a reservation."""
        return rows_of(person, agreement, at=at, uuid=lambda value: value, instant=lambda value: value)

    def reserve(self, rows: Rows) -> None:
        """Write one."""
        with self._connection.cursor() as cursor:
            _write(cursor, self._statements, rows)
        self._connection.commit()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _write(cursor: Any, statements: tuple[str, ...], rows: Rows) -> None:
    order, seat, entries, leaf, event = statements
    cursor.execute(order, rows[0])
    cursor.execute(seat, rows[1])
    if cursor.rowcount != 1:
        raise AssertionError("no seat left")
    cursor.execute(entries, rows[2])
    cursor.execute(leaf, rows[3])
    (number,) = cursor.fetchone()
    cursor.execute(event, (number, *rows[4]))
