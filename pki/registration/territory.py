"""The official territory, from the package's own files (their source: PROVENANCE.md)."""

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
from pki.registration.census import COUNTED, add_census, add_counts, counts_of
from pki.registration.extent import EVERYWHERE, Extent
from pki.registration.kinds import BodyKind
from pki.registration.tables import Body, Province, Region

CENSUS = "RGPH 2024"
"""The census that counted the populations of `communes.csv` and `arrondissements.csv`."""
FORMER_CENSUS = "RGPH 2014"


@dataclass(frozen=True, slots=True, kw_only=True)
class TerritoryLoaded:
    """How much territory is on record after the load."""

    regions: int
    provinces: int
    communes: int
    arrondissements: int


def load_territory(records: Records, *, at: datetime, by: Actor) -> TerritoryLoaded:
    """Record what is not on record yet: regions; provinces, communes and arrondissements, each as a body; two censuses.

    Running it again changes nothing and leaves no journal entry.
    """
    communes, arrondissements, former = (_file(name) for name in FILES)
    with records.writing() as session:
        added = _add_regions(session, communes.rows) + _add_provinces(session, communes.rows)
        added += _add_communes(session, communes.rows) + _add_arrondissements(session, arrondissements.rows)
        added += _add_censuses(session, former.rows, by=by, at=at)
        loaded = count_territory(session)
        if added:
            facts: dict[str, object] = {"sha256": communes.sha256, "arrondissements_sha256": arrondissements.sha256}
            facts |= {"former_sha256": former.sha256, "census": CENSUS, "added": added}
            record(session, kind="territory.loaded", subject="territory:morocco", by=by, at=at, facts=facts)
    return loaded


def count_territory(session: Session, *, within: Extent = EVERYWHERE) -> TerritoryLoaded:
    """Count the regions, provinces, communes and arrondissements on record that lie wholly inside the extent."""
    bodies = select(Body.kind, func.count()).where(within.bodies()).group_by(Body.kind)
    counted = {row[0]: row[1] for row in session.execute(bodies)}
    regions = 1 if within.region_code else 0
    if within.everywhere:
        regions = session.scalar(select(func.count()).select_from(Region)) or 0
    return TerritoryLoaded(
        regions=regions,
        provinces=counted.get(BodyKind.PROVINCE, 0),
        communes=counted.get(BodyKind.COMMUNE, 0),
        arrondissements=counted.get(BodyKind.ARRONDISSEMENT, 0),
    )


_Row = Mapping[str, str]
FILES = ("communes.csv", "arrondissements.csv", "census_2014.csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    rows: Sequence[_Row]
    sha256: str


def _file(name: str) -> _File:
    content = files("pki.registration").joinpath(name).read_bytes()
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8"))))
    return _File(rows=rows, sha256=hashlib.sha256(content).hexdigest())


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


def _add_arrondissements(session: Session, rows: Sequence[_Row]) -> int:
    """Each lies where its commune does."""
    bodies = {body.code: body for body in session.scalars(select(Body).where(Body.kind.in_(COUNTED)))}
    values = [
        {
            "id": uuid4(),
            "code": row["code"],
            "kind": BodyKind.ARRONDISSEMENT,
            "name_fr": row["name_fr"],
            "name_ar": row["name_ar"],
            "province_code": bodies[row["commune_code"]].province_code,
            "region_code": bodies[row["commune_code"]].region_code,
            "commune_code": row["commune_code"],
            "population": int(row["population"]),
            "census": CENSUS,
        }
        for row in rows
        if row["code"] not in bodies
    ]
    return _insert(session, Body, values)


def _add_censuses(session: Session, former: Sequence[_Row], *, by: Actor, at: datetime) -> int:
    """The figures that came with the bodies, and those of the census before."""
    bodies = session.execute(
        select(Body.id, Body.code, Body.kind, Body.province_code, Body.population).where(Body.census == CENSUS)
    ).all()
    earlier = {row["code"]: int(row["population"]) for row in former}
    provinces: defaultdict[str, list[int | None]] = defaultdict(list)
    for body in bodies:
        if body.kind is BodyKind.COMMUNE:
            provinces[body.province_code].append(earlier.get(body.code))
    # A province with a commune that was not counted then has no count of then.
    earlier |= {code: sum(filter(None, people)) for code, people in provinces.items() if None not in people}
    figures = {
        CENSUS: {body.id: body.population for body in bodies},
        FORMER_CENSUS: {body.id: earlier[body.code] for body in bodies if body.code in earlier},
    }
    added = 0
    for census, counted in figures.items():
        add_census(session, census, by=by, at=at)
        known = counts_of(session, census)
        new = {body: people for body, people in counted.items() if body not in known}
        add_counts(session, census, new)
        added += len(new)
    return added


def _insert(session: Session, table: type[Base], values: Sequence[Mapping[str, object]]) -> int:
    if values:
        session.execute(insert(table), values)
    return len(values)
