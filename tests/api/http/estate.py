"""Officers of two provinces and of the centre, an agreement, the first wave: over HTTP."""

from __future__ import annotations

from typing import Any

import httpx2

from api.auth.officers import appoint_officer
from api.auth.permissions import now
from api.auth.tables import OfficerRole
from api.wiring import House
from pki.journal.acts import Actor, ActorKind
from tests.api.served import caller

BY = Actor(kind=ActorKind.SYSTEM, id="test")
BERRECHID, DEROUA, OUJDA = "06.117.01.03", "06.117.01.05", "02.411.01.23"


class Desks:
    """One client an officer."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.central, self.second = self.desk("First"), self.desk("Second")
        self.berrechid, self.oujda = self.desk("Third", "06.117"), self.desk("Fourth", "02.411")
        self.agreement = self.sent(
            self.central,
            "/v1/agreements",
            supplier="Barid",
            number="1",
            census="RGPH 2024",
            purchases=6000,
            in_effect_from="2026-01-01",
            tiers=[
                tier("commune", 0, 20_000, 3),
                tier("commune", 20_000, 50_001, 4),
                tier("commune", 50_001, None, 5),
                tier("province", 0, None, 3),
            ],
        )["id"]

    def desk(self, name: str, province: str | None = None) -> httpx2.Client:
        role = OfficerRole.CENTRAL if province is None else OfficerRole.PROVINCIAL
        officer = appoint_officer(self.house.records, name=name, role=role, province_code=province, by=BY, at=now())
        return caller(self.house, officer.token)

    def sent(self, desk: httpx2.Client, path: str, **body: Any) -> dict[str, Any]:
        said = desk.post(path, json=body)
        assert said.status_code == 201, said.text
        found: dict[str, Any] = said.json()
        return found

    def opened(self, *, bodies: list[str], **more: Any) -> dict[str, Any]:
        wave = {"agreement": self.agreement, "label": "1", "opens_on": "2026-01-01", "body_codes": bodies}
        return self.sent(self.central, "/v1/waves", **(wave | more))

    def granted(self, body: str = BERRECHID) -> int:
        said = self.central.get("/v1/allowances", params={"body": body}).json()
        granted: int = said["items"][0]["granted"]
        return granted


def tier(kind: str, low: int, below: int | None, keys: int) -> dict[str, Any]:
    return {"kind": kind, "population_from": low, "population_below": below, "keys": keys, "basis": "assumed"}


def refused(said: Any, status: int, code: str) -> None:
    assert (said.status_code, said.json()["code"]) == (status, code), said.text
