"""The doors of the books: each act once through its door, each officer in his territory."""

import csv
import io
from typing import Any
from uuid import uuid4

import pytest

from api.wiring import House
from pki.quota.differences import differences
from tests.api.http.estate import BERRECHID, DEROUA, OUJDA, Desks, refused, tier


@pytest.fixture
def desks(house: House) -> Desks:
    desks = Desks(house)
    desks.opened(bodies=[BERRECHID, DEROUA, "06.117"])
    return desks


def only(said: Any) -> dict[str, Any]:
    [found] = said.json()["items"]
    return dict(found)


def balanced(desks: Desks) -> None:
    with desks.house.records.reading() as session:
        assert differences(session) == []


def test_a_wave_by_province_and_its_arrondissements(desks: Desks) -> None:
    tiers = [tier("arrondissement", 0, None, 2), tier("service", 0, None, 1)]
    said = {"supplier": "B", "number": "2", "census": "RGPH 2024", "purchases": 0, "in_effect_from": "2026-01-01"}
    agreement = desks.sent(desks.central, "/v1/agreements", tiers=tiers, limits="purchases", **said)["id"]
    desks.sent(
        desks.central, "/v1/bodies", code="SD-1", kind="service", name_fr="S", name_ar="م", province_code="06.141"
    )
    opened = desks.opened(bodies=[], province_codes=["06.141"], agreement=agreement)
    assert (opened["arrondissements"], opened["arrondissement_seats"], opened["services"]) == (16, 32, 1)
    wave = {"agreement": agreement, "label": "x", "opens_on": "2026-01-01"}
    refused(desks.central.post("/v1/waves", json=wave), 422, "scope-refused")
    refused(desks.central.post("/v1/waves", json=wave | {"body_codes": ["SD-1"]}), 409, "bodies-already-open")


def test_a_plan_moved_and_opened(desks: Desks) -> None:
    plan = {"agreement": desks.agreement, "label": "East", "region_codes": ["02"], "planned_on": "2026-12-01"}
    first = desks.sent(desks.central, "/v1/wave-plans", **plan)["id"]
    moved = desks.sent(desks.central, f"/v1/wave-plans/{first}/move", planned_on="2027-01-10", reason="stock")["id"]
    [found] = desks.oujda.get("/v1/wave-plans").json()["items"]
    assert (found["id"], found["first_planned_on"], found["days_late"]) == (moved, "2026-12-01", 40)
    assert desks.sent(desks.central, f"/v1/wave-plans/{moved}/open", opens_on="2026-01-05")["communes"] > 10
    refused(
        desks.central.post(f"/v1/wave-plans/{moved}/open", json={"opens_on": "2026-01-05"}), 409, "proposal-decided"
    )
    assert desks.oujda.post("/v1/wave-plans", json=plan).status_code == 403


def test_extras(desks: Desks) -> None:
    extra = desks.sent(desks.berrechid, "/v1/extras", body=BERRECHID, seats=2, reason="two sites")
    refused(desks.oujda.post("/v1/extras", json={"body": BERRECHID, "seats": 1, "reason": "x"}), 403, "not-permitted")
    assert desks.oujda.get("/v1/extras", params={"body": BERRECHID}).status_code == 403
    assert desks.oujda.get("/v1/extras").json()["items"] == []
    assert [each["id"] for each in desks.berrechid.get("/v1/extras").json()["items"]] == [extra["id"]]
    address, approval = f"/v1/extras/{extra['id']}/approval", {"digest": extra["digest"], "reason": "needed"}
    refused(desks.berrechid.post(address, json=approval), 403, "second-officer-refused")
    refused(desks.oujda.post(address, json=approval), 403, "not-permitted")
    done = desks.sent(desks.desk("Fifth", "06.117"), address, **approval)
    assert (done["decision"], done["decision_reason"], desks.granted()) == ("approved", "needed", 7)
    refused(desks.second.post(f"/v1/extras/{extra['id']}/refusal", json={"reason": "x"}), 409, "proposal-decided")
    own = desks.sent(desks.central, "/v1/extras", body=BERRECHID, seats=2, reason="mine")
    address, said = f"/v1/extras/{own['id']}/refusal", {"reason": "x"}
    for desk in (desks.central, desks.berrechid):  # himself; one below him
        refused(desk.post(address, json=said), 403, "second-officer-refused")
    assert [each["id"] for each in desks.central.get("/v1/extras?waiting=true").json()["items"]] == [own["id"]]
    balanced(desks)


