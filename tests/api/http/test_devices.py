"""The inventory over HTTP: a batch with faults, a hand-over with its paper and receipt, an order's device, stock."""

from typing import Any

import pytest

from api.auth.permissions import now
from api.wiring import House
from pki.records import civil_day
from pki.registration.holders import enrol_holder
from pki.registration.kinds import OfficeFunction
from pki.registration.offices import record_office
from tests.api.http.estate import BERRECHID, BY, Desks, refused

DAY = civil_day(now()).isoformat()
NOTE = {"supplier": "Barid", "note": "BL 17", "manufacturer": "Thales", "model": "IDPrime 940", "announced": 4}
NOTE |= {"received_on": DAY}
PROVINCE = "06.117"
RECEIPT = {"receipt": "D 1", "received_by": "S. Amrani", "on": DAY}


@pytest.fixture
def desks(house: House) -> Desks:
    return Desks(house)


def received(desks: Desks, **more: Any) -> dict[str, Any]:
    return desks.sent(desks.central, "/v1/device-batches", **(NOTE | {"serials": ["A1", "A2", "A3", "A4"]} | more))


def sent(desks: Desks, receiver: str = PROVINCE, **more: Any) -> int:
    said = {"sender": "MA", "receiver": receiver, "range": {"first": "A1", "last": "A3"}, "on": DAY}
    number: int = desks.sent(desks.central, "/v1/device-handovers", **(said | more))["number"]
    return number


def states(desks: Desks) -> dict[str, int]:
    said = desks.central.get("/v1/device-stock").json()
    assert said["total"] == sum(each["total"] for each in said["items"]) == 4
    return {state: count for state, count in said["states"].items() if count}


def test_a_batch_keeps_what_is_good(desks: Desks) -> None:
    done = received(desks, serials=None, csv="serial\nA1\n=A2\na1\nA3\n")
    assert (done["new"], done["recorded"], done["difference"]) == (2, 2, -2)
    assert [(each["line"], each["value"]) for each in done["refused"]] == [(3, "=A2"), (4, "a1")]
    (batch,) = desks.central.get("/v1/device-batches").json()["items"]
    assert (batch["note"], batch["difference"]) == ("BL 17", -2)
    assert received(desks)["new"] == 2
    refused(desks.central.post("/v1/device-batches", json=NOTE), 422, "request-malformed")
    refused(desks.central.post("/v1/device-batches", json=NOTE | {"csv": "x\n1"}), 422, "import-refused")
    late = NOTE | {"serials": ["A9"], "received_on": "2099-01-01", "note": "BL 18"}
    refused(desks.central.post("/v1/device-batches", json=late), 422, "device-day-refused")


def test_sent_on_paper_and_received(desks: Desks) -> None:
    received(desks)
    number = sent(desks)
    assert states(desks) == {"in-stock": 1, "in-transit": 3}
    paper = desks.berrechid.get(f"/v1/device-handovers/{number}/sheet")
    assert (paper.status_code, paper.content[:5]) == (200, b"%PDF-")
    done = desks.sent(desks.berrechid, f"/v1/device-handovers/{number}/receipt", **RECEIPT, missing=["A2"])
    assert (done["receipt"]["arrived"], done["receipt"]["missing"]) == (2, 1)
    whole = desks.central.get(f"/v1/device-handovers/{number}").json()
    assert [each["outcome"] for each in whole["items"]] == ["arrive", "miss", "arrive"]
    assert states(desks) == {"in-stock": 3, "lost": 1}
    (device,) = desks.central.get("/v1/devices/a2").json()["items"]
    assert [each["step"] for each in device["chain"]] == ["receive", "send", "miss"]
    lines = desks.central.get("/v1/devices/A2/chain.csv").text.splitlines()
    assert [line.split(",")[3] for line in lines] == ["step", "receive", "send", "miss"]
    again = desks.berrechid.post(f"/v1/device-handovers/{number}/receipt", json=RECEIPT)
    refused(again, 409, "device-handover-closed")


