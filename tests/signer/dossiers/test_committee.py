"""The committee's rules, row by row (RGC art. 17-24)."""

import pytest

from pki.registration.kinds import BodyKind
from signer.dossiers.committee import COMMITTEES, required_bodies
from signer.dossiers.errors import TrackRefused
from signer.dossiers.kinds import DossierKind, Track

BASE = {BodyKind.PROVINCE, BodyKind.COMMUNE, BodyKind.URBAN_AGENCY}


@pytest.mark.parametrize(
    ("kind", "track", "bodies"),
    [
        (DossierKind.CONSTRUIRE, Track.SMALL, BASE),
        (DossierKind.CONSTRUIRE, Track.BIG, BASE | {BodyKind.NETWORK_OPERATOR}),
        (DossierKind.LOTIR, Track.BIG, BASE | {BodyKind.NETWORK_OPERATOR}),
        (DossierKind.MORCELER, Track.SMALL, BASE | {BodyKind.ANCFCC}),
        (DossierKind.MORCELER, Track.BIG, BASE | {BodyKind.NETWORK_OPERATOR, BodyKind.ANCFCC}),
        (DossierKind.DEMOLITION, Track.SMALL, {BodyKind.PROVINCE, BodyKind.COMMUNE}),
        (DossierKind.REFECTION, Track.REFECTION, set()),
    ],
)
def test_required_bodies(kind: DossierKind, track: Track, bodies: set[BodyKind]) -> None:
    required = required_bodies(kind, track)
    assert {each.body_kind for each in required} == bodies
    assert {each.body_kind for each in required if each.binding} == bodies & {BodyKind.URBAN_AGENCY}


def test_only_refection_has_no_committee() -> None:
    assert [key for key, members in COMMITTEES.items() if not members] == [(DossierKind.REFECTION, Track.REFECTION)]


@pytest.mark.parametrize(
    ("kind", "track"),
    [(DossierKind.CONSTRUIRE, Track.REFECTION), (DossierKind.REFECTION, Track.SMALL)],
)
def test_no_rule_is_not_an_empty_committee(kind: DossierKind, track: Track) -> None:
    with pytest.raises(TrackRefused):
        required_bodies(kind, track)
