"""The official territory as loaded."""

import csv
import hashlib
from datetime import timedelta
from importlib.resources import files

from sqlalchemy import func, select

from pki.journal.tables import Leaf
from pki.records import Records
from pki.registration.kinds import MECHOUAR_COMMUNES, BodyKind
from pki.registration.tables import Body, Province
from pki.registration.territory import TerritoryLoaded, load_territory
from tests.pki.estate import SYSTEM, T0

DATA = files("pki.registration").joinpath("communes.csv")


def test_whole_country(records: Records) -> None:
    again = load_territory(records, at=T0 + timedelta(days=1), by=SYSTEM)
    assert again == TerritoryLoaded(regions=12, provinces=75, communes=1503, arrondissements=41)
    with records.reading() as session:
        population = select(func.sum(Body.population)).where(Body.kind == BodyKind.COMMUNE)
        assert session.scalar(population) == 36_828_330
        assert session.scalar(population.where(Body.urban_rural == "urban").with_only_columns(func.count())) == 221
        bodies = set(session.scalars(select(Body.code).where(Body.kind == BodyKind.PROVINCE)))
        assert bodies == set(session.scalars(select(Province.code)))


def test_loading_again_leaves_no_leaf(sqlite_records: Records) -> None:
    with sqlite_records.reading() as session:
        before = session.scalar(select(func.count()).select_from(Leaf))
    load_territory(sqlite_records, at=T0, by=SYSTEM)
    with sqlite_records.reading() as session:
        assert session.scalar(select(func.count()).select_from(Leaf)) == before


def test_every_row_is_the_sources(sqlite_records: Records) -> None:
    rows = {row["code"]: row for row in csv.DictReader(DATA.read_text(encoding="utf-8").splitlines())}
    with sqlite_records.reading() as session:
        for body in session.scalars(select(Body).where(Body.kind == BodyKind.COMMUNE)):
            row = rows.pop(body.code)
            said = (body.name_fr, body.name_ar, body.province_code, body.region_code, str(body.population))
            assert said == tuple(
                row[name] for name in ("name_fr", "name_ar", "province_code", "region_code", "population")
            )
    assert rows == {}


def test_provenance_names_this_very_file() -> None:
    provenance = files("pki.registration").joinpath("PROVENANCE.md").read_text(encoding="utf-8")
    assert hashlib.sha256(DATA.read_bytes()).hexdigest() in provenance
    assert "Haut-Commissariat au Plan" in provenance


def test_mechouar_communes_are_communes(sqlite_records: Records) -> None:
    with sqlite_records.reading() as session:
        names = session.scalars(select(Body.name_fr).where(Body.code.in_(MECHOUAR_COMMUNES))).all()
    assert len(names) == 5
    assert all("chouar" in name or name == "Touarga" for name in names)
