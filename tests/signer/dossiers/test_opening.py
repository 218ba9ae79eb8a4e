"""Opening a dossier and adding files to it."""

import pytest
from sqlalchemy import select

from pki.registration.kinds import BodyKind
from pki.registration.tables import Body, Province, Region
from signer.dossiers.errors import (
    BodyMayNotDecide,
    CommitteeUnknown,
    DossierDecided,
    DossierExists,
    DossierUnknown,
    TextRefused,
    TrackRefused,
)
from signer.dossiers.kinds import DossierKind, Track
from signer.dossiers.opening import Application, open_dossier, required_opinions
from signer.dossiers.tables import FileVersion
from signer.errors import SignerError
from tests.signer.dossiers.town import PLATFORM, Town


def application(**changes: object) -> Application:
    said: dict[str, object] = {
        "platform_reference": "ROKHAS-9",
        "body_code": "01.001.01.01",
        "kind": DossierKind.CONSTRUIRE,
        "track": Track.SMALL,
        "title": "Villa",
        "applicant": "M. A.",
        "parcel": "TF 1/53",
    }
    return Application(**(said | changes))  # type: ignore[arg-type]


def refused(town: Town, **changes: object) -> None:
    open_dossier(town.records, application=application(**changes), by=PLATFORM, at=town.at)


def test_committee_is_named_from_the_register(town: Town) -> None:
    opened = town.dossier(DossierKind.CONSTRUIRE, Track.BIG)
    assert [(each.body_code, each.binding) for each in opened.required] == [
        ("001", False),
        ("01.001.01.01", False),
        ("AU-1", True),
        ("NET-1", False),
    ]
    with town.records.reading() as session:
        assert set(required_opinions(session, opened.id)) == set(opened.required)


def test_kind_of_body_that_nobody_is_stops_the_opening(town: Town) -> None:
    with pytest.raises(CommitteeUnknown) as error:
        refused(town, kind=DossierKind.MORCELER)
    assert error.value.missing == ("ancfcc",)


def test_agency_of_another_province_is_not_taken(town: Town) -> None:
    with town.records.writing() as session:
        agency = session.scalars(select(Body).where(Body.code == "AU-1")).one()
        session.add(Region(code="02", name_fr="R", name_ar="ج"))
        session.flush()
        session.add(Province(code="002", region_code="02", name_fr="P", name_ar="إ"))
        session.flush()
        agency.province_code = "002"
    with pytest.raises(CommitteeUnknown):
        refused(town)
    with town.records.writing() as session:
        session.add(Body(code="AU-R", kind=BodyKind.URBAN_AGENCY, name_fr="A", name_ar="و", region_code="01"))
    assert "AU-R" in {each.body_code for each in town.dossier().required}


def test_body_that_decides_is_a_commune(town: Town) -> None:
    for code in ("AU-1", "nowhere"):
        with pytest.raises(BodyMayNotDecide):
            refused(town, body_code=code)


def test_same_platform_reference_twice(town: Town) -> None:
    refused(town)
    with pytest.raises(DossierExists) as error:
        refused(town)
    assert error.value.reference == "D26-0000001"


def test_track_without_rule(town: Town) -> None:
    with pytest.raises(TrackRefused):
        refused(town, track=Track.REFECTION)


@pytest.mark.parametrize("title", ["", "  ", "Villa \u202eeliv", "a\nb", "a\u200fb"])
def test_title_with_reordering_marks_is_refused(town: Town, title: str) -> None:
    with pytest.raises(TextRefused):
        refused(town, title=title)


def test_same_title_is_the_next_version(town: Town) -> None:
    dossier = town.dossier()
    first = town.file(dossier)
    assert town.file(dossier) == first
    town.file(dossier, b"%PDF second")
    with town.records.reading() as session:
        versions = session.scalars(select(FileVersion).order_by(FileVersion.number)).all()
        assert [(each.number, each.sha256 == first) for each in versions] == [(1, True), (2, False)]


def test_refused_file_leaves_nothing(town: Town) -> None:
    class Scripted(SignerError):
        pass

    def refuse(pdf: bytes) -> int:
        raise Scripted("active content")

    object.__setattr__(town.paper, "inspect", refuse)
    dossier = town.dossier()
    with pytest.raises(Scripted):
        town.file(dossier)
    assert town.files.stored == {}


def test_decided_dossier_takes_no_file(town: Town) -> None:
    dossier = town.dossier(DossierKind.REFECTION, Track.REFECTION)
    town.sign("president", town.decision(dossier).reference)
    with pytest.raises(DossierDecided):
        town.file(dossier)
    with pytest.raises(DossierDecided):
        town.decision(dossier)


def test_unknown_dossier(town: Town) -> None:
    dossier = town.dossier()
    object.__setattr__(dossier, "id", town.people["agency"])
    with pytest.raises(DossierUnknown):
        town.file(dossier)
