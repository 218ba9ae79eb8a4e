"""A revision that comes to a database with keys, books and ceremonies in it keeps every row and every constraint."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from alembic import command
from sqlalchemy import MetaData, insert, select, text
from sqlalchemy.exc import DBAPIError

from api.auth.tables import OfficerRow
from api.migrations.history import _rebuilding, configuration, drift, upgrade
from hsm.software import SoftwareKeys
from pki.quota.balances import explain
from pki.quota.kinds import OrderState, SeatPlace
from pki.records import Records
from pki.registration.census import censuses, counts_of
from pki.registration.tables import Body
from pki.registration.territory import load_territory
from signer.ceremonies.tables import Ceremony, CeremonyState
from tests.pki.ca.estate import found
from tests.pki.estate import BERRECHID, SYSTEM, T0, hasten, load_country
from tests.pki.quota.estate import Bureau

Rows = dict[str, list[str]]


@pytest.fixture
def bureau(empty: Records, url: str) -> Bureau:
    """At the head, with an authority and the first wave."""
    if url.startswith("sqlite"):
        hasten(empty)
    upgrade(empty)
    load_country(empty)
    keys = SoftwareKeys("rehearsal")
    found(empty, keys)
    return Bureau(empty, keys)


def back_to(records: Records, revision: str) -> None:
    with records.writing_engine.connect() as connection, _rebuilding(connection):
        command.downgrade(configuration(connection), revision)
        connection.commit()


def reflected(records: Records) -> MetaData:
    metadata = MetaData()
    metadata.reflect(records.reading_engine)
    metadata.remove(metadata.tables["alembic_version"])
    return metadata


def rows(records: Records, metadata: MetaData) -> Rows:
    """Every row of every table, in the columns that `metadata` knows."""
    with records.reading() as session:
        return {
            name: sorted(repr(tuple(row)) for row in session.execute(select(table)))
            for name, table in metadata.tables.items()
        }


def open_ceremony(bureau: Bureau, order: Any) -> None:
    view, held = bureau.view(order), bureau.held(bureau.view(order).holder)
    ceremony = {"signer_id": view.holder, "state": CeremonyState.OPEN, "opened_at": T0, "opened_by": "client:rokhas"}
    ceremony |= {"expires_at": T0 + timedelta(minutes=10), "office_id": view.office, "function": "president"}
    ceremony |= {"body_code": BERRECHID, "certificate_id": held.certificate_id, "order_id": order}
    ceremony |= {"certificate": held.der, "chain": ["00"], "mechanism": "ecdsa-sha256"}
    with bureau.records.writing() as session:
        session.execute(insert(Ceremony).values(**ceremony))


def refused(records: Records, statement: str, **given: object) -> None:
    with pytest.raises(DBAPIError), records.writing() as session:
        session.execute(text(statement), given)


def test_what_was_there_before_devices_survives(bureau: Bureau, url: str) -> None:
    records = bureau.records
    active, delivered, requested = bureau.active(), bureau.delivered(), bureau.requested()
    open_ceremony(bureau, active)
    back_to(records, "0001")
    before = reflected(records)
    assert "unlock_secret" not in before.tables
    assert "device_serial" not in before.tables["key_order"].c
    kept = rows(records, before)
    assert {name: len(kept[name]) for name in ("key_order", "ceremony")} == {"key_order": 3, "ceremony": 1}
    assert len(kept["certificate"]) >= 4
    assert kept["ledger_entry"]

    upgrade(records)
    assert drift(records) == []
    assert rows(records, before) == kept
    with records.reading() as session:
        new = session.execute(text("SELECT DISTINCT device_serial, approved_by FROM key_order")).all()
    assert [tuple(row) for row in new] == [(None, None)]

    number = "id = :order" if url.startswith("postgresql") else "id = replace(:order, '-', '')"
    refused(records, f"UPDATE key_order SET seat = 'none' WHERE {number}", order=str(delivered))
    refused(records, f"UPDATE key_order SET seat = 'live' WHERE {number}", order=str(requested))
    refused(records, f"UPDATE ceremony SET id = NULL WHERE order_{number}", order=str(active))
    refused(records, "UPDATE ledger_entry SET change = change + 1")
    refused(records, "DELETE FROM ledger_entry")
    assert rows(records, before) == kept

    assert bureau.stands(delivered) == (OrderState.DELIVERED, SeatPlace.RESERVED)
    bureau.activate(delivered)
    bureau.submit(requested)
    assert bureau.stands(active) == (OrderState.ACTIVE, SeatPlace.LIVE)
    bureau.books_balance()


def test_books_of_before_say_what_they_said(bureau: Bureau) -> None:
    """Populations become their census's counts; entries without an origin still name their wave."""
    records = bureau.records
    order = bureau.active()
    back_to(records, "0002")
    before = reflected(records)
    assert "census_count" not in before.tables
    assert "excess" not in before.tables["allowance"].c
    kept = rows(records, before)

    upgrade(records)
    assert drift(records) == []
    assert rows(records, before) == kept
    with records.reading() as session:
        known = session.execute(select(Body.id, Body.population).where(Body.census.is_not(None)))
        assert counts_of(session, "RGPH 2024") == {row.id: row.population for row in known}
        [seat] = explain(session, BERRECHID).seats
        assert (seat.order, seat.granted_by and seat.granted_by.label) == (order, "first")
        assert {line.origin for line in seat.entries} == {None}
    bureau.books_balance()
    load_territory(records, at=T0, by=SYSTEM)
    with records.reading() as session:
        assert censuses(session) == ("RGPH 2014", "RGPH 2024")
    refused(records, "UPDATE allowance SET excess = 1")
    refused(records, "UPDATE ledger_entry SET origin = 'x'")
    refused(records, "UPDATE census_count SET population = 1")


def test_officers_of_before_keep_their_place(bureau: Bureau) -> None:
    records = bureau.records
    back_to(records, "0003")
    columns = "INSERT INTO officer (id, name, role, province_code, token_hash, created_at)"
    one = f"{columns} VALUES (:id, 'X', :role, :province, :hash, '2026-01-01 00:00:00')"
    places = {"central": None, "provincial": "06.117"}
    with records.writing() as session:
        for role, province in places.items():
            values = {"id": uuid4().hex, "role": role, "province": province, "hash": role}
            session.execute(text(one), values)
    before = reflected(records)
    kept = rows(records, before)

    upgrade(records)
    assert drift(records) == []
    assert rows(records, before) == kept
    with records.reading() as session:
        now = session.execute(select(OfficerRow.role, OfficerRow.province_code)).all()
        assert {row.role.value: row.province_code for row in now} == places
    refused(records, "UPDATE officer SET role = 'regional'")
    refused(records, "UPDATE officer SET region_code = '06'")
