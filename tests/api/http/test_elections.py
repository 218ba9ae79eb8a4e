"""An election over HTTP: a list with a fault, a council frozen and seated, who can sign, a sheet; and territory."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from api.auth.officers import appoint_officer
from api.auth.permissions import now
from api.auth.tables import OfficerRole
from api.http.app import build_app
from api.wiring import House
from pki.journal.acts import Actor, ActorKind
from pki.quota.agreements import Tier, sign_agreement
from pki.quota.waves import open_wave
from pki.registration.holders import enrol_holder
from pki.registration.kinds import OfficeFunction
from pki.registration.offices import record_office
from pki.registration.tables import Holder
from signer.rendering import handover
from tests.api.served import caller

BY = Actor(kind=ActorKind.SYSTEM, id="test")
COMMUNE, ELSEWHERE = "06.117.01.03", "02.411.01.23"
DAY = (now() - timedelta(days=2)).date()
HEADING = "body,function,rank,name_ar,name_latin,cin,email,phone,elected_on,deed"
GOOD = f"{COMMUNE},president,,فاطمة,Fatima Bennis,AB123456,,,{DAY},PV 7"
BAD = f"{COMMUNE},vice_president,1,فاطمة,=Fatima,AB123457,,,{DAY},PV 7"


def client(house: House, role: OfficerRole, province: str | None = None) -> TestClient:
    officer = appoint_officer(house.records, name=role.value, role=role, province_code=province, by=BY, at=now())
    return caller(house, officer.token)


@pytest.fixture
def central(house: House) -> TestClient:
    return client(house, OfficerRole.CENTRAL)


@pytest.fixture
def order(house: House, central: TestClient) -> str:
    """The outgoing president's key, on the only seat of his commune."""
    tiers = [
        Tier(kind=kind, population_from=0, population_below=None, keys=1, basis="assumed")
        for kind in ("commune", "province")
    ]
    agreement = sign_agreement(
        house.records,
        supplier="A supplier",
        number="1",
        census="RGPH 2024",
        seats=None,
        purchases=10,
        tiers=tiers,
        in_effect_from=date(2026, 1, 1),
        by=BY,
        at=now(),
    )
    open_wave(
        house.records, agreement=agreement, label="1", region_codes=["06"], opens_on=date(2026, 1, 1), by=BY, at=now()
    )
    holder = enrol_holder(
        house.records, house.protection, name_ar="أحمد", name_latin="Ahmed", cin="BE123456", by=BY, at=now()
    )
    office = record_office(
        house.records,
        holder=holder,
        body_code=COMMUNE,
        function=OfficeFunction.PRESIDENT,
        starts_on=date(2021, 9, 24),
        deed="PV",
        by=BY,
        at=now(),
    )
    given = {"holder": str(holder), "office": str(office), "payer": COMMUNE}
    return str(central.post("/v1/key-orders", json=given).json()["id"])


def drafted(central: TestClient) -> str:
    said = central.post("/v1/elections", json={"label": "2027"})
    assert said.status_code == 201
    return str(said.json()["id"])


def sent(caller: TestClient, plan: str, *rows: str, **more: str) -> Any:
    content = "\n".join([HEADING, *rows]).encode()
    return caller.post(f"/v1/elections/{plan}/officials", content=content, headers={"Content-Type": "text/csv", **more})


