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
from pki.records import HolderId, Records, civil_day
from pki.registration.bodies import register_body
from pki.registration.holders import enrol_holder
from pki.registration.kinds import BodyKind, OfficeFunction
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


def test_a_file_opens_where_all_offices_lie(house: House, client: httpx2.Client) -> None:
    """Neither an office recorded for the purpose, nor one that is over, shows or turns a person's contacts."""
    own, other, centre = officer(house), officer(house, ELSEWHERE), officer(house, None)
    agency = {"kind": BodyKind.URBAN_AGENCY, "name_fr": "Agence", "name_ar": "وكالة"}
    register_body(house.records, code="AGENCY", **agency, by=INIT, at=now())  # type: ignore[arg-type]
    shut, open_, today = (403, 403, 200, None), (200, 201, 200, "a@example.ma"), str(civil_day(now()))

    def opened(holder: UUID, headers: dict[str, str]) -> tuple[int, int, int, str | None]:
        address = f"/v1/holders/{holder}"
        look = client.post(f"{address}/national-id-looks", json={"reason": "r"}, headers=headers)
        change = client.post(f"{address}/contacts", json={"reason": "r", "phone": "0612345678"}, headers=headers)
        sheet = client.get(address, headers=headers)
        return look.status_code, change.status_code, sheet.status_code, sheet.json().get("email")

    def seat_elsewhere(holder: UUID) -> None:
        said = {"holder": str(holder), "body": "06.141.01.81", "function": "committee_member", "deed": "PV"}
        assert client.post("/v1/offices", json=said | {"starts_on": today}, headers=other).status_code == 201

    def end_here(holder: UUID) -> None:
        office = client.get(f"/v1/holders/{holder}", headers=own).json()["offices"][0]["office"]
        said = {"ends_on": today, "reason": "r", "deed": "PV"}
        assert client.post(f"/v1/offices/{office}/end", json=said, headers=own).status_code == 201

    holder, retired, national = (
        enrolled(house, cin, body) for cin, body in (("BE1", COMMUNE), ("BE2", COMMUNE), ("BE3", "AGENCY"))
    )
    assert opened(holder, own) == open_
    for person in (holder, national):  # who sits in a body of no province is the centre's
        seat_elsewhere(person)
        assert opened(person, other) == shut
    assert (opened(holder, own), opened(holder, centre)) == (shut, open_)
    end_here(holder)
    assert (opened(holder, own), opened(holder, other)) == (shut, open_)
    end_here(retired)
    assert (opened(retired, own), opened(retired, centre)) == (shut, open_)


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