def test_page_by_page(desks: Desks) -> None:
    """Each list is answered in pages that follow each other, and a page begins inside the own territory only."""
    said: dict[str, Any] = {"seats": 1, "reason": "x"}
    for _ in range(3):
        desks.sent(desks.berrechid, "/v1/extras", body=BERRECHID, **said)
        desks.sent(desks.berrechid, "/v1/transfers", giver=BERRECHID, receiver=DEROUA, side="giver", **said)
    for path, name in (("/v1/ledger", "entry"), ("/v1/extras", "id"), ("/v1/transfers", "id")):
        whole = [each[name] for each in desks.berrechid.get(path).json()["items"]]
        paged: list[Any] = []
        asked: dict[str, Any] = {"limit": 2}
        while items := desks.berrechid.get(path, params=asked).json()["items"]:
            assert len(items) <= 2
            paged += [each[name] for each in items]
            asked["after"] = paged[-1]
        assert (paged, len(whole) >= 3) == (whole, True), path
        if name == "id":
            refused(desks.oujda.get(path, params={"after": whole[0]}), 403, "not-permitted")
            refused(desks.oujda.get(path, params={"after": str(uuid4())}), 404, "proposal-unknown")
        assert desks.berrechid.get(path, params={"limit": 1001}).status_code == 422
    assert desks.central.get("/v1/ledger", params={"after": 1 << 63}).status_code == 422
    assert desks.central.get("/v1/ledger", params={"after": (1 << 63) - 1}).json() == {"items": []}


def test_many_extra_seats_are_for_the_centre(desks: Desks) -> None:
    above = desks.house.settings.four_eyes_above + 1
    extra = desks.sent(desks.berrechid, "/v1/extras", body=BERRECHID, seats=above, reason="x")
    colleague, said = desks.desk("Fifth", "06.117"), {"digest": extra["digest"], "reason": "y"}
    refused(colleague.post(f"/v1/extras/{extra['id']}/approval", json=said), 403, "not-permitted")
    refused(colleague.post(f"/v1/extras/{extra['id']}/refusal", json={"reason": "x"}), 403, "not-permitted")
    desks.sent(desks.central, f"/v1/extras/{extra['id']}/approval", **said)
    assert desks.granted() == 5 + above


def test_many_extra_seats_in_small_requests_are_for_the_centre_too(desks: Desks) -> None:
    colleague, most = desks.desk("Fifth", "06.117"), desks.house.settings.four_eyes_above
    for number in range(2):
        extra = desks.sent(desks.berrechid, "/v1/extras", body=BERRECHID, seats=most, reason="x")
        address, said = f"/v1/extras/{extra['id']}/approval", {"digest": extra["digest"], "reason": "y"}
        if number:
            refused(colleague.post(address, json=said), 403, "central-officer-needed")
            colleague = desks.central
        desks.sent(colleague, address, **said)
    assert desks.granted() == 5 + 2 * most


