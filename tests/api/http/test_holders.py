"""People's files over HTTP: seen from the territory of their offices, the full national id with a journal entry."""

from datetime import date
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select

from api.auth.officers import appoint_officer
from api.auth.permissions import now
from api.auth.tables import OfficerRole
from api.wiring import House
from pki.journal.tables import EventRow
from pki.records import HolderId, Records
from pki.registration.holders import enrol_holder
from pki.registration.kinds import OfficeFunction
from pki.registration.offices import record_office
from tests.api.conftest import INIT
from tests.api.served import caller

COMMUNE, ELSEWHERE = "06.117.01.03", "06.141"


@pytest.fixture
def client(house: House) -> httpx2.Client:
    return caller(house)


def officer(house: House, province: str | None = "06.117") -> dict[str, str]:
    role = OfficerRole.CENTRAL if province is None else OfficerRole.PROVINCIAL
    made = appoint_officer(house.records, name="X", role=role, province_code=province, by=INIT, at=now())
    return {"Authorization": f"Bearer {made.token}"}


def enrolled(house: House, cin: str, body: str | None) -> HolderId:
    said = {"name_ar": "أحمد", "name_latin": "Ahmed", "email": "a@example.ma"}
    holder = enrol_holder(house.records, house.protection, cin=cin, **said, by=INIT, at=now())
    if body is not None:
        record_office(
            house.records,
            holder=holder,
            body_code=body,
            function=OfficeFunction.COMMITTEE_MEMBER,
            starts_on=date(2021, 9, 24),
            deed="PV",
            by=INIT,
            at=now(),
        )
    return holder


def events(records: Records, holder: UUID) -> list[str]:
    with records.reading() as session:
        return sorted(session.scalars(select(EventRow.kind).where(EventRow.subject == f"holder:{holder}")))


def test_a_person_is_seen_from_the_territory_of_his_offices(house: House, client: httpx2.Client) -> None:
    own, stranger, centre = officer(house), officer(house, ELSEWHERE), officer(house, None)
    holder, nowhere = enrolled(house, "BE123456", COMMUNE), enrolled(house, "BE123457", None)
    seen = client.get(f"/v1/holders/{holder}", headers=own).json()
    assert (seen["cin_masked"], seen["email"], seen["phone"]) == ("BE••••56", "a@example.ma", None)
    assert [each["body"] for each in seen["offices"]] == [COMMUNE]
    for path in ("", "/national-id-looks", "/contacts"):
        body = {"reason": "r", "phone": "0612345678"} if path == "/contacts" else {"reason": "r"}
        address = f"/v1/holders/{holder}{path}"
        said = client.post(address, json=body, headers=stranger) if path else client.get(address, headers=stranger)
        assert (said.status_code, said.json()["code"]) == (403, "not-permitted")
    shown = {
        name: {each["id"] for each in client.get("/v1/holders", headers=headers).json()["items"]}
        for name, headers in (("own", own), ("stranger", stranger), ("centre", centre))
    }
    assert shown == {"own": {str(holder)}, "stranger": set(), "centre": {str(holder), str(nowhere)}}
    page = client.get("/v1/holders?limit=1", headers=centre).json()["items"]
    rest = client.get(f"/v1/holders?after={page[0]['id']}", headers=centre).json()["items"]
    assert {each["id"] for each in (*page, *rest)} == shown["centre"]
    assert "BE123456" not in client.get("/v1/holders", headers=centre).text
    assert events(house.records, holder) == ["holder.enrolled"]


def test_each_full_look_is_in_the_journal(house: House, client: httpx2.Client) -> None:
    own, holder = officer(house), enrolled(house, "BE123456", COMMUNE)
    address, key = f"/v1/holders/{holder}/national-id-looks", {"Idempotency-Key": "the same key"}
    for _ in range(2):
        said = client.post(address, json={"reason": "Lettre du porteur"}, headers=own | key)
        assert (said.status_code, said.json()["cin"]) == (200, "BE123456")
        assert said.headers["cache-control"] == "no-store"
    assert events(house.records, holder).count("holder.national-id-read") == 2
    assert client.post(address, json={"reason": " "}, headers=own).status_code == 422
    assert client.post(address, json={}, headers=own).status_code == 422
    assert events(house.records, holder).count("holder.national-id-read") == 2


def test_contacts_change_one_at_a_time(house: House, client: httpx2.Client) -> None:
    own, holder = officer(house), enrolled(house, "BE123456", COMMUNE)
    address = f"/v1/holders/{holder}"

    def change(**body: str | None) -> tuple[int, str]:
        said = client.post(f"{address}/contacts", json={"reason": "r"} | body, headers=own)
        return said.status_code, said.json().get("code", "")

    assert change(phone="06 12 34 56 78") == (201, "")
    assert change() == (422, "request-malformed")
    assert change(phone="00000000") == (422, "contact-refused")
    seen = client.get(address, headers=own).json()
    assert (seen["email"], seen["phone"]) == ("a@example.ma", "+212612345678")
    assert change(email=None) == (201, "")
    seen = client.get(address, headers=own).json()
    assert (seen["email"], seen["phone"]) == (None, "+212612345678")
