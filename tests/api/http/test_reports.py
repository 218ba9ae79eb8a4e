"""A report from the door to the file: made, sealed, given out, verified; and refused elsewhere."""

import csv
import io
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from sqlalchemy import insert, update

from api.auth.permissions import now
from api.auth.tables import OfficerRole
from api.reports import seal_report
from api.wiring import House
from pki.records import civil_day
from pki.registration.tables import Body
from signer.dossiers.kinds import DocumentKind, DocumentState
from signer.dossiers.tables import Document
from tests.api.auth.country import BY, token
from tests.api.served import caller


@pytest.fixture
def client(house: House) -> httpx2.Client:
    return caller(house)


def ask(level: str = "local", territory: str = "06.117") -> dict[str, str]:
    return {"level": level, "territory": territory, "month": f"{now():%Y-%m}"}


def pdfsig(path: Path) -> str:
    said = subprocess.run(["pdfsig", "-nocert", str(path)], capture_output=True, check=False, timeout=60)
    return said.stdout.decode()


def test_a_report_is_made_sealed_and_verified(house: House, client: httpx2.Client, tmp_path: Path) -> None:
    headers = token(house, OfficerRole.PROVINCIAL)
    once = headers | {"Idempotency-Key": str(uuid4())}
    made = client.post("/v1/rollout-reports", json=ask(), headers=once)
    assert made.status_code == 201
    report = made.json()
    assert client.post("/v1/rollout-reports", json=ask(), headers=once).json() == report
    address = f"/v1/rollout-reports/{report['id']}"
    numbers = client.get(address, headers=headers).json()["numbers"]
    assert len(numbers["communes"]) == 22
    table = client.get(f"{address}/table", headers=headers)
    assert table.headers["content-type"].startswith("text/csv")
    assert len([line for line in csv.reader(io.StringIO(table.text)) if line[0] == "commune"]) == 22 * 6
    content = client.get(f"{address}/file", headers=headers).content
    path = tmp_path / "report.pdf"
    path.write_bytes(content)
    said = pdfsig(path)
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "Khatam Seal TEST" in said

    answer = verified(client, content)
    assert (answer["verdict"], answer["reason"], answer["kind"]) == ("AUTHENTIC", "sealed", "report")
    assert answer["signatures"][0]["office"] is None
    assert "not the signature of a president" in answer["sentences"]["en"]
    assert [each["id"] for each in client.get("/v1/rollout-reports", headers=headers).json()["items"]] == [report["id"]]

    # One byte more is not what the register keeps: then a seal is no president's signature.
    changed = verified(client, content + b"\n%")
    assert changed["verdict"] == "NOT_AUTHENTIC"
    again = seal_report(house.records, house.reporting, report=UUID(report["id"]), by=BY, at=now())
    assert again.file_sha256 == report["file_sha256"]


def verified(client: httpx2.Client, content: bytes) -> dict[str, Any]:
    said = client.post("/v1/verifications", content=content, headers={"Content-Type": "application/pdf"})
    assert said.status_code == 200
    answer: dict[str, Any] = said.json()
    return answer


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (ask() | {"month": "2099-01"}, 422, "month-refused"),
        (ask("local", "06.999"), 404, "rollout-territory-unknown"),
        (ask("regional", "06"), 403, "not-permitted"),
        (ask("central", "MA"), 403, "not-permitted"),
        (ask("local", "06.141"), 403, "not-permitted"),
        (ask() | {"month": "11/2026"}, 422, "request-malformed"),
    ],
)
def test_what_is_not_made(house: House, client: httpx2.Client, body: dict[str, str], status: int, code: str) -> None:
    said = client.post("/v1/rollout-reports", json=body, headers=token(house, OfficerRole.PROVINCIAL))
    assert (said.status_code, said.json()["code"]) == (status, code)