def test_a_transfer_and_who_may_speak_for_whom(desks: Desks) -> None:
    desks.opened(bodies=[OUJDA])
    extra = desks.sent(desks.berrechid, "/v1/extras", body=BERRECHID, seats=3, reason="x")
    desks.sent(desks.central, f"/v1/extras/{extra['id']}/approval", digest=extra["digest"], reason="y")
    said = {"giver": BERRECHID, "receiver": OUJDA, "seats": 6, "reason": "x", "side": "giver"}
    assert desks.oujda.post("/v1/transfers", json=said).status_code == 403
    transfer = desks.sent(desks.berrechid, "/v1/transfers", **said)
    assert transfer["needs_approval"]
    address, digest = f"/v1/transfers/{transfer['id']}", {"digest": transfer["digest"]}
    assert desks.berrechid.post(f"{address}/consent", json=digest).status_code == 403
    refused(desks.oujda.post(f"{address}/approval", json=digest), 403, "not-permitted")
    assert desks.sent(desks.oujda, f"{address}/consent", **digest)["moved_at"] is None
    assert desks.sent(desks.central, f"{address}/approval", **digest)["moved_at"]
    assert (desks.granted(), desks.granted(OUJDA)) == (2, 11)
    assert [each["id"] for each in desks.oujda.get(f"/v1/transfers?body={OUJDA}").json()["items"]] == [transfer["id"]]
    refused(desks.oujda.post(f"{address}/end", json={"reason": "x"}), 409, "proposal-decided")
    refused(desks.oujda.post(f"/v1/transfers/{uuid4()}/end", json={"reason": "x"}), 404, "proposal-unknown")
    balanced(desks)


def test_inside_one_province_its_third_officer_is_above_both(desks: Desks) -> None:
    address, seats = "/v1/transfers", desks.house.settings.four_eyes_above + 1
    extra = desks.sent(desks.berrechid, "/v1/extras", body=BERRECHID, seats=seats, reason="x")
    desks.sent(desks.central, f"/v1/extras/{extra['id']}/approval", digest=extra["digest"], reason="y")
    said = {"giver": BERRECHID, "receiver": DEROUA, "seats": seats, "reason": "x", "side": "giver"}
    transfer = desks.sent(desks.berrechid, address, **said)
    one, other, digest = desks.desk("Fifth", "06.117"), desks.desk("Sixth", "06.117"), {"digest": transfer["digest"]}
    address += f"/{transfer['id']}"
    refused(desks.berrechid.post(f"{address}/consent", json=digest), 403, "second-officer-refused")
    desks.sent(one, f"{address}/consent", **digest)
    refused(one.post(f"{address}/approval", json=digest), 403, "own-proposal")
    refused(desks.berrechid.post(f"{address}/approval", json=digest), 403, "second-officer-refused")
    assert desks.sent(other, f"{address}/approval", **digest)["moved_at"]
    balanced(desks)


def test_a_census_from_file_to_allowance(desks: Desks) -> None:
    file = f"code;population\n{BERRECHID};19000\n99.999;4\nx;y\n"
    said = desks.sent(desks.central, "/v1/censuses", census="RGPH 2034", csv=file)
    assert (said["added"], [each["line"] for each in said["refused"]]) == (1, [3, 4])
    address = f"/v1/agreements/{desks.agreement}"
    effect = desks.central.get(f"{address}/census-effect", params={"census": "RGPH 2034"}).json()
    assert [(each["body"], each["keys_after"]) for each in effect["changes"]] == [(BERRECHID, 3)]
    assert desks.granted() == 5
    proposal = desks.sent(desks.central, f"{address}/censuses", census="RGPH 2034", in_effect="2026-11-01")
    approval = f"/v1/census-proposals/{proposal['id']}/approval"
    waits = only(desks.second.get(f"{address}/proposals"))
    assert {name: waits[name] for name in proposal} == proposal
    assert (waits["kind"], waits["what"], waits["holds"]) == ("census", "RGPH 2034", True)
    refused(desks.central.post(approval, json={"digest": proposal["digest"]}), 403, "own-proposal")
    desks.sent(desks.second, approval, digest=proposal["digest"])
    assert desks.second.get(f"{address}/proposals").json() == {"items": []}
    assert desks.granted() == 3
    assert desks.oujda.get("/v1/censuses").json()["items"] == ["RGPH 2014", "RGPH 2024", "RGPH 2034"]
    refused(desks.central.get(f"{address}/census-effect?census=x"), 404, "census-unknown")
    balanced(desks)


