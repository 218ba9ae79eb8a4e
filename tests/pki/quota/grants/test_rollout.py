"""A tier table tried on the whole country."""

import pytest

from pki.quota.errors import TierTableRefused
from pki.quota.grants.errors import CensusUnknown
from pki.quota.grants.rollout import parse_tiers, simulate_rollout
from pki.records import Records
from pki.registration.errors import ImportRefused
from tests.pki.estate import TIERS

HEADER = "kind,population_from,population_below,keys,basis\n"
PUBLISHED = HEADER + (
    "commune,0,20000,3,published\ncommune,20000,50001,4,assumed\ncommune,50001,,5,published\nprovince,0,,3,published\n"
)


def test_the_published_tiers_give_4922_commune_seats(sqlite_records: Records) -> None:
    assert parse_tiers(PUBLISHED) == TIERS
    with sqlite_records.reading() as session:
        found = simulate_rollout(session, parse_tiers(PUBLISHED), "RGPH 2024")
    assert found.bodies == {"commune": 1503, "province": 75}
    assert found.seats == {"commune": 4922, "province": 225}
    assert sum(each.seats for each in found.regions) == found.all_seats == 4922 + 225
    assert found.not_counted == ()


def test_arrondissements_if_it_speaks_of_them(sqlite_records: Records) -> None:
    with sqlite_records.reading() as session:
        found = simulate_rollout(session, parse_tiers(HEADER + "arrondissement,0,,2,assumed\n"), "RGPH 2024")
        assert (found.bodies, found.all_seats) == ({"arrondissement": 41}, 82)
        assert len(simulate_rollout(session, TIERS, "RGPH 2014").not_counted) > 3
        with pytest.raises(CensusUnknown):
            simulate_rollout(session, TIERS, "RGPH 2044")


@pytest.mark.parametrize(
    "line", ["town,0,,3,assumed", "commune,x,,3,assumed", "commune,0,,3,hoped", "commune,0,,-1,assumed"]
)
def test_a_line_that_is_no_tier(line: str) -> None:
    with pytest.raises(ImportRefused):
        parse_tiers(HEADER + line)


def test_a_table_with_a_gap() -> None:
    with pytest.raises(TierTableRefused):
        parse_tiers(HEADER + "commune,0,100,3,assumed\n")
