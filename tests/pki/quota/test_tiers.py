"""The tier table asked for one body: by the bounds, as its rows say."""

import pytest

from pki.quota.agreements import Tier
from pki.quota.errors import TierTableRefused
from pki.quota.tiers import Tiers
from pki.registration.kinds import BodyKind


def test_every_population_by_its_row_alone() -> None:
    """A table with a gap [30, 40) and with two answers in [50, 60): refused there, and nowhere else."""
    rows = ((0, 10, 1), (10, 30, 2), (40, 60, 3), (50, None, 4))
    tiers = Tiers(
        [Tier(kind="commune", population_from=a, population_below=b, keys=keys, basis="assumed") for a, b, keys in rows]
    )
    for population in range(-1, 70):
        found = [keys for low, below, keys in rows if low <= population and (below is None or population < below)]
        if len(found) == 1:
            assert tiers.keys(BodyKind.COMMUNE, population) == found[0]
            continue
        with pytest.raises(TierTableRefused):
            tiers.keys(BodyKind.COMMUNE, population)
    with pytest.raises(TierTableRefused):
        tiers.keys(BodyKind.SERVICE, 0)
