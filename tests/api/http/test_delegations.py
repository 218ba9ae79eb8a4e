"""Two officers at the doors of the register; each held to his territory."""

from datetime import date, timedelta
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import func, select

from api.auth.officers import appoint_officer
from api.auth.permissions import now
from api.auth.tables import OfficerRole
from api.mail.tables import OutgoingMessage
from api.wiring import House
from pki.journal.acts import Actor, ActorKind
from pki.records import civil_day
from pki.registration.holders import enrol_holder
from tests.api.served import caller

BY = Actor(kind=ActorKind.SYSTEM, id="test")
COMMUNE, ELSEWHERE = "06.117.01.03", "02.411"
SCAN = b"%PDF-1.7 a deed"
Headers = dict[str, str]


@pytest.fixture
def client(house: House) -> httpx2.Client:
    return caller(house)


def officer(house: House, province: str | None = "06.117") -> Headers:
    role = OfficerRole.CENTRAL if province is None else OfficerRole.PROVINCIAL
    made = appoint_officer(house.records, name="X", role=role, province_code=province, by=BY, at=now())
    return {"Authorization": f"Bearer {made.token}"}


def sit(
    house: House, client: httpx2.Client, headers: Headers, function: str, rank: int | None = None
) -> tuple[str, str]:
    cin = f"BE{uuid4().int % 10**6:06}"
    holder = enrol_holder(house.records, house.protection, name_ar="أحمد", name_latin="Ahmed", cin=cin, by=BY, at=now())
    body = {"holder": str(holder), "body": COMMUNE, "function": function, "starts_on": "2021-09-24", "deed": "PV"}
    said = client.post("/v1/offices", json=body | ({"rank": rank} if rank else {}), headers=headers)
    assert said.status_code == 201, said.json()
    return str(holder), said.json()["id"]


def scanned(client: httpx2.Client, headers: Headers, body: str = COMMUNE) -> str:
    """The scan of a deed, sent; the digest that the server computed."""
    sent = client.post(
        f"/v1/bodies/{body}/deed-scans", content=SCAN, headers=headers | {"Content-Type": "application/pdf"}
    )
    assert sent.status_code == 201, sent.json()
    return str(sent.json()["sha256"])


def entitled(client: httpx2.Client, headers: Headers, holder: str) -> dict[str, object]:
    given = {"holder": holder, "act": "licence"}
    found: dict[str, object] = client.get(f"/v1/bodies/{COMMUNE}/entitlement", params=given, headers=headers).json()
    return found