def test_a_tier_table_from_a_try_to_the_allowance(desks: Desks) -> None:
    address = f"/v1/agreements/{desks.agreement}"
    table = [tier("commune", 0, None, 2), tier("province", 0, None, 3)]
    effect = desks.central.post(f"{address}/tier-table-effect", json={"tiers": table}).json()
    assert {each["keys_after"] for each in effect["changes"]} == {2}
    assert desks.granted() == 5
    assert desks.berrechid.get(f"{address}/tier-table").json() == {
        "amendment": None,
        "in_effect_from": "2026-01-01",
        "items": [
            tier("commune", 0, 20_000, 3),
            tier("commune", 20_000, 50_001, 4),
            tier("commune", 50_001, None, 5),
            tier("province", 0, None, 3),
        ],
    }
    proposal = desks.sent(desks.central, f"{address}/tier-tables", number="A3", tiers=table, in_effect="2026-11-01")
    assert only(desks.second.get(f"{address}/proposals"))["tiers"] == table
    approval, digest = f"/v1/tier-proposals/{proposal['id']}/approval", {"digest": proposal["digest"]}
    refused(desks.central.post(approval, json=digest), 403, "own-proposal")
    desks.sent(desks.second, approval, **digest)
    assert desks.granted() == 2
    said = desks.berrechid.get(f"{address}/tier-table").json()
    assert (said["amendment"], said["in_effect_from"], said["items"]) == ("A3", "2026-11-01", table)
    refused(desks.berrechid.get(f"/v1/agreements/{uuid4()}/tier-table"), 404, "agreement-unknown")
    refused(desks.central.post(f"{address}/tier-table-effect", json={"tiers": table}), 409, "tiers-in-force")
    balanced(desks)


def test_an_agreement_that_takes_over(desks: Desks) -> None:
    said = {"supplier": "B", "number": "N+1", "census": "RGPH 2024", "purchases": 5, "in_effect_from": "2026-01-01"}
    table = [tier("commune", 0, None, 4), tier("province", 0, None, 3)]
    successor = desks.sent(desks.central, "/v1/agreements", tiers=table, **said)["id"]
    address = f"/v1/agreements/{desks.agreement}"
    effect = desks.central.get(f"{address}/succession-effect", params={"successor": successor}).json()
    assert BERRECHID in {each["body"] for each in effect["changes"]}
    proposal = desks.sent(
        desks.central, f"{address}/successions", successor=successor, purchases_carried=1, in_effect="2026-11-01"
    )
    approval, digest = f"/v1/succession-proposals/{proposal['id']}/approval", {"digest": proposal["digest"]}
    waits = only(desks.second.get(f"{address}/proposals"))
    assert (waits["what"], waits["purchases_carried"], waits["holds"]) == (successor, 1, True)
    refused(desks.central.post(approval, json=digest), 403, "own-proposal")
    desks.sent(desks.second, approval, **digest)
    assert desks.second.get(address).json()["successor"] == successor
    assert desks.granted() == 4
    refused(
        desks.central.get(f"{address}/succession-effect", params={"successor": successor}), 422, "succession-refused"
    )
    balanced(desks)


def test_amended(desks: Desks) -> None:
    address, said = f"/v1/agreements/{desks.agreement}/amendments", {"reason": "b", "in_effect": "2026-11-01"}
    desks.sent(desks.central, address, number="A1", seats_ceiling=13, purchases_added=5, **said)
    refused(
        desks.central.post(address, json={"number": "A2", "seats_ceiling": 12, **said}), 409, "ceiling-below-granted"
    )
    refused(desks.central.post(address, json={"number": "A3", **said}), 422, "amendment-empty")
    extra = desks.sent(desks.central, "/v1/extras", body=BERRECHID, seats=1, reason="x")
    approval = {"digest": extra["digest"], "reason": "y"}
    refused(desks.second.post(f"/v1/extras/{extra['id']}/approval", json=approval), 409, "seat-ceiling-reached")
    refused(desks.central.post(f"/v1/key-orders/{uuid4()}/purchase-return", json={"reason": "x"}), 404, "order-unknown")


