"""Keys in the field over HTTP: by serial or with the certificate in the line; no file of the server is opened."""

import pytest

from api.wiring import House
from tests.api.http.estate import BERRECHID, Desks, refused

HEADER = "body_code,function,name_ar,name_latin,cin,starts_on,certificate,serial\n"


@pytest.fixture
def desks(house: House) -> Desks:
    desks = Desks(house)
    desks.opened(bodies=[BERRECHID])
    return desks


def line(number: int, certificate: str = "") -> str:
    serial = "" if certificate else f"a{number}"
    return f"{BERRECHID},committee_member,سلمى,Salma,QA{number},2021-09-24,{certificate},{serial}\n"


def test_booked_above_the_allowance_and_once(desks: Desks) -> None:
    file = HEADER + "".join(line(number) for number in range(6)) + "x,y,,,,,,\n"
    said = desks.sent(desks.central, "/v1/keys-in-field", csv=file)
    assert (said["opened"], [each["line"] for each in said["refused"]]) == (6, [8])
    assert said["above"] == [{"body": BERRECHID, "excess": 1}]
    again = desks.sent(desks.central, "/v1/keys-in-field", csv=file)
    assert (again["opened"], again["known"]) == (0, 6)
    [seats] = desks.berrechid.get("/v1/allowances", params={"body": BERRECHID}).json()["items"]
    assert (seats["live"], seats["excess"]) == (6, 1)


def test_no_file_is_opened(desks: Desks) -> None:
    said = desks.sent(desks.central, "/v1/keys-in-field", csv=HEADER + line(1, "/etc/hostname"))
    assert (said["opened"], said["refused"][0]["reason"]) == (0, "this file cannot be read")


def test_refused(desks: Desks) -> None:
    refused(desks.central.post("/v1/keys-in-field", json={"csv": "a,b\n1,2\n"}), 422, "import-refused")
    assert desks.berrechid.post("/v1/keys-in-field", json={"csv": "x"}).status_code == 403
