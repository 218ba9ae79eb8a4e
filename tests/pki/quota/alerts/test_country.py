"""The whole country: as many statements as for one commune, and seconds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from time import perf_counter
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event, insert, select, update

from pki.ca.profile import CertificatePurpose
from pki.ca.tables import CertificateOrigin, CertificateRow, IssuerRow
from pki.journal.tables import EventRow, Leaf
from pki.quota.alerts.forecast import Level, forecasts
from pki.quota.alerts.kinds import AlertKind
from pki.quota.kinds import OrderState, Road, SeatPlace
from pki.quota.tables import Agreement, Allowance, KeyOrder
from pki.quota.waves import open_wave
from pki.records import Records
from pki.registration.kinds import BodyKind, OfficeFunction
from pki.registration.tables import Body, Holder, Office
from tests.pki.estate import BERRECHID, SYSTEM, T0
from tests.pki.quota.alerts.estate import Watch

T = TypeVar("T")
SECONDS = 5.0
"""For a sweep of everything, the first one too, which opens thousands; it takes one on a quiet machine."""
MORE = 20
"""Statements of a sweep that opens, closes (in batches) and changes something, beside one that only opens a few."""
SEATS = 3
"""Keys of a commune here."""
OTHERS = ("02", "03", "08", "09", "10", "11", "12")
"""Regions of no first wave."""


@contextmanager
def statements(records: Records) -> Iterator[list[str]]:
    """Everything that is sent to the database meanwhile; executemany counts once."""
    sent: list[str] = []

    def seen(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        sent.append(statement)

    for engine in (records.reading_engine, records.writing_engine):
        event.listen(engine, "before_cursor_execute", seen)
    yield sent
    for engine in (records.reading_engine, records.writing_engine):
        event.remove(engine, "before_cursor_execute", seen)


def populate(records: Records, *, only: str | None = None) -> int:
    """Communes with three officials, all but the last with an active key, some ending, some idle; how many keys."""
    with records.writing() as session:
        asked = select(Body.id, Allowance.agreement_id).join(Allowance).where(Body.kind == BodyKind.COMMUNE)
        bodies = session.execute(asked if only is None else asked.where(Body.code == only)).all()
        issuer = session.scalars(select(IssuerRow.id)).first()
        rows: dict[Any, list[dict[str, Any]]] = {each: [] for each in (Holder, Office, KeyOrder, CertificateRow, Leaf)}
        events = []
        for place, (body, agreement) in enumerate(bodies):
            for rank in range(4):
                _official(rows, body, rank)
                if rank < SEATS:
                    order = _key(rows, body, agreement, issuer, place * 10 + rank)
                    events.append({"kind": "order.active", "subject": f"order:{order}", "at": T0})
        for table, found in rows.items():
            session.execute(insert(table), found)
        leaves = session.scalars(select(Leaf.id).order_by(Leaf.id.desc()).limit(len(events))).all()
        told = [each | {"leaf_id": leaf} for each, leaf in zip(events, leaves, strict=True)]
        session.execute(insert(EventRow), told)
        session.execute(update(Allowance).where(Allowance.body_id.in_([each.id for each in bodies])).values(live=SEATS))
    return len(events)


def _official(rows: dict[Any, list[dict[str, Any]]], body: UUID, rank: int) -> None:
    holder = uuid4()
    name: dict[str, Any] = {"name_ar": "أ", "name_latin": "A", "cin_encrypted": b"x", "cin_hash": holder.hex}
    rows[Holder].append({"id": holder, "enrolled_at": T0, **name})
    seat: dict[str, Any] = {"function": OfficeFunction.COMMITTEE_MEMBER if rank else OfficeFunction.PRESIDENT}
    seat |= {"starts_on": date(2021, 9, 24), "deed": "PV", "recorded_at": T0, "recorded_by": "x"}
    rows[Office].append({"id": uuid4(), "holder_id": holder, "body_id": body, "rank": None, **seat})


def _key(rows: dict[Any, list[dict[str, Any]]], body: UUID, agreement: UUID, issuer: Any, number: int) -> UUID:
    order, office = uuid4(), rows[Office][-1]
    draws: dict[str, Any] = {"payer_body_id": body, "agreement_id": agreement, "seat": SeatPlace.LIVE}
    draws |= {"road": Road.SELF_MADE, "state": OrderState.ACTIVE, "requested_at": T0, "requested_by": "x"}
    rows[KeyOrder].append(
        {"id": order, "holder_id": office["holder_id"], "office_id": office["id"], "body_id": body, **draws}
    )
    days = 20 + number % 1000
    made: dict[str, Any] = {"purpose": CertificatePurpose.SIGNATURE, "der": b"0" * 900, "sha256": order.hex}
    made |= {"spki_sha256": order.hex, "serial": order.hex, "origin": CertificateOrigin.REGISTERED}
    made |= {"not_before": T0, "not_after": T0 + timedelta(days=61 + days), "issued_at": T0, "issuer_id": issuer}
    rows[CertificateRow].append({"order_id": order, "holder_id": office["holder_id"], **made})
    rows[Leaf].append({"content": b"x", "leaf_hash": order.bytes + order.bytes, "salt": None, "facts": None})
    return order


@pytest.mark.parametrize("regions", [(), pytest.param(OTHERS, marks=pytest.mark.soak)])
def test_the_country_in_as_many_statements_as_a_commune(sqlite_records: Records, regions: tuple[str, ...]) -> None:
    records, watch, at = sqlite_records, Watch(sqlite_records), T0 + timedelta(days=61)
    if regions:
        with records.reading() as session:
            agreement = session.scalars(select(Agreement.id)).one()
        day = date(2026, 1, 1)
        open_wave(records, agreement=agreement, label="2", region_codes=regions, opens_on=day, by=SYSTEM, at=T0)
    populate(records, only=BERRECHID)
    with statements(records) as few:
        watch.sweep(at)
    keys = populate(records)
    assert keys == 1503 * SEATS if regions else keys > 2000
    with statements(records) as many:
        found, first = timed(lambda: watch.sweep(at + timedelta(hours=1)))
    assert len(many) <= len(few) + MORE
    again, second = timed(lambda: watch.sweep(at + timedelta(hours=2)))
    assert (again.opened, again.closed) == (0, 0)
    assert found.opened > keys  # all idle, many about to end, and one official of each commune without a key
    assert {each.kind for each in watch.lines()} >= {AlertKind.KEY_IDLE, AlertKind.EXPIRY_90, AlertKind.SEATS_100}
    with records.reading() as session, statements(records) as asked:
        _, foretold = timed(lambda: forecasts(session, level=Level.BODY, at=at))
    assert len(asked) <= 4
    print(f"{keys} keys: first {first:.2f} s, again {second:.2f} s, forecast {foretold * 1000:.0f} ms")  # noqa: T201
    assert max(first, second) < SECONDS


def timed(work: Callable[[], T]) -> tuple[T, float]:
    begun = perf_counter()
    return work(), perf_counter() - begun
