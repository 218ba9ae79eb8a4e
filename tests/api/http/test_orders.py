"""The same order posted many times at once: one key, one seat, whatever the caller does."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from api.auth.officers import appoint_officer
from api.auth.permissions import now
from api.auth.tables import OfficerRole
from api.wiring import House
from pki.journal.acts import Actor, ActorKind
from pki.quota.agreements import Tier, sign_agreement
from pki.quota.waves import open_wave
from pki.registration.holders import enrol_holder
from pki.registration.kinds import OfficeFunction
from pki.registration.offices import record_office
from tests.api.served import caller

BY = Actor(kind=ActorKind.SYSTEM, id="test")
COMMUNE = "06.117.01.03"


@pytest.fixture
def client(house: House) -> httpx2.Client:
    officer = appoint_officer(
        house.records, name="First", role=OfficerRole.CENTRAL, province_code=None, by=BY, at=now()
    )
    return caller(house, officer.token)


@pytest.fixture
def order(house: House) -> dict[str, str]:
    """What to post: a president's key on his commune's five seats."""
    records, at = house.records, now()
    tiers = [
        Tier(kind=kind, population_from=0, population_below=None, keys=5, basis="assumed")
        for kind in ("commune", "province")
    ]
    agreement = sign_agreement(
        records,
        supplier="A supplier",
        number="1",
        census="RGPH 2024",
        seats=None,
        purchases=10,
        tiers=tiers,
        in_effect_from=date(2026, 1, 1),
        by=BY,
        at=at,
    )
    open_wave(records, agreement=agreement, label="1", region_codes=["06"], opens_on=date(2026, 1, 1), by=BY, at=at)
    holder = enrol_holder(records, house.protection, name_ar="أحمد", name_latin="Ahmed", cin="BE123456", by=BY, at=at)
    office: UUID = record_office(
        records,
        holder=holder,
        body_code=COMMUNE,
        function=OfficeFunction.PRESIDENT,
        starts_on=date(2021, 9, 24),
        deed="PV",
        by=BY,
        at=at,
    )
    return {"holder": str(holder), "office": str(office), "payer": COMMUNE}


def twenty(post: Callable[[], httpx2.Response]) -> Counter[tuple[int, str]]:
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _: post(), range(20)))
    return Counter((answer.status_code, answer.json().get("code", "")) for answer in answers)


def seats(client: httpx2.Client) -> tuple[int, int]:
    found: dict[str, Any] = client.get("/v1/allowances", params={"body": COMMUNE}).json()["items"][0]
    return found["granted"], found["reserved"]


def test_twenty_at_once_without_key(client: httpx2.Client, order: dict[str, str]) -> None:
    said = twenty(lambda: client.post("/v1/key-orders", json=order))
    assert said == {(201, ""): 1, (409, "order-already-open"): 19}
    assert seats(client) == (5, 1)


def test_twenty_at_once_with_one_key(client: httpx2.Client, order: dict[str, str]) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    said = twenty(lambda: client.post("/v1/key-orders", json=order, headers=headers))
    assert set(said) <= {(201, ""), (409, "request-in-progress")}
    assert seats(client) == (5, 1)
    again = client.post("/v1/key-orders", json=order, headers=headers)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")


def test_twenty_at_once_with_twenty_keys(client: httpx2.Client, order: dict[str, str]) -> None:
    said = twenty(lambda: client.post("/v1/key-orders", json=order, headers={"Idempotency-Key": str(uuid4())}))
    assert said == {(201, ""): 1, (409, "order-already-open"): 19}
    assert seats(client) == (5, 1)


def test_the_ledger_says_it_once(client: httpx2.Client, order: dict[str, str]) -> None:
    made = client.post("/v1/key-orders", json=order).json()
    entries = client.get("/v1/ledger", params={"order": made["id"]}).json()["items"]
    assert sorted((entry["account"], entry["change"]) for entry in entries) == [("available", -1), ("reserved", 1)]


def test_an_order_given_up_frees_its_seat(house: House, client: httpx2.Client, order: dict[str, str]) -> None:
    """Whoever may order takes back what nobody approved; what was approved, the province."""

    def officer(role: OfficerRole, **place: str | None) -> httpx2.Client:
        made = appoint_officer(
            house.records, name=role.value, role=role, by=BY, at=now(), **({"province_code": None} | place)
        )
        return caller(house, made.token)

    commune, province = (
        officer(OfficerRole.COMMUNE, body_code=COMMUNE),
        officer(OfficerRole.PROVINCIAL, province_code="06.117"),
    )
    wrong = commune.post("/v1/key-orders", json=order).json()["id"]
    said = commune.post(f"/v1/key-orders/{wrong}/cancellation", json={"reason": "the wrong person"})
    assert (said.status_code, said.json()["state"]) == (201, "cancelled")
    assert seats(client) == (5, 0)
    made = commune.post("/v1/key-orders", json=order | {"road": "supplied"}).json()
    path = f"/v1/key-orders/{made['id']}"
    assert client.post(f"{path}/approval", json={"digest": made["approval_digest"]}).status_code == 201
    late = commune.post(f"{path}/cancellation", json={"reason": "he left"})
    assert (late.status_code, late.json()["code"], seats(client)) == (409, "order-state-refused", (5, 1))
    assert province.post(f"{path}/cancellation", json={"reason": "he left"}).json()["state"] == "cancelled"
    again = province.post(f"{path}/cancellation", json={"reason": "he left"})
    assert (again.status_code, seats(client)) == (409, (5, 0))


def test_an_order_follows_its_office_when_two_correct_it(
    house: House, client: httpx2.Client, order: dict[str, str]
) -> None:
    """With the act that confirms it: what was asked for one record is asked anew for the other, in its seat."""
    token = appoint_officer(
        house.records, name="Second", role=OfficerRole.CENTRAL, province_code=None, by=BY, at=now()
    ).token
    old = client.post("/v1/key-orders", json=order).json()["id"]
    correction = {"holder": order["holder"], "body": COMMUNE, "function": "president", "starts_on": "2021-09-25"}
    correction |= {"deed": "PV, corrected", "supersedes": order["office"]}
    made = client.post("/v1/register-proposals/offices", json=correction).json()
    path = f"/v1/register-proposals/{made['id']}/confirmation"
    said = caller(house, token).post(path, json={"digest": made["digest"]})
    assert said.status_code == 201, said.json()
    items = client.get("/v1/key-orders", params={"body": COMMUNE}).json()["items"]
    found = [client.get(f"/v1/key-orders/{each['order']}").json() for each in items]
    assert {(each["office"], each["state"]) for each in found} == {
        (order["office"], "replaced"),
        (said.json()["id"], "requested"),
    }
    assert client.get(f"/v1/key-orders/{old}").json()["state"] == "replaced"
    assert seats(client) == (5, 1)
