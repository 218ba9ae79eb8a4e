"""Leaves and events are written with the act, numbered once and gap-free, and stay as written."""

import hashlib
import json
import threading
from datetime import date
from enum import StrEnum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from pki.journal.acts import events_after, number_leaves, record
from pki.journal.canonical import canonical_json, fact_digest, leaf_hash
from pki.journal.tables import EventRow, Leaf
from pki.records import Records
from tests.pki.estate import OFFICER, T0


def write(records: Records, subject: str = "order:1", **facts: object) -> None:
    with records.writing() as session:
        record(session, kind="order.requested", subject=subject, by=OFFICER, at=T0, facts=facts)


def test_leaf_commits_to_its_facts_without_holding_them(records: Records) -> None:
    number_leaves(records)
    write(records, name="أحمد", seats=3)
    with records.reading() as session:
        leaf = session.execute(
            select(Leaf.content, Leaf.leaf_hash, Leaf.salt, Leaf.facts).where(Leaf.number.is_(None))
        ).one()
    said = json.loads(leaf.content)
    assert said == {
        "v": 1,
        "kind": "order.requested",
        "subject": "order:1",
        "by": {"kind": "officer", "id": OFFICER.id},
        "at": "2026-11-02T10:00:00.000000Z",
        "digest": said["digest"],
    }
    assert leaf.salt is not None
    assert leaf.facts is not None
    assert json.loads(leaf.facts) == {"name": "أحمد", "seats": 3}
    assert bytes.fromhex(said["digest"]) == hashlib.sha256(leaf.salt + leaf.facts.encode()).digest()
    # RFC 9162, 2.1.1: the hash of a leaf is over 0x00 and its bytes.
    assert leaf.leaf_hash == hashlib.sha256(b"\x00" + leaf.content).digest()
    assert "أحمد".encode() not in leaf.content


def test_same_facts_twice_have_different_digests(sqlite_records: Records) -> None:
    number_leaves(sqlite_records)
    write(sqlite_records, cin="AB1")
    write(sqlite_records, cin="AB1")
    with sqlite_records.reading() as session:
        first, second = session.scalars(select(Leaf.content).where(Leaf.number.is_(None)))
    assert json.loads(first)["digest"] != json.loads(second)["digest"]


def test_act_that_fails_leaves_nothing(records: Records) -> None:
    number_leaves(records)

    def act() -> None:
        with records.writing() as session:
            record(session, kind="order.requested", subject="order:1", by=OFFICER, at=T0)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        act()
    assert number_leaves(records) == 0


def test_numbers_follow_without_gap(records: Records) -> None:
    before = number_leaves(records)
    for each in range(5):
        write(records, subject=f"order:{each}")
    assert [number_leaves(records, limit=3), number_leaves(records, limit=3), number_leaves(records)] == [3, 2, 0]
    with records.reading() as session:
        found = events_after(session, before - 1, subject=None, limit=10)
        assert [(event.number, event.subject) for event in found] == [
            (before + each, f"order:{each}") for each in range(5)
        ]
        assert [event.number for event in events_after(session, -1, subject="order:3", limit=10)] == [before + 3]
        assert events_after(session, before + 4, subject=None, limit=10) == []


def test_many_writers_and_sequencers_leave_no_gap_and_no_double(records: Records) -> None:
    number_leaves(records)
    failures: list[Exception] = []

    def run(work: object) -> None:
        try:
            work()  # type: ignore[operator]
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    def writing() -> None:
        for _ in range(10):
            write(records)

    def numbering() -> None:
        for _ in range(10):
            number_leaves(records, limit=4)

    threads = [threading.Thread(target=run, args=(work,)) for work in [writing] * 4 + [numbering] * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while number_leaves(records):
        pass
    assert failures == []
    with records.reading() as session:
        leaves = session.execute(select(Leaf.id, Leaf.number).order_by(Leaf.number)).all()
        events = session.execute(select(EventRow.leaf_id, EventRow.number).order_by(EventRow.number)).all()
    assert [row.number for row in leaves] == list(range(len(leaves)))
    assert [tuple(row) for row in leaves] == [tuple(row) for row in events]


_ROWS_STAY_AS_WRITTEN = [
    "UPDATE journal_leaf SET content = leaf_hash",
    "UPDATE journal_leaf SET number = number + 1000",
    "UPDATE journal_leaf SET facts = '{}'",
    "DELETE FROM journal_leaf",
    "DELETE FROM event",
    "UPDATE event SET subject = 'order:2'",
]


def test_rows_stay_as_written(records: Records) -> None:
    number_leaves(records)
    for statement in _ROWS_STAY_AS_WRITTEN:
        with pytest.raises(DBAPIError, match="append-only"), records.writing() as session:
            session.connection().exec_driver_sql(statement)


def test_facts_can_be_erased_and_the_proof_stands(records: Records) -> None:
    with records.writing() as session:
        session.connection().exec_driver_sql("UPDATE journal_leaf SET facts = NULL, salt = NULL")
    with records.reading() as session:
        for leaf in session.scalars(select(Leaf)):
            assert leaf.facts is None
            assert leaf.leaf_hash == leaf_hash(leaf.content)


class Colour(StrEnum):
    RED = "red"


def test_one_spelling() -> None:
    value = {"b": [1, None, True], "a": {"day": date(2026, 1, 31), "at": T0, "id": UUID(int=1), "c": Colour.RED}}
    assert canonical_json(value) == (
        b'{"a":{"at":"2026-11-02T10:00:00.000000Z","c":"red","day":"2026-01-31",'
        b'"id":"00000000-0000-0000-0000-000000000001"},"b":[1,null,true]}'
    )


@pytest.mark.parametrize("value", [1.5, b"bytes", {1}, object(), T0.replace(tzinfo=None)])
def test_what_has_two_spellings_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical_json({"value": value})


@given(facts=st.dictionaries(st.text(max_size=8), st.integers() | st.text(max_size=8) | st.none(), max_size=5))
def test_order_of_keys_does_not_matter(facts: dict[str, object]) -> None:
    spelled = canonical_json(facts)
    assert spelled == canonical_json(dict(reversed(facts.items())))
    assert json.loads(spelled) == facts
    assert fact_digest(b"s", spelled) != fact_digest(b"t", spelled)
