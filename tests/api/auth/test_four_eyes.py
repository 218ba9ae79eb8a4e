"""The second officer: another one, of the first one's level or above."""

import pytest

from api.auth.errors import SecondOfficerRefused
from api.auth.four_eyes import require_second
from api.auth.officers import Officer, appoint_officer, officer_of
from api.auth.permissions import now
from api.auth.tables import OfficerRole
from api.wiring import House
from tests.api.auth.country import BY, TERRITORY


def officer(house: House, role: OfficerRole) -> Officer:
    made = appoint_officer(house.records, name="X", role=role, by=BY, at=now(), **TERRITORY[role])
    return officer_of(house.records, token=made.token)


def test_of_the_first_ones_level_or_above(house: House) -> None:
    for first in OfficerRole:
        asked = str(officer(house, first).actor)
        for second in OfficerRole:
            other = officer(house, second)
            if second.level >= first.level:
                require_second(house.records, other, first=asked)
            else:
                with pytest.raises(SecondOfficerRefused):
                    require_second(house.records, other, first=asked)


def test_nobody_is_his_own_second(house: House) -> None:
    one = officer(house, OfficerRole.CENTRAL)
    with pytest.raises(SecondOfficerRefused):
        require_second(house.records, one, first=str(one.actor))


@pytest.mark.parametrize(
    "first", ["client:rokhas", "system:init", "officer:x", "", "officer:00000000-0000-4000-8000-000000000000"]
)
def test_the_first_is_an_officer_on_record(house: House, first: str) -> None:
    with pytest.raises(SecondOfficerRefused):
        require_second(house.records, officer(house, OfficerRole.CENTRAL), first=first)
