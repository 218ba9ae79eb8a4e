"""The country of the tests: territory, agreement, first wave; people with offices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import Dialect, event

from pki.journal.acts import Actor, ActorKind
from pki.quota.agreements import Tier, sign_agreement
from pki.quota.waves import open_wave
from pki.records import HolderId, OfficeId, Records
from pki.registration.holders import enrol_holder
from pki.registration.kinds import OfficeFunction
from pki.registration.offices import OfficeEnding, record_office, write_end
from pki.registration.powers.declarations import DeclarationRecording, write_declaration
from pki.registration.powers.kinds import Declared
from pki.registration.protection import ProtectedNumbers
from pki.registration.territory import load_territory

T0 = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
SYSTEM = Actor(kind=ActorKind.SYSTEM, id="tests")
OFFICER = Actor(kind=ActorKind.OFFICER, id="00000000-0000-4000-8000-000000000001")
SECOND = Actor(kind=ActorKind.OFFICER, id="00000000-0000-4000-8000-000000000002")

BERRECHID, BERRECHID_PROVINCE, OUJDA = "06.117.01.03", "06.117", "02.411.01.23"
FIRST_WAVE = ("04", "06", "01", "07", "05")
TIERS = (
    Tier(kind="commune", population_from=0, population_below=20_000, keys=3, basis="published"),
    Tier(kind="commune", population_from=20_000, population_below=50_001, keys=4, basis="assumed"),
    Tier(kind="commune", population_from=50_001, population_below=None, keys=5, basis="published"),
    Tier(kind="province", population_from=0, population_below=None, keys=3, basis="published"),
)
PROTECTION = ProtectedNumbers(b"e" * 32, b"h" * 32)
_numbers = count(100_000)


def sign(
    records: Records,
    *,
    number: str = "2026/01",
    seats: int | None = None,
    purchases: int = 6000,
    census: str = "RGPH 2024",
    tiers: Sequence[Tier] = TIERS,
) -> UUID:
    """An agreement with the published tiers."""
    return sign_agreement(
        records,
        supplier="Barid",
        number=number,
        census=census,
        seats=seats,
        purchases=purchases,
        tiers=tiers,
        in_effect_from=date(2026, 1, 1),
        by=SYSTEM,
        at=T0,
    )


def load_country(records: Records) -> None:
    """Territory, agreement, first wave."""
    load_territory(records, at=T0, by=SYSTEM)
    open_wave(
        records,
        agreement=sign(records),
        label="first",
        region_codes=FIRST_WAVE,
        opens_on=date(2026, 1, 1),
        by=SYSTEM,
        at=T0,
    )


def person(records: Records, *, cin: str | None = None, name: str = "Ahmed El Alaoui") -> HolderId:
    """A new holder."""
    return enrol_holder(
        records,
        PROTECTION,
        name_ar="أحمد العلوي",
        name_latin=name,
        cin=cin or f"BE{next(_numbers)}",
        by=OFFICER,
        at=T0,
    )


def seated(
    records: Records,
    body_code: str = BERRECHID,
    function: OfficeFunction = OfficeFunction.COMMITTEE_MEMBER,
    *,
    holder: HolderId | None = None,
    rank: int | None = None,
    starts_on: date = date(2021, 9, 24),
    at: datetime = T0,
) -> tuple[HolderId, OfficeId]:
    """A holder with an office."""
    who = holder or person(records)
    office = record_office(
        records,
        holder=who,
        body_code=body_code,
        function=function,
        rank=rank,
        starts_on=starts_on,
        deed="PV 1/2021",
        by=OFFICER,
        at=at,
    )
    return who, office


def ended(records: Records, office: OfficeId, ends_on: date, *, at: datetime = T0) -> None:
    """The end of an office on record, whatever day it was written down: as two officers may do it."""
    with records.writing() as session:
        write_end(session, OfficeEnding(office=office, ends_on=ends_on, reason="r", deed="PV 2"), by=OFFICER, at=at)


def declared(
    records: Records,
    body_code: str,
    complete_from: date,
    what: Declared = Declared.OFFICES,
    *,
    at: datetime = T0,
) -> UUID:
    """A register declared complete, from whatever day: as two officers may do it."""
    act = DeclarationRecording(declared=what, body_code=body_code, complete_from=complete_from)
    with records.writing() as session:
        return write_declaration(session, act, by=OFFICER, confirmed_by=SECOND, at=at)


_DIALECTS: dict[tuple[str, str], Dialect] = {}
_COMPILED: dict[Any, Any] = {}


def hasten(records: Records) -> None:
    """What tests need not wait for: the disk, since nothing here pulls the plug; statements compiled by each test anew.

    A compiled statement belongs to its engine's dialect: the engines of all tests share those of the first.
    """
    for use, engine in (("reading", records.reading_engine), ("writing", records.writing_engine)):
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF").close())
            engine.dispose()  # those that are connected wait for it
        key = (engine.dialect.name, use)
        if key not in _DIALECTS:
            engine.connect().close()  # a dialect asks its first server what it can do
            _DIALECTS[key] = engine.dialect
        engine.dialect = _DIALECTS[key]
        engine.update_execution_options(compiled_cache=_COMPILED)
