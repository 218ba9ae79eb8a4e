"""Who sits in the committee, by kind and track: the rules of the RGC (decree 2-18-577) as one table. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pki.registration.kinds import BodyKind
from signer.dossiers.errors import TrackRefused
from signer.dossiers.kinds import DossierKind, Track


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One kind of body whose opinion is required, by which article, and whether it binds the president."""

    body_kind: BodyKind
    article: str
    binding: bool = False


_PROVINCE = Requirement(body_kind=BodyKind.PROVINCE, article="RGC art. 22")
_COMMUNE = Requirement(body_kind=BodyKind.COMMUNE, article="RGC art. 22")
_AGENCY = Requirement(
    body_kind=BodyKind.URBAN_AGENCY,
    article="RGC art. 22, 39; organic law 113-14 art. 101",
    # Without it, favourable, the licence is void.
    binding=True,
)
_NETWORKS = Requirement(body_kind=BodyKind.NETWORK_OPERATOR, article="RGC art. 22")
_LAND_REGISTRY = Requirement(body_kind=BodyKind.ANCFCC, article="RGC art. 23")

_BASE = (_PROVINCE, _COMMUNE, _AGENCY)
_DEMOLITION = tuple(Requirement(body_kind=each.body_kind, article="RGC art. 24") for each in (_PROVINCE, _COMMUNE))

COMMITTEES: Mapping[tuple[DossierKind, Track], tuple[Requirement, ...]] = {
    **{
        (kind, track): members
        for kind in (
            DossierKind.CONSTRUIRE,
            DossierKind.LOTIR,
            DossierKind.GROUPE_HABITATIONS,
            DossierKind.REGULARISATION,
        )
        for track, members in ((Track.BIG, (*_BASE, _NETWORKS)), (Track.SMALL, _BASE))
    },
    (DossierKind.MORCELER, Track.BIG): (*_BASE, _NETWORKS, _LAND_REGISTRY),
    (DossierKind.MORCELER, Track.SMALL): (*_BASE, _LAND_REGISTRY),
    (DossierKind.DEMOLITION, Track.BIG): _DEMOLITION,
    (DossierKind.DEMOLITION, Track.SMALL): _DEMOLITION,
    # Studied by the communal service alone (RGC art. 20): the one entry that is empty, and says so here.
    (DossierKind.REFECTION, Track.REFECTION): (),
}


def required_bodies(kind: DossierKind, track: Track) -> tuple[Requirement, ...]:
    """The kinds of body whose opinion is required; empty for réfection alone.

    :raise TrackRefused: no rule for this kind on this track; never read as "nobody is required".
    """
    try:
        return COMMITTEES[kind, track]
    except KeyError:
        raise TrackRefused(kind, track) from None
