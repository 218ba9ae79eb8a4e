"""Who appoints whom, and what an officer's territory may be."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from api.auth.errors import NotPermitted, TerritoryRefused
from api.auth.officers import Officer, appoint_officer, officer_of
from api.auth.permissions import now
from api.auth.tables import OfficerRole
from api.auth.territory import require_appointment, require_extent
from api.wiring import House
from pki.registration.extent import Extent
from tests.api.auth.country import BY, COUSIN, ELSEWHERE, OWN, TERRITORY

CENTRAL, REGIONAL, PROVINCIAL, COMMUNE = OfficerRole
NEW = {
    "central": (CENTRAL, Extent()),
    "own region": (REGIONAL, Extent(region_code="06")),
    "other region": (REGIONAL, Extent(region_code="02")),
    "own province": (PROVINCIAL, Extent(province_code="06.117")),
    "other province of the region": (PROVINCIAL, Extent(province_code="06.141")),
    "province elsewhere": (PROVINCIAL, Extent(province_code="02.411")),
    "own commune": (COMMUNE, Extent(body_code=OWN)),
    "commune of the region": (COMMUNE, Extent(body_code=COUSIN)),
    "commune elsewhere": (COMMUNE, Extent(body_code=ELSEWHERE)),
}
APPOINTS = {
    CENTRAL: set(NEW),
    REGIONAL: {"own province", "other province of the region", "own commune", "commune of the region"},
    PROVINCIAL: {"own commune"},
    COMMUNE: set(),
}


def officer(house: House, role: OfficerRole) -> Officer:
    made = appoint_officer(house.records, name="X", role=role, by=BY, at=now(), **TERRITORY[role])
    return officer_of(house.records, token=made.token)


def may(house: House, who: Officer, name: str) -> bool:
    role, territory = NEW[name]
    try:
        require_appointment(house.records, who, role=role, territory=territory)
    except NotPermitted:
        return False
    return True


def test_who_appoints_whom(house: House) -> None:
    found = {role: {name for name in NEW if may(house, officer(house, role), name)} for role in OfficerRole}
    assert found == APPOINTS


@pytest.mark.parametrize(
    ("role", "named"),
    [
        (CENTRAL, {"region_code": "06"}),
        (REGIONAL, {}),
        (REGIONAL, {"region_code": "99"}),
        (REGIONAL, {"region_code": "06", "province_code": "06.117"}),
        (PROVINCIAL, {"region_code": "06"}),
        (PROVINCIAL, {"province_code": "06"}),
        (COMMUNE, {"body_code": "06.117"}),
        (COMMUNE, {"body_code": "nowhere"}),
    ],
)
def test_a_territory_that_does_not_go_with_the_role(house: House, role: OfficerRole, named: dict[str, str]) -> None:
    with pytest.raises(TerritoryRefused):
        appoint_officer(house.records, name="X", role=role, by=BY, at=now(), **named)


@pytest.mark.parametrize("column", ["region_code", "province_code", "body_code"])
def test_the_database_refuses_a_second_territory(house: House, column: str) -> None:
    appoint_officer(house.records, name="X", role=CENTRAL, by=BY, at=now())
    with pytest.raises(IntegrityError), house.records.writing() as session:
        session.execute(text(f"UPDATE officer SET {column} = '06'"))


def test_the_whole_country_is_for_central_officers(house: House) -> None:
    require_extent(house.records, officer(house, CENTRAL), Extent())
    for role in (REGIONAL, PROVINCIAL, COMMUNE):
        with pytest.raises(NotPermitted):
            require_extent(house.records, officer(house, role), Extent())