def test_a_paper_delegation_from_proposal_to_revocation(house: House, client: httpx2.Client) -> None:
    first, second, stranger = officer(house), officer(house), officer(house, ELSEWHERE)
    _, president = sit(house, client, first, "president")
    deputy, vice = sit(house, client, first, "vice_president", 1)
    today = civil_day(now())
    body = {"number": "12/2026", "from_office": president, "to_office": vice, "acts": ["licence"]}
    body |= {"starts_on": today.isoformat(), "scan_sha256": scanned(client, first)}
    assert client.post("/v1/register-proposals/delegations", json=body, headers=stranger).status_code == 403
    made = client.post("/v1/register-proposals/delegations", json=body, headers=first)
    assert (made.status_code, made.json()["documents"]) == (201, [])
    proposal, digest = made.json()["id"], {"digest": made.json()["digest"]}
    address = f"/v1/register-proposals/{proposal}"
    assert client.get(address, headers=second).json() == made.json()
    for asked in ({"body": COMMUNE}, {}):
        waiting = client.get("/v1/register-proposals", params=asked, headers=second).json()["items"]
        assert [each["id"] for each in waiting] == [proposal]
    assert client.get("/v1/register-proposals", headers=stranger).json()["items"] == []
    for who, status, code in (
        (stranger, 403, "not-permitted"),
        (first, 403, "second-officer-refused"),
    ):
        said = client.post(f"{address}/confirmation", json=digest, headers=who)
        assert (said.status_code, said.json()["code"]) == (status, code)
    said = client.post(f"{address}/confirmation", json={"digest": "0" * 64}, headers=second)
    assert (said.status_code, said.json()["code"]) == (409, "proposal-differs")
    assert entitled(client, first, deputy)["reason"] == "delegation-not-recorded"
    confirmed = client.post(f"{address}/confirmation", json=digest, headers=second)
    assert confirmed.status_code == 201
    found = entitled(client, first, deputy)
    assert (found["answer"], found["article"]) == ("yes", "113-14 art. 103")
    assert found["chain"] == [f"vice_president.1@{COMMUNE}", "delegation:12/2026", f"president@{COMMUNE}"]
    powers = client.get(f"/v1/bodies/{COMMUNE}/powers", headers=first).json()
    assert [each["number"] for each in powers["delegations"]] == ["12/2026"]
    end = {"ends_on": (today - timedelta(days=1)).isoformat(), "reason": "r", "deed": "d"}
    address = f"/v1/delegations/{confirmed.json()['id']}/end"
    said = client.post(address, json=end, headers=first)
    assert (said.status_code, said.json()["code"]) == (409, "second-officer-needed")
    said = client.post(address, json=end | {"ends_on": today.isoformat()}, headers=stranger)
    assert said.status_code == 403
    assert client.post(address, json=end | {"ends_on": today.isoformat()}, headers=first).status_code == 201
    assert entitled(client, first, deputy)["answer"] == "no"


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "once and no more"}])
def test_nobody_is_told_of_an_end_that_was_refused(house: House, client: httpx2.Client, key: Headers) -> None:
    first, today = officer(house) | key, civil_day(now())
    body = {"holder": holder_with_mail(house), "body": COMMUNE, "function": "president"}
    body |= {"starts_on": "2021-09-24", "deed": "PV"}
    office = client.post("/v1/offices", json=body, headers=officer(house)).json()["id"]

    def end(day: date) -> int:
        said = {"ends_on": day.isoformat(), "reason": "r", "deed": "d"}
        return client.post(f"/v1/offices/{office}/end", json=said, headers=first).status_code

    assert end(today - timedelta(days=3)) == 409
    assert told(house) == 0
    assert end(today) == 201
    assert told(house) == 1


def holder_with_mail(house: House) -> str:
    given = {"name_ar": "أحمد", "name_latin": "Ahmed", "cin": "BE777", "email": "ahmed@example.ma"}
    return str(enrol_holder(house.records, house.protection, **given, by=BY, at=now()))


def told(house: House) -> int:
    with house.records.reading() as session:
        return session.scalar(select(func.count()).select_from(OutgoingMessage)) or 0


def test_findings_and_past_ends_are_proposed(house: House, client: httpx2.Client) -> None:
    first, second = officer(house), officer(house)
    _, president = sit(house, client, first, "president")
    today = civil_day(now())
    end = {"ends_on": (today - timedelta(days=3)).isoformat(), "reason": "died", "deed": "PV"}
    said = client.post(f"/v1/offices/{president}/end", json=end, headers=first)
    assert (said.status_code, said.json()["code"]) == (409, "second-officer-needed")
    made = client.post("/v1/register-proposals/office-ends", json=end | {"office": president}, headers=first).json()
    refused = client.post(f"/v1/register-proposals/{made['id']}/refusal", json={"reason": "no"}, headers=second)
    assert refused.status_code == 201
    finding = {"kind": "absence", "body": COMMUNE, "office": president, "number": "1", "deed": "d"}
    finding |= {"scan_sha256": scanned(client, first), "starts_on": today.isoformat()}
    made = client.post("/v1/register-proposals/findings", json=finding, headers=first).json()
    address = f"/v1/register-proposals/{made['id']}/confirmation"
    assert client.post(address, json={"digest": made["digest"]}, headers=second).status_code == 201
    again = client.post(address, json={"digest": made["digest"]}, headers=second)
    assert (again.status_code, again.json()["code"]) == (409, "proposal-decided")
    said = client.post("/v1/register-proposals/findings", json=finding | {"office": None}, headers=first)
    assert (said.status_code, said.json()["code"]) == (422, "finding-refused")