def test_committees_training_and_stages_by_their_doors(house: House, client: httpx2.Client) -> None:
    headers, day = token(house, OfficerRole.REGIONAL), f"{now():%Y-%m-%d}"

    def post(path: str, body: dict[str, Any]) -> str:
        said = client.post(path, json=body, headers=headers)
        assert said.status_code == 201, said.text
        return str(said.json().get("id"))

    committee = post("/v1/committees", {"level": "local", "territory": "06.117", "deed": "Arrêté 7", "named_on": day})
    person = {"name": "A. Alami", "function": "Gouverneur", "body": "Province", "chair": True, "deed": "Arrêté 7"}
    post(f"/v1/committees/{committee}/members", person | {"starts_on": day})
    post(f"/v1/committees/{committee}/meetings", {"held_on": day, "present": 7, "minutes": "PV 1"})
    post(f"/v1/committees/{committee}/proposals", {"made_on": day, "text": "Un second scanner."})
    said = {"region_code": "06", "title": "Signer", "audience": "Présidents", "starts_on": day, "deed": "Plan"}
    programme = post("/v1/training-programmes", said)
    session = post(
        f"/v1/training-programmes/{programme}/sessions", {"province_code": "06.117", "place": "Siège", "held_on": day}
    )
    post(f"/v1/training-sessions/{session}/attendances", {"name": "M. Tazi", "body": "06.117.01.03"})
    found = {"assessed_on": day, "assessed_by": "M. Tazi", "staff": 3, "workstations": 2, "scanners": 1}
    post("/v1/bodies/06.117.01.03/window-assessments", found | {"adequate": True, "findings": "Bien."})
    post("/v1/stage-plans", {"stage": "ordered", "planned_on": day, "bodies": ["06.117.01.03"]})

    mine = token(house, OfficerRole.COMMUNE)
    [line] = client.get("/v1/stages", headers=mine).json()["items"]
    assert line["reached"].keys() == {"committee_named", "first_meeting", "window_assessed", "trained"}
    assert line["planned"] == {"ordered": day}
    table = client.get("/v1/stages.csv", headers=mine).text
    assert len(table.splitlines()) == 10
    with house.records.writing() as session:
        session.execute(update(Body).values(name_fr="=1+1"))
    assert ",'=1+1," in client.get("/v1/stages.csv", headers=mine).text
    assert client.get("/v1/single-windows", headers=mine).json()["items"][0]["found"]["adequate"] is True
    committees = client.get("/v1/committees", headers=headers).json()["items"]
    assert [(each["territory"], each["meetings"], each["proposals"]) for each in committees] == [("06.117", 1, 1)]
    assert client.get("/v1/training-sessions", headers=headers).json()["items"][0]["attended"] == 1
    both = client.post(
        f"/v1/committees/{committee}/members", json=person | {"starts_on": day, "holder": str(uuid4())}, headers=headers
    )
    assert both.status_code == 422
    central = token(house, OfficerRole.CENTRAL)
    struck = client.post(
        f"/v1/rollout-records/committee/{committee}/strike", json={"reason": "typed wrong"}, headers=central
    )
    assert (struck.status_code, struck.json()["code"]) == (409, "rollout-record-in-use")


@pytest.mark.parametrize(("signed", "stage"), [(0, None), (1, "first_signature"), (4, "regular_use")])
def test_regular_use_is_so_many_licences_in_so_many_days(
    house: House, client: httpx2.Client, signed: int, stage: str | None
) -> None:
    """Old licences, drafts and opinions are no use of these days."""
    commune, at = "06.117.01.03", now()
    old = at - timedelta(days=31)
    rows = [("L26", DocumentKind.LICENCE, at)] * signed
    if signed:
        rows += [("L25", DocumentKind.LICENCE, old)] * 3
    rows += [("L24", DocumentKind.LICENCE, None)] * 9 + [("A26", DocumentKind.OPINION, at)] * 9
    with house.records.writing() as session:
        for number, (series, kind, completed) in enumerate(rows):
            said: dict[str, Any] = {"kind": kind, "body_code": commune, "title": "t", "state": DocumentState.DRAFT}
            said |= {"rendered": True, "head_number": 0, "head_sha256": "0" * 64, "drafted_at": old}
            said |= {"drafted_by": "client:x", "completed_at": completed, "reference": f"{series}-{number:07}"}
            session.execute(insert(Document).values(**said))
    [line] = client.get("/v1/stages", headers=token(house, OfficerRole.COMMUNE)).json()["items"]
    assert line["stage"] == stage
    if signed:
        assert line["reached"]["first_signature"] == f"{civil_day(old)}"