def test_the_receiver_confirms_in_his_own_territory(desks: Desks) -> None:
    received(desks)
    number = sent(desks)
    refused(desks.central.post(f"/v1/device-handovers/{number}/receipt", json=RECEIPT), 403, "own-device-handover")
    refused(desks.oujda.post(f"/v1/device-handovers/{number}/receipt", json=RECEIPT), 403, "not-permitted")
    onward = sent(desks, "02.411", range={"first": "A4", "last": "A4"})
    refused(desks.berrechid.post(f"/v1/device-handovers/{onward}/receipt", json=RECEIPT), 403, "not-permitted")
    desks.sent(desks.berrechid, f"/v1/device-handovers/{number}/receipt", **RECEIPT)
    back = {"sender": PROVINCE, "receiver": "02.411", "serials": ["A1"], "on": DAY}
    onward = desks.sent(desks.berrechid, "/v1/device-handovers", **back)["number"]
    assert desks.berrechid.get(f"/v1/device-handovers/{onward}").status_code == 200
    refused(desks.berrechid.post(f"/v1/device-handovers/{onward}/receipt", json=RECEIPT), 403, "not-permitted")
    for store in ("MA", "06", "02.411", "nowhere"):
        refused(desks.berrechid.post("/v1/device-handovers", json=back | {"sender": store}), 403, "not-permitted")


def test_sent_once_under_one_key(desks: Desks) -> None:
    received(desks)
    body = {"sender": "MA", "receiver": PROVINCE, "serials": ["A1"], "on": DAY}
    headers = {"Idempotency-Key": "0123456789"}
    first, second = (desks.central.post("/v1/device-handovers", json=body, headers=headers) for _ in range(2))
    assert first.json() == second.json()
    refused(desks.central.post("/v1/device-handovers", json=body), 409, "devices-not-there")


def test_an_order_and_its_device(house: House, desks: Desks) -> None:
    desks.opened(bodies=[BERRECHID])
    received(desks)
    holder = enrol_holder(house.records, house.protection, name_ar="أ", name_latin="A", cin="BE1", by=BY, at=now())
    member = {"function": OfficeFunction.COMMITTEE_MEMBER, "starts_on": civil_day(now()), "deed": "PV"}
    office = record_office(house.records, holder=holder, body_code=BERRECHID, by=BY, at=now(), **member)  # type: ignore[arg-type]
    order = {"holder": str(holder), "office": str(office), "payer": BERRECHID, "road": "supplied"}
    lost = {"step": "lose", "store": "MA", "serials": ["A1"], "on": DAY, "reason": "PV 3"}
    assert desks.sent(desks.central, "/v1/device-steps", **lost) == {"devices": 1}
    said = desks.central.post("/v1/key-orders", json=order | {"device_serial": "A1"})
    refused(said, 409, "device-not-usable")
    assert said.json()["state"] == "lost"
    number = desks.sent(desks.central, "/v1/key-orders", **order, device_serial="a2")["id"]
    (device,) = desks.central.get("/v1/devices", params={"state": "promised"}).json()["items"]
    assert (device["serial"], device["promised"]) == ("A2", number)
    assert desks.central.get("/v1/unlisted-devices").json() == {"items": []}
    gone = lost | {"step": "destroy", "serials": ["A2"]}
    refused(desks.central.post("/v1/device-steps", json=gone), 409, "devices-refused")
    refused(desks.central.post("/v1/device-steps", json=gone | {"into": "06"}), 422, "request-malformed")
    refused(desks.central.post("/v1/device-steps", json=gone | {"step": "send"}), 422, "request-malformed")
    refused(desks.berrechid.post("/v1/device-steps", json=gone), 403, "not-permitted")


def test_nothing_hostile_gets_in(desks: Desks) -> None:
    received(desks)
    body = {"sender": "MA", "receiver": PROVINCE, "on": DAY}
    too_many = {"range": {"first": "A000000", "last": "A999999"}}
    refused(desks.central.post("/v1/device-handovers", json=body | too_many), 422, "serials-refused")
    refused(desks.central.post("/v1/device-handovers", json=body | {"serials": []}), 422, "request-malformed")
    refused(desks.central.post("/v1/device-handovers", json=body | {"serials": ["\u0000"]}), 422, "request-malformed")
    assert len(received(desks, note="BL 18", serials=["\u0000"])["refused"]) == 1
    refused(desks.central.post("/v1/device-handovers", json=body), 422, "request-malformed")
    refused(desks.central.get("/v1/devices/%00"), 422, "request-malformed")
    refused(desks.central.get("/v1/devices/ZZ"), 404, "device-unknown")
    refused(desks.central.get("/v1/device-handovers/99"), 404, "device-handover-unknown")
    refused(desks.central.get("/v1/device-handovers/99999999999999999999"), 422, "request-malformed")