def test_who_is_below_the_first_decides_nothing(house: House, client: httpx2.Client) -> None:
    province, central = officer(house), officer(house, None)
    _, president = sit(house, client, province, "president")
    end = {"ends_on": (civil_day(now()) - timedelta(days=3)).isoformat(), "reason": "died", "deed": "PV"}
    made = client.post("/v1/register-proposals/office-ends", json=end | {"office": president}, headers=central).json()
    address = f"/v1/register-proposals/{made['id']}"
    for act, body in (("confirmation", {"digest": made["digest"]}), ("refusal", {"reason": "no"})):
        said = client.post(f"{address}/{act}", json=body, headers=province)
        assert (said.status_code, said.json()["code"]) == (403, "second-officer-refused")
    assert client.post(f"{address}/refusal", json={"reason": "mine"}, headers=central).status_code == 201


def test_a_past_declaration_and_a_correction_by_two(house: House, client: httpx2.Client) -> None:
    """At the doors: what one officer may not, what two decide, and what stands after each."""
    first, second = officer(house, None), officer(house, None)
    holder, office = sit(house, client, first, "president")
    past = {"complete_from": "2015-09-04"}
    for door in ("register-declarations", "powers-declarations"):
        said = client.post(f"/v1/bodies/{COMMUNE}/{door}", json=past, headers=first)
        assert (said.status_code, said.json()["code"]) == (409, "second-officer-needed")

    def decided(what: str, body: dict[str, object]) -> str:
        made = client.post(f"/v1/register-proposals/{what}", json=body, headers=first).json()
        address = f"/v1/register-proposals/{made['id']}/confirmation"
        said = client.post(
            address, json={"digest": made["digest"]}, headers=second | {"Idempotency-Key": f"once: {what}"}
        )
        assert said.status_code == 201, said.json()
        return str(said.json()["id"])

    def standing() -> list[str]:
        items = client.get(f"/v1/bodies/{COMMUNE}/declarations", headers=first).json()["items"]
        return [each["id"] for each in items if each["complete_from"] == "2015-09-04"]

    declared = decided("declarations", {"declared": "offices", "body": COMMUNE} | past)
    assert standing() == [declared]
    decided("declaration-withdrawals", {"declared": "offices", "declaration": declared, "reason": "not before 2021"})
    assert standing() == []
    correction = {"holder": holder, "body": COMMUNE, "function": "president", "starts_on": "2021-09-25", "deed": "PV 2"}
    assert decided("offices", correction | {"supersedes": office}) != office
    assert entitled(client, first, holder)["answer"] == "yes"


def test_entitlement_at_an_instant(house: House, client: httpx2.Client) -> None:
    first = officer(house)
    holder, _ = sit(house, client, first, "president")  # since 2021-09-24, 00:00 in Casablanca: 23:00 UTC

    def asked(at: str) -> tuple[int, str]:
        given = {"holder": holder, "act": "licence", "at": at}
        said = client.get(f"/v1/bodies/{COMMUNE}/entitlement", params=given, headers=first)
        return said.status_code, said.json().get("answer", "")

    assert asked("2021-09-24T00:00:00+01:00") == (200, "yes")
    assert asked("2021-09-23T22:59:59Z") == (200, "unknown")
    assert asked((now() + timedelta(minutes=4)).isoformat()) == (200, "yes")
    for refused in ((now() + timedelta(minutes=6)).isoformat(), "0001-01-01T00:00:00Z", "2021-09-24T00:00:00"):
        assert asked(refused)[0] == 422


def test_unknown_names(house: House, client: httpx2.Client) -> None:
    headers, nothing = officer(house), uuid4()
    for address in (f"/v1/register-proposals/{nothing}",):
        assert client.get(address, headers=headers).status_code == 404
    end = {"ends_on": "2026-01-01", "reason": "r", "deed": "d"}
    assert client.post(f"/v1/delegations/{nothing}/end", json=end, headers=headers).status_code == 404
