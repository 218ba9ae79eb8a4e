"""The country at a glance."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from api.auth.permissions import CommuneOrAbove, HouseHere
from pki.quota.dashboard import Standing, national_dashboard

from .schema import Out

router = APIRouter(prefix="/v1", tags=["quota"])


class StandingOut(Out):
    """Numbers of one province, or of everything; `at_80` and `at_100` are bodies with so many per cent in use."""

    province: str | None
    region: str | None
    bodies: int
    communes: int
    opened: int
    granted: int
    reserved: int
    live: int
    excess: int
    at_80: int
    at_100: int
    communes_without_key: int
    orders: dict[str, int]

    @classmethod
    def of(cls, standing: Standing) -> StandingOut:
        """As it is answered."""
        return cls(
            province=standing.province_code,
            region=standing.region_code,
            bodies=standing.bodies,
            communes=standing.communes,
            opened=standing.opened,
            granted=standing.granted,
            reserved=standing.reserved,
            live=standing.live,
            excess=standing.excess,
            at_80=standing.at_80,
            at_100=standing.at_100,
            communes_without_key=standing.communes_without_key,
            orders={state.value: count for state, count in standing.orders.items()},
        )


class PurchasesOut(Out):
    """Purchases of one agreement."""

    agreement: UUID
    number: str
    granted: int
    used: int
    left: int


class DashboardOut(Out):
    """The officer's territory in numbers; purchases belong to the whole country and are seen from there."""

    total: StandingOut
    provinces: list[StandingOut]
    purchases: list[PurchasesOut]


@router.get("/dashboard", operation_id="dashboard")
def get_dashboard(officer: CommuneOrAbove, house: HouseHere) -> DashboardOut:
    """Seats, orders under way or alive, exhausted bodies and communes without a key, per province and in all."""
    with house.records.reading() as session:
        found = national_dashboard(session, within=officer.extent)
    return DashboardOut(
        total=StandingOut.of(found.total),
        provinces=[StandingOut.of(each) for each in found.provinces],
        purchases=[
            PurchasesOut(
                agreement=each.agreement, number=each.number, granted=each.granted, used=each.used, left=each.left
            )
            for each in found.purchases
        ],
    )
