"""The official territory, from the package's own `communes.csv` (its source: PROVENANCE.md)."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from uuid import uuid4

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from pki.journal.acts import Actor, record
from pki.records import Base, Records
from pki.registration.kinds import BodyKind
from pki.registration.tables import Body, Province, Region

CENSUS = "RGPH 2024"
"""The census that counted the populations of `communes.csv`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TerritoryLoaded:
    """How much territory is on record after the load."""

    regions: int
    provinces: int
    communes: int


def load_territory(records: Records, *, at: datetime, by: Actor) -> TerritoryLoaded:
    """Record the regions, provinces and communes that are not on record yet, each of the latter two as a body.

    Running it again changes nothing and leaves no journal entry.
    """
    content = files("pki.registration").joinpath("communes.csv").read_bytes()
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8"))))
    with records.writing() as session:
        added = _add_regions(session, rows) + _add_provinces(session, rows) + _add_communes(session, rows)
        loaded = TerritoryLoaded(
            regions=session.scalar(select(func.count()).select_from(Region)) or 0,
            provinces=session.scalar(select(func.count()).select_from(Province)) or 0,
            communes=session.scalar(select(func.count()).select_from(Body).where(Body.kind == BodyKind.COMMUNE)) or 0,
        )
        if added:
            facts = {"sha256": hashlib.sha256(content).hexdigest(), "census": CENSUS, "added": added}
            record(session, kind="territory.loaded", subject="territory:morocco", by=by, at=at, facts=facts)
    return loaded


_Row = Mapping[str, str]


def _add_regions(session: Session, rows: Sequence[_Row]) -> int:
    known = set(session.scalars(select(Region.code)))
    found = {row["region_code"]: row for row in rows if row["region_code"] not in known}
    values = [{"code": code, "name_fr": row["region_fr"], "name_ar": row["region_ar"]} for code, row in found.items()]
    return _insert(session, Region, values)


def _add_provinces(session: Session, rows: Sequence[_Row]) -> int:
    known = set(session.scalars(select(Province.code)))
    found = {row["province_code"]: row for row in rows if row["province_code"] not in known}
    people: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        people[row["province_code"]] += int(row["population"])
    names = {
        code: {"code": code, "name_fr": row["province_fr"], "name_ar": row["province_ar"]}
        for code, row in found.items()
    }
    _insert(session, Province, [names[code] | {"region_code": row["region_code"]} for code, row in found.items()])
    bodies = [
        names[code]
        | {
            "id": uuid4(),
            "kind": BodyKind.PROVINCE,
            "province_code": code,
            "region_code": row["region_code"],
            "population": people[code],
            "census": CENSUS,
        }
        for code, row in found.items()
    ]
    return _insert(session, Body, bodies)


def _add_communes(session: Session, rows: Sequence[_Row]) -> int:
    known = set(session.scalars(select(Body.code)))
    values = [
        {
            "id": uuid4(),
            "code": row["code"],
            "kind": BodyKind.COMMUNE,
            "name_fr": row["name_fr"],
            "name_ar": row["name_ar"],
            "province_code": row["province_code"],
            "region_code": row["region_code"],
            "population": int(row["population"]),
            "census": CENSUS,
            "urban_rural": row["kind"],
        }
        for row in rows
        if row["code"] not in known
    ]
    return _insert(session, Body, values)


def _insert(session: Session, table: type[Base], values: Sequence[Mapping[str, object]]) -> int:
    if values:
        session.execute(insert(table), values)
    return len(values)
