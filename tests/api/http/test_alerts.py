"""The doors of alerts: a round of the jobs opens them, officers page through them, take them, silence them."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from api.auth.permissions import now
from api.jobs.rounds import watch
from api.mail.tables import OutgoingMessage
from api.wiring import House
from pki.quota.tables import Allowance
from pki.records import civil_day
from pki.registration.kinds import OfficeFunction
from pki.registration.mailboxes.notices import NoticeKind
from pki.registration.tables import Body, Holder
from tests.api.http.estate import BERRECHID, DEROUA, Desks, refused
from tests.pki.estate import seated


@pytest.fixture
def desks(house: House) -> Desks:
    """Deroua has no seat left; in both communes there is a director of services, and no president."""
    desks = Desks(house)
    desks.opened(bodies=[BERRECHID, DEROUA, "06.117"])
    with house.records.writing() as session:
        full = select(Body.id).where(Body.code == DEROUA).scalar_subquery()
        session.execute(update(Allowance).where(Allowance.body_id == full).values(live=Allowance.granted))
    for body in (BERRECHID, DEROUA):
        holder, _ = seated(house.records, body, OfficeFunction.DIRECTOR_OF_SERVICES)
        with house.records.writing() as session:
            session.execute(update(Holder).where(Holder.id == holder).values(email=f"{body}@example.ma"))
    watch(house, now())
    return desks


def test_a_round_opens_lists_and_tells(desks: Desks) -> None:
    said = desks.berrechid.get("/v1/alerts").json()
    assert {(each["kind"], each["body"]) for each in said["items"]} == {
        ("seats_100", DEROUA),
        ("unable_to_sign", DEROUA),
        ("unable_to_sign", BERRECHID),
    }
    assert said["swept_at"]
    assert desks.oujda.get("/v1/alerts").json()["items"] == []
    only = desks.central.get("/v1/alerts", params={"kind": "seats_100"}).json()["items"]
    assert [each["detail"] for each in only] == ["5/5"]
    assert len(desks.central.get("/v1/alerts", params={"state": "all"}).json()["items"]) == 4
    with desks.house.records.reading() as session:
        sent = {row.address: row.facts for row in session.scalars(select(OutgoingMessage))}
    assert {each: facts.get("seats_100") for each, facts in sent.items()} == {
        f"{BERRECHID}@example.ma": None,
        f"{DEROUA}@example.ma": "1",
    }
    watch(desks.house, now())
    with desks.house.records.reading() as session:
        assert session.scalars(select(OutgoingMessage.kind)).all() == [NoticeKind.ALERTS] * 2


def test_pages(desks: Desks) -> None:
    seen: list[str] = []
    while page := desks.berrechid.get(
        "/v1/alerts", params={"limit": 2, "state": "all"} | ({"after": seen[-1]} if seen else {})
    ).json()["items"]:
        seen += [each["id"] for each in page]
    assert (len(seen), len(set(seen))) == (4, 4)
    refused(desks.oujda.get("/v1/alerts", params={"after": seen[0]}), 403, "not-permitted")
    refused(desks.central.get("/v1/alerts", params={"after": str(UUID(int=0))}), 404, "alert-unknown")


def test_taken_and_silenced(desks: Desks) -> None:
    (found,) = desks.berrechid.get("/v1/alerts", params={"kind": "seats_100"}).json()["items"]
    address, today = f"/v1/alerts/{found['id']}", civil_day(now())
    taken = desks.sent(desks.berrechid, f"{address}/assignment")
    assert taken["assigned_to"].startswith("officer:")
    until = (today + timedelta(days=7)).isoformat()
    asleep = desks.sent(desks.berrechid, f"{address}/snooze", until=until, reason="an extra is asked for")
    assert (asleep["snoozed_until"], asleep["state"]) == (until, "open")
    story = desks.central.get(address).json()
    assert [(each["action"], each["reason"]) for each in story["history"]] == [
        ("assigned", None),
        ("snoozed", "an extra is asked for"),
    ]
    late = {"until": (today + timedelta(days=91)).isoformat(), "reason": "r"}
    refused(desks.berrechid.post(f"{address}/snooze", json=late), 422, "snooze-refused")
    assert desks.berrechid.post(f"{address}/snooze", json={"until": until, "reason": " "}).status_code == 422
    refused(desks.oujda.post(f"{address}/assignment", json={}), 403, "not-permitted")
    with desks.house.records.writing() as session:
        session.execute(update(Allowance).values(live=0))
    watch(desks.house, now())
    refused(desks.berrechid.post(f"{address}/assignment", json={}), 409, "alert-closed")


def test_a_forecast_says_why_there_is_none(desks: Desks) -> None:
    said = desks.berrechid.get("/v1/forecasts", params={"by": "body"}).json()
    assert {each["code"]: each["why"] for each in said["items"]} == {
        "06.117": "too-few-events",
        BERRECHID: "too-few-events",
        DEROUA: "exhausted",
    }
    assert (said["total"]["why"], said["total"]["ends_on"]) == ("too-few-events", None)
    assert desks.berrechid.get("/v1/forecasts", params={"by": "week"}).status_code == 422