def test_an_agreement_with_its_figures_and_what_waits(desks: Desks) -> None:
    address, said = f"/v1/agreements/{desks.agreement}", {"reason": "b", "in_effect": "2026-11-01"}
    amended = desks.sent(desks.central, f"{address}/amendments", number="A1", purchases_added=5, **said)["id"]
    found = only(desks.central.get("/v1/agreements"))
    assert found == desks.central.get(address).json()
    [amendment] = found["amendments"]
    assert (amendment["id"], amendment["seats_ceiling"], amendment["purchases_added"]) == (amended, None, 5)
    figures = {"seats_ceiling": None, "seats_granted": 13, "purchases_granted": 6005, "purchases_used": 0}
    figures |= {"supplier": "Barid", "number": "1", "in_effect_from": "2026-01-01", "censuses": ["RGPH 2024"]}
    figures |= {"limits": "seats", "limits_basis": "assumed", "successor": None}
    assert {name: found[name] for name in figures} == figures
    desks.sent(desks.central, "/v1/censuses", census="RGPH 2034", csv=f"code;population\n{BERRECHID};19000\n")
    desks.sent(desks.central, f"{address}/censuses", census="RGPH 2034", in_effect="2026-11-01")
    extra = desks.sent(desks.central, "/v1/extras", body=BERRECHID, seats=1, reason="x")
    desks.sent(desks.second, f"/v1/extras/{extra['id']}/approval", digest=extra["digest"], reason="y")
    waits = only(desks.second.get(f"{address}/proposals"))
    assert (waits["holds"], waits["effect"]["changes"][0]["granted_before"]) == (False, 6)
    for path in ("", "/proposals"):
        refused(desks.central.get(f"/v1/agreements/{uuid4()}{path}"), 404, "agreement-unknown")


def test_balances_and_seats(desks: Desks) -> None:
    before = desks.berrechid.get("/v1/balances", params={"body": BERRECHID, "on": "2025-12-31"}).json()["items"]
    after = desks.berrechid.get("/v1/balances", params={"body": BERRECHID, "on": "2026-01-01"}).json()["items"]
    assert before == []
    assert {each["account"]: each["units"] for each in after} == {"agreement": -5, "available": 5}
    known = {"body": BERRECHID, "known_at": "2020-01-01T00:00:00Z"}
    assert desks.berrechid.get("/v1/balances", params=known).json()["items"] == []
    seats = desks.berrechid.get(f"/v1/bodies/{BERRECHID}/seats").json()
    assert (seats["granted"], seats["seats"], [each["change"] for each in seats["grants"]]) == (5, [], [5])
    for path in (f"/v1/bodies/{BERRECHID}/seats", f"/v1/balances?body={BERRECHID}"):
        assert desks.oujda.get(path).status_code == 403
    assert desks.oujda.get("/v1/balances").json()["items"] == []


def test_files(desks: Desks) -> None:
    said = desks.central.get("/v1/exports/allowances.csv")
    assert said.headers["content-type"].startswith("text/csv")
    found = {row["code"]: int(row["granted"]) for row in csv.DictReader(io.StringIO(said.text))}
    assert found == {"06.117": 3, BERRECHID: 5, DEROUA: 5}
    entries = list(csv.DictReader(io.StringIO(desks.central.get("/v1/exports/ledger.csv").text)))
    assert sum(int(row["change"]) for row in entries) == 0
    assert len(entries) == 2 + 2 * 3
    for name in ("ledger", "allowances"):
        assert desks.berrechid.get(f"/v1/exports/{name}.csv").status_code == 403