def test_an_election(house: House, central: TestClient, order: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = drafted(central)
    imported = sent(central, plan, GOOD, BAD)
    assert (imported.status_code, imported.json()["new"]) == (201, 1)
    assert [(each["row"], each["column"], each["code"]) for each in imported.json()["errors"]] == [
        (3, "name_latin", "formula")
    ]
    preview = central.get(f"/v1/elections/{plan}/preview", params={"province": "06.117"}).json()
    assert (preview["whole"]["change"], [each["end"] for each in preview["keys"]]) == (1, ["passed"])
    province = client(house, OfficerRole.PROVINCIAL, "06.117")
    frozen = {"body": COMMUNE, "ends_on": str(DAY), "deed": "PV 6"}
    assert province.post(f"/v1/elections/{plan}/freezes", json=frozen).json()["offices_ended"] == 1
    again = province.post(f"/v1/elections/{plan}/freezes", json=frozen)
    assert (again.status_code, again.json()["code"]) == (409, "council-already-frozen")
    (count,) = province.get("/v1/signatories").json()["items"]
    assert count["without_signatory"] == [COMMUNE]
    seated = province.post(
        f"/v1/elections/{plan}/seatings", json={"body": COMMUNE, "elected_on": str(DAY), "deed": "PV 7"}
    )
    assert [place["key"] for place in seated.json()["places"]] == ["succeeds"]
    assert central.get(f"/v1/key-orders/{order}").json()["state"] == "replaced"
    (count,) = province.get("/v1/signatories").json()["items"]
    assert {"body": COMMUNE, "why": "key-under-way"} in count["unable"]
    drawn: list[str] = []
    draw = handover.qr_code
    monkeypatch.setattr(handover, "qr_code", lambda address: draw(drawn.append(address) or address))
    sheet = province.get(f"/v1/elections/{plan}/sheets", params={"body": COMMUNE})
    assert (sheet.headers["content-type"], sheet.content[:5]) == ("application/pdf", b"%PDF-")
    # What the sheet's QR says is a page that anybody's phone gets, without a token.
    (address,) = drawn
    assert address.startswith(house.settings.public_url)
    page = TestClient(build_app(house)).get(urlsplit(address).path, headers={"Accept-Language": "fr"})
    assert page.status_code == 200
    assert "commandée, en attente d’approbation" in page.text
    assert "Berrechid" in page.text
    with house.records.reading() as session:
        names = [name for row in session.execute(select(Holder.name_ar, Holder.name_latin)) for name in row]
    assert names
    assert not [name for name in names if name in page.text]
    assert central.get(f"/v1/elections/{plan}").json()["seated"] == 1
    assert central.get("/v1/elections").json()["items"][0]["id"] == plan


def test_a_provincial_officer_stays_in_his_province(house: House, central: TestClient) -> None:
    plan = drafted(central)
    province = client(house, OfficerRole.PROVINCIAL, "06.117")
    frozen = {"body": ELSEWHERE, "ends_on": str(DAY), "deed": "PV 6"}
    seating = {"body": ELSEWHERE, "elected_on": str(DAY), "deed": "PV 6"}
    assert province.post(f"/v1/elections/{plan}/freezes", json=frozen).status_code == 403
    assert province.post(f"/v1/elections/{plan}/seatings", json=seating).status_code == 403
    assert province.get(f"/v1/elections/{plan}/preview", params={"province": "02.411"}).status_code == 403
    assert province.get("/v1/signatories", params={"province": "02.411"}).status_code == 403
    assert sent(province, plan, GOOD).status_code == 403
    assert {each["province"] for each in province.get("/v1/signatories").json()["items"]} == {"06.117"}


def test_lists_that_are_none(central: TestClient) -> None:
    plan = drafted(central)
    refused = central.post(f"/v1/elections/{plan}/officials", content=b"\xff\xfe", headers={"Content-Type": "text/csv"})
    assert (refused.status_code, refused.json()["code"]) == (422, "import-refused")
    wrong_type = central.post(f"/v1/elections/{plan}/officials", json={"a": 1})
    assert wrong_type.status_code == 415
    huge = central.post(
        f"/v1/elections/{plan}/officials", content=b"x" * (6 * 1024 * 1024), headers={"Content-Type": "text/csv"}
    )
    assert huge.status_code == 413


def test_the_same_list_under_one_key(central: TestClient) -> None:
    plan = drafted(central)
    first = sent(central, plan, GOOD, **{"Idempotency-Key": "list-0001"})
    second = sent(central, plan, GOOD, **{"Idempotency-Key": "list-0001"})
    assert (first.json(), second.headers["idempotency-replayed"]) == (second.json(), "true")


def test_a_key_replaced(house: House, central: TestClient, order: str) -> None:
    said = central.post(f"/v1/key-orders/{order}/replacement", json={"why": "damaged"})
    assert (said.status_code, said.json()["state"]) == (201, "requested")
    assert central.get(f"/v1/key-orders/{order}").json()["state"] == "replaced"
    again = central.post(f"/v1/key-orders/{order}/replacement", json={"why": "damaged"})
    assert (again.status_code, again.json()["code"]) == (409, "order-state-refused")
    province = client(house, OfficerRole.PROVINCIAL, "02.411")
    elsewhere = province.post(f"/v1/key-orders/{said.json()['id']}/replacement", json={"why": "lost"})
    assert elsewhere.status_code == 403
